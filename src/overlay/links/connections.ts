// The open connections to other relays, each with its path, and which of several is the link to a relay and which of several
// relays is the way to a realm.
import type { Connection } from '@libp2p/interface';
import type { Clock } from '../../realm/clock.ts';
import type { RealmName } from '../../realm/names.ts';
import { orderRelays } from './choice.ts';
import type { LinkPath } from './links.ts';

export interface TrackedConnection {
  readonly connection: Connection;
  readonly realm: RealmName;
  readonly peerId: string;
  readonly path: LinkPath;
  readonly via: RealmName | undefined;
  /** Monotonic milliseconds. */
  readonly openedAt: number;
  /** Monotonic milliseconds of the last answered ping, at first of the opening. */
  heardAt: number;
  /** Milliseconds of the last answered ping. */
  rtt: number | undefined;
}

const RANKING: readonly LinkPath[] = ['direct-tcp', 'direct-webrtc', 'relayed'];
/** A ping goes out each 3 s (liveness.ts); with its answer missing for this long another connection is the better one. */
const SILENT = 5_500;

export class Connections {
  readonly #self: string;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #tracked = new Map<string, TrackedConnection>();
  readonly #ofPeer = new Map<string, Set<TrackedConnection>>();
  readonly #peersOf = new Map<RealmName, Set<string>>();
  readonly #inUse = new Map<RealmName, string>();

  /** @param self our peer id */
  constructor(self: string, clock: Pick<Clock, 'monotonic'>) {
    this.#self = self;
    this.#clock = clock;
  }

  add(tracked: TrackedConnection): void {
    const { connection, peerId, realm } = tracked;
    this.#tracked.set(connection.id, tracked);
    this.#ofPeer.set(peerId, (this.#ofPeer.get(peerId) ?? new Set()).add(tracked));
    this.#peersOf.set(realm, (this.#peersOf.get(realm) ?? new Set()).add(peerId));
  }

  /** @returns what was tracked */
  remove(connection: Connection): TrackedConnection | undefined {
    const tracked = this.#tracked.get(connection.id);
    if (!tracked) return undefined;
    this.#tracked.delete(connection.id);
    const { peerId, realm } = tracked;
    const left = this.#ofPeer.get(peerId);
    left?.delete(tracked);
    if (left?.size !== 0) return tracked;
    this.#ofPeer.delete(peerId);
    const peers = this.#peersOf.get(realm);
    peers?.delete(peerId);
    if (peers?.size === 0) this.#peersOf.delete(realm);
    return tracked;
  }

  has(connection: Connection): boolean {
    return this.#tracked.has(connection.id);
  }

  all(): TrackedConnection[] {
    return [...this.#tracked.values()];
  }

  /** Relays of the realm that we have a connection with. */
  peers(realm: RealmName): string[] {
    return [...(this.#peersOf.get(realm) ?? [])];
  }

  /** With all relays of the realm; of each one the best first. */
  to(realm: RealmName): TrackedConnection[] {
    return this.peers(realm).flatMap((peerId) => this.with(peerId));
  }

  /** The best first. Both ends order them alike, so that both use the same one, but for one that only one end hears. */
  with(peerId: string): TrackedConnection[] {
    const now = this.#clock.monotonic();
    const open = [...(this.#ofPeer.get(peerId) ?? [])].filter(({ connection }) => connection.status === 'open');
    return open.toSorted((a, b) => this.#compare(a, b, now));
  }

  /** Those whose other end has not answered for so many milliseconds. */
  silent(limit: number): TrackedConnection[] {
    const now = this.#clock.monotonic();
    return this.all().filter(({ heardAt }) => now - heardAt >= limit);
  }

  /** The best connection with each relay of the realm; the best relay first. */
  ways(realm: RealmName): TrackedConnection[] {
    const now = this.#clock.monotonic();
    const best = this.peers(realm).flatMap((peerId) => this.with(peerId).slice(0, 1));
    const candidates = best.map((way) => ({ ...way, way, isSilent: isSilent(way, now) }));
    const ordered = orderRelays(candidates, this.#inUse.get(realm)).map(({ way }) => way);
    const [first] = ordered;
    if (first) this.#inUse.set(realm, first.peerId);
    else this.#inUse.delete(realm);
    return ordered;
  }

  /** What the next stream to the realm takes. */
  best(realm: RealmName): TrackedConnection | undefined {
    return this.ways(realm)[0];
  }

  /**
   * One that has fallen silent comes last, and one that has never answered last but for those: the other end may have given it
   * up while we take it for open (a circuit whose relay is dead, the loser of two dials at once), and what is opened on it
   * would be reset or lost.
   */
  #compare(a: TrackedConnection, b: TrackedConnection, now: number): number {
    const silent = Number(isSilent(a, now)) - Number(isSilent(b, now));
    if (silent !== 0) return silent;
    const proven = Number(b.rtt !== undefined) - Number(a.rtt !== undefined);
    if (proven !== 0) return proven;
    const ranks = RANKING.indexOf(a.path) - RANKING.indexOf(b.path);
    if (ranks !== 0) return ranks;
    const begun = Number(this.#begunByLower(b)) - Number(this.#begunByLower(a));
    return begun === 0 ? a.openedAt - b.openedAt : begun;
  }

  #begunByLower({ connection, peerId }: TrackedConnection): boolean {
    return (connection.direction === 'outbound') === this.#self < peerId;
  }
}

function isSilent({ heardAt }: TrackedConnection, now: number): boolean {
  return now - heardAt >= SILENT;
}
