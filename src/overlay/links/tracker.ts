// Follows what libp2p opens and closes: each connection with another realm's relay, its kind of path, and its pings.
import type { Connection } from '@libp2p/interface';
import type { Clock } from '../../realm/clock.ts';
import { UnreachableError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Connections, TrackedConnection } from './connections.ts';
import type { HostInternals } from './host-internals.ts';
import type { LinkAdmissions } from './links.ts';
import { BLACK_HOLE, watchConnection } from './liveness.ts';
import { carrierOf, pathOf } from './path.ts';

export interface TrackerComponents {
  readonly host: Pick<HostInternals, 'events' | 'connectionManager'>;
  readonly admissions: LinkAdmissions;
  readonly connections: Connections;
  readonly clock: Clock;
}

/** Told after the connection has been noted, or taken out. */
export interface TrackerListener {
  opened(tracked: TrackedConnection): void;
  closed(tracked: TrackedConnection): void;
  heard(tracked: TrackedConnection): void;
}

export class Tracker {
  readonly #components: TrackerComponents;
  readonly #listener: TrackerListener;
  readonly #watches = new Map<string, AbortController>();

  constructor(components: TrackerComponents, listener: TrackerListener) {
    this.#components = components;
    this.#listener = listener;
  }

  start(): void {
    const { events, connectionManager } = this.#components.host;
    events.addEventListener('connection:open', this.#onOpen);
    events.addEventListener('connection:close', this.#onClose);
    for (const connection of connectionManager.getConnections()) this.#track(connection);
  }

  stop(): void {
    const { events } = this.#components.host;
    events.removeEventListener('connection:open', this.#onOpen);
    events.removeEventListener('connection:close', this.#onClose);
    for (const watch of this.#watches.values()) watch.abort();
  }

  /**
   * Ends each connection that has become a black hole. Of two on the same path, as two circuits over different relays, one may
   * be dead while the other answers, and the path as a whole is none.
   */
  dropSilent(): void {
    for (const { connection, realm } of this.#components.connections.silent(BLACK_HOLE)) {
      this.#untrack(connection);
      connection.abort(new UnreachableError('black-hole', `${realm} stopped answering`));
    }
  }

  readonly #onOpen = ({ detail }: CustomEvent<Connection>): void => {
    // Admission notes a connection on the same event, maybe after us.
    queueMicrotask(() => this.#track(detail));
  };

  readonly #onClose = ({ detail }: CustomEvent<Connection>): void => this.#untrack(detail);

  #track(connection: Connection): void {
    const { connections, admissions, clock } = this.#components;
    const peerId = connection.remotePeer.toString();
    const peer = admissions.get(peerId);
    const path = pathOf(connection);
    if (peer?.role !== 'relay' || !path || connection.status !== 'open' || connections.has(connection)) return;
    const via = path === 'relayed' ? this.#carrierRealm(connection) : undefined;
    const now = clock.monotonic();
    const { realm } = peer;
    const tracked = { connection, realm, peerId, path, via, openedAt: now, heardAt: now, rtt: undefined };
    connections.add(tracked);
    this.#watch(tracked);
    this.#listener.opened(tracked);
  }

  #untrack(connection: Connection): void {
    const tracked = this.#components.connections.remove(connection);
    this.#watches.get(connection.id)?.abort();
    this.#watches.delete(connection.id);
    if (tracked) this.#listener.closed(tracked);
  }

  #watch(tracked: TrackedConnection): void {
    const { clock } = this.#components;
    const controller = new AbortController();
    this.#watches.set(tracked.connection.id, controller);
    const onAnswer = (rtt: number) => {
      tracked.rtt = rtt;
      tracked.heardAt = clock.monotonic();
      this.#listener.heard(tracked);
    };
    void watchConnection(tracked.connection, clock, onAnswer, controller.signal);
  }

  #carrierRealm(connection: Connection): RealmName | undefined {
    const carrier = carrierOf(connection);
    const byName = carrier === undefined ? undefined : this.#components.admissions.get(carrier)?.realm;
    return byName ?? this.#components.connections.all().find((one) => carries(one, connection))?.realm;
  }
}

/** A relay that dialled us has no peer id in its address: then the rest of the address tells. */
function carries(carrier: TrackedConnection, connection: Connection): boolean {
  return connection.remoteAddr.toString().startsWith(`${carrier.connection.remoteAddr.toString()}/p2p-circuit`);
}
