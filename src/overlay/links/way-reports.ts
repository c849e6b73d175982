// The way to each realm, and what is told of it: over whichever of the realm's relays is the best at the moment.
import type { Clock } from '../../realm/clock.ts';
import type { RealmName } from '../../realm/names.ts';
import type { PathReport } from '../seam.ts';
import type { Connections } from './connections.ts';
import { RealmWay } from './realm-way.ts';

export interface WayReportsComponents {
  /** Our own: nothing is told of the way to ourselves. */
  readonly realm: RealmName;
  readonly connections: Pick<Connections, 'best'>;
  readonly clock: Clock;
}

export class WayReports {
  readonly #components: WayReportsComponents;
  readonly #ways = new Map<RealmName, RealmWay>();
  readonly #listeners = new Set<(report: PathReport) => void>();

  constructor(components: WayReportsComponents) {
    this.#components = components;
  }

  /** Made when it is new. */
  to(realm: RealmName): RealmWay {
    const way = this.#ways.get(realm) ?? new RealmWay(realm, this.#components.clock);
    this.#ways.set(realm, way);
    return way;
  }

  known(realm: RealmName): RealmWay | undefined {
    return this.#ways.get(realm);
  }

  realms(): RealmName[] {
    return [...this.#ways.keys()];
  }

  /** Keeps these, and those that lead somewhere now. */
  prune(wanted: ReadonlySet<RealmName>): void {
    for (const realm of this.#ways.keys())
      if (!wanted.has(realm) && !this.#components.connections.best(realm)) this.#ways.delete(realm);
  }

  reports(): PathReport[] {
    const others = [...this.#ways.values()].filter(({ realm }) => realm !== this.#components.realm);
    return others.map((way) => this.#report(way));
  }

  onChange(listener: (report: PathReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whoever waits for it goes on, and listeners hear of it when there is news. */
  tell(realm: RealmName): void {
    const way = this.to(realm);
    const best = this.#components.connections.best(realm);
    if (best) way.found();
    const said = { kind: best?.path ?? 'unreachable', via: best?.via, rtt: best?.rtt, relay: best?.peerId } as const;
    if (!way.isNews(said) || realm === this.#components.realm) return;
    const report = this.#report(way);
    for (const listener of this.#listeners) listener(report);
  }

  stop(): void {
    for (const way of this.#ways.values()) way.stop();
  }

  #report({ realm, since }: RealmWay): PathReport {
    const best = this.#components.connections.best(realm);
    if (!best) return { realm, kind: 'unreachable', since };
    const { path, via, rtt } = best;
    return { realm, kind: path, since, ...(via === undefined ? {} : { via }), ...(rtt === undefined ? {} : { rtt }) };
  }
}
