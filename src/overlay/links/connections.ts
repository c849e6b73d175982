// The open connections to other relays, each with its path, and which of several is the link.
import type { Connection } from '@libp2p/interface';
import type { RealmName } from '../../realm/names.ts';
import type { LinkPath } from './links.ts';

export interface TrackedConnection {
  readonly connection: Connection;
  readonly realm: RealmName;
  readonly peerId: string;
  readonly path: LinkPath;
  readonly via: RealmName | undefined;
  /** Monotonic milliseconds. */
  readonly openedAt: number;
  /** Milliseconds of the last answered ping. */
  rtt: number | undefined;
}

const RANKING: readonly LinkPath[] = ['direct-tcp', 'direct-webrtc', 'relayed'];

export class Connections {
  readonly #self: string;
  readonly #tracked = new Map<string, TrackedConnection>();

  /** @param self our peer id */
  constructor(self: string) {
    this.#self = self;
  }

  add(tracked: TrackedConnection): void {
    this.#tracked.set(tracked.connection.id, tracked);
  }

  /** @returns what was tracked */
  remove(connection: Connection): TrackedConnection | undefined {
    const tracked = this.#tracked.get(connection.id);
    this.#tracked.delete(connection.id);
    return tracked;
  }

  has(connection: Connection): boolean {
    return this.#tracked.has(connection.id);
  }

  all(): TrackedConnection[] {
    return [...this.#tracked.values()];
  }

  /** The best first. Both ends order them alike, so that both use the same one. */
  to(realm: RealmName): TrackedConnection[] {
    const open = this.all().filter((one) => one.realm === realm && one.connection.status === 'open');
    return open.toSorted((a, b) => this.#compare(a, b));
  }

  best(realm: RealmName): TrackedConnection | undefined {
    return this.to(realm)[0];
  }

  withPeer(peerId: string): TrackedConnection[] {
    return this.all().filter((one) => one.peerId === peerId && one.connection.status === 'open');
  }

  #compare(a: TrackedConnection, b: TrackedConnection): number {
    const ranks = RANKING.indexOf(a.path) - RANKING.indexOf(b.path);
    if (ranks !== 0) return ranks;
    const begun = Number(this.#begunByLower(b)) - Number(this.#begunByLower(a));
    return begun === 0 ? a.openedAt - b.openedAt : begun;
  }

  #begunByLower({ connection, peerId }: TrackedConnection): boolean {
    return (connection.direction === 'outbound') === this.#self < peerId;
  }
}
