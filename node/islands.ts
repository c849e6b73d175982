// Which other realms are away, since when, and how much waits for each: so that people see what works and what does not. It
// looks at what is known in memory anyhow, and tells when that changes.
import type { PathReport } from '../src/overlay/seam.ts';
import type { Clock, Timer } from '../src/realm/clock.ts';
import type { RealmName } from '../src/realm/names.ts';
import type { Backlog } from './delivery/delivery.ts';

export interface Island {
  readonly realm: RealmName;
  /** Milliseconds since 1970. */
  readonly since?: number;
  /** Messages of this realm's users that wait for it. */
  readonly queued: number;
  /** `frozen`: its certificate is revoked. */
  readonly code?: string;
}

export interface Islands {
  /** Since when no other realm is reached at all: the own relay is away. */
  readonly alone?: number;
  readonly realms: readonly Island[];
}

export interface IslandWatchComponents {
  readonly network: { paths(): PathReport[]; readonly relay: { readonly connected: boolean } };
  readonly delivery: { backlog(): readonly Backlog[] };
  readonly clock: Clock;
}

/** Milliseconds between two looks, and for which something must be away before it is told: a restart should not alarm anybody. */
const LOOK = 2_000;
const PATIENCE = 4_000;
/** What a try fails with that found no path to a relay of the destination. */
const WITHOUT_PATH: readonly string[] = ['no-path', 'relay-away'];
/** Realms that one report names, those with most waiting first. */
export const MAX_ISLANDS = 64;

export class IslandWatch {
  readonly #parts: IslandWatchComponents;
  readonly #listeners = new Set<(islands: Islands) => void>();
  #timer: Timer | undefined;
  #relayAwaySince: number | undefined;
  #current: Islands = { realms: [] };

  constructor(parts: IslandWatchComponents) {
    this.#parts = parts;
  }

  get current(): Islands {
    return this.#current;
  }

  onChange(listener: (islands: Islands) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#look();
    this.#timer = this.#parts.clock.after(LOOK, () => this.start());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const now = this.#parts.clock.now();
    const next = this.#read(now);
    if (JSON.stringify(next) === JSON.stringify(this.#current)) return;
    this.#current = next;
    for (const listener of this.#listeners) listener(next);
  }

  #read(now: number): Islands {
    const { network, delivery } = this.#parts;
    this.#relayAwaySince = network.relay.connected ? undefined : (this.#relayAwaySince ?? now);
    const alone = this.#relayAwaySince;
    const backlog = delivery.backlog();
    const paths = network.paths();
    const names = new Set([...paths.map(({ realm }) => realm), ...backlog.map(({ realm }) => realm)]);
    const realms = [...names]
      .sort()
      .flatMap((realm) => islandOf(realm, paths, backlog) ?? [])
      .filter(({ since = 0 }) => since + PATIENCE <= now)
      .sort((a, b) => b.queued - a.queued)
      .slice(0, MAX_ISLANDS);
    return { realms, ...(alone !== undefined && alone + PATIENCE <= now && { alone }) };
  }
}

function islandOf(realm: RealmName, paths: readonly PathReport[], backlog: readonly Backlog[]): Island | undefined {
  const path = paths.find((report) => report.realm === realm);
  const queue = backlog.find((entry) => entry.realm === realm);
  const queued = queue?.depth ?? 0;
  if (queue?.state === 'frozen') return { realm, queued, code: 'frozen' };
  if (path?.kind === 'unreachable') return { realm, since: path.since, queued };
  if (queue?.since === undefined) return undefined;
  // where its relay is reached the node behind it may be away; what failed for want of a path is about to be tried again
  if (path && WITHOUT_PATH.includes(queue.code ?? '')) return undefined;
  return { realm, since: queue.since, queued };
}
