// Connections of this node with other nodes: for each realm one for interactive streams and one for bulk. They are
// disposable: when the path improves a new one is dialled, new streams go there, and the old one is closed when it is idle.
import type { Connection } from '@libp2p/interface';
import type { Clock } from '../../realm/clock.ts';
import { messageOf, UnreachableError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { RealmName } from '../../realm/names.ts';
import type { PathKind } from '../../realm/path-kinds.ts';
import type { ForwardedPath } from '../forward/transport.ts';
import type { Path, PathReport, StreamClass } from '../seam.ts';

export interface InnerConnectionsComponents {
  dial(realm: RealmName, streamClass: StreamClass): Promise<Connection>;
  pathOf(connection: Connection): ForwardedPath | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

interface Slot {
  current?: Connection;
  dialling?: Promise<Connection>;
  replacing?: boolean;
}

const IDLE_CHECK = 2_000;
const TRY_AGAIN = 1_000;
/** Dials for one report of a better way; the relay reports anew when its link changes. */
const MAX_TRIES = 5;
const RANK: readonly (PathKind | 'unreachable')[] = ['unreachable', 'relayed', 'direct-webrtc', 'direct-tcp', 'local'];
const CLASSES: readonly StreamClass[] = ['interactive', 'bulk'];

export class InnerConnections {
  readonly #components: InnerConnectionsComponents;
  readonly #slots = new Map<string, Slot>();
  /** The relay's word on the way to each realm. */
  readonly #known = new Map<RealmName, PathReport['kind']>();
  /** Peer id of the own relay that has the best way to each realm. */
  readonly #preferred = new Map<RealmName, string>();

  constructor(components: InnerConnectionsComponents) {
    this.#components = components;
  }

  /** @throws UnreachableError, RefusedError; the signal's reason. Others may go on waiting for the same dial. */
  async get(realm: RealmName, streamClass: StreamClass, signal: AbortSignal): Promise<Connection> {
    const slot = this.#slot(realm, streamClass);
    if (slot.current?.status === 'open') return slot.current;
    signal.throwIfAborted();
    slot.dialling ??= this.#dial(slot, realm, streamClass);
    return race(slot.dialling, signal);
  }

  /** A connection that the other node has dialled serves as well. */
  adopt(realm: RealmName, connection: Connection): void {
    const streamClass = this.#components.pathOf(connection)?.class;
    if (!streamClass) return;
    const slot = this.#slot(realm, streamClass);
    if (slot.current?.status !== 'open') slot.current = connection;
    this.#reconsider(realm, streamClass, MAX_TRIES);
  }

  /** As seen from this node: hops begin here for what we open, and at the other end for what came in. */
  path(connection: Connection, opened: 'outbound' | 'inbound'): Path {
    const path = this.#components.pathOf(connection)?.path ?? { kind: 'local', hops: [] };
    return connection.direction === opened ? path : { ...path, hops: path.hops.toReversed() };
  }

  /** Undefined for a connection that is not forwarded. */
  classOf(connection: Connection): StreamClass | undefined {
    return this.#components.pathOf(connection)?.class;
  }

  /** That relay's way to the realm is the best one now; what we have that is worse, or goes over another relay, gives way to it. */
  improve({ realm, kind }: PathReport, relay?: string): void {
    this.#known.set(realm, kind);
    if (relay !== undefined) this.#preferred.set(realm, relay);
    for (const streamClass of CLASSES) this.#reconsider(realm, streamClass, MAX_TRIES);
  }

  /** Dials anew while the relay knows a better way than the slot's connection takes, and nobody is dialling already. */
  #reconsider(realm: RealmName, streamClass: StreamClass, tries: number): void {
    const slot = this.#slots.get(key(realm, streamClass));
    const current = slot?.current;
    if (!slot || current?.status !== 'open' || slot.dialling || slot.replacing) return;
    const known = RANK.indexOf(this.#known.get(realm) ?? 'unreachable');
    if (this.#rank(current) > known || (this.#rank(current) === known && this.#isPreferred(realm, current))) return;
    slot.replacing = true;
    this.#replace(slot, current, realm, streamClass)
      .catch((error) => this.#components.log.debug({ realm, error: messageOf(error) }, 'better path not taken'))
      .finally(() => {
        delete slot.replacing;
        // The relay's link may have changed under our dial.
        if (tries > 1) this.#components.clock.after(TRY_AGAIN, () => this.#reconsider(realm, streamClass, tries - 1));
      });
  }

  async #replace(slot: Slot, old: Connection, realm: RealmName, streamClass: StreamClass): Promise<void> {
    const replacement = await this.#components.dial(realm, streamClass);
    const gain = this.#rank(replacement) - this.#rank(old);
    const isNearer = gain === 0 && !this.#isPreferred(realm, old) && this.#isPreferred(realm, replacement);
    const isBetter = gain > 0 || isNearer || old.status !== 'open';
    if (isBetter) slot.current = replacement;
    this.#retire(isBetter ? old : replacement);
  }

  #retire(connection: Connection): void {
    this.#components.clock.after(IDLE_CHECK, () => {
      if (connection.status !== 'open') return;
      if (connection.streams.length > 0) return this.#retire(connection);
      connection.close().catch((error) => connection.abort(error));
    });
  }

  /** Over which of our relays another node's connection comes is not for us to choose. */
  #isPreferred(realm: RealmName, connection: Connection): boolean {
    const relay = this.#preferred.get(realm);
    const [, own] = this.#components.pathOf(connection)?.path.hops ?? [];
    return connection.direction === 'inbound' || relay === undefined || own?.peerId === relay;
  }

  #rank(connection: Connection): number {
    return RANK.indexOf(this.#components.pathOf(connection)?.path.kind ?? 'unreachable');
  }

  async #dial(slot: Slot, realm: RealmName, streamClass: StreamClass): Promise<Connection> {
    try {
      const connection = await this.#components.dial(realm, streamClass);
      if (connection.status !== 'open')
        throw new UnreachableError('no-path', `the connection to ${realm} ended at once`);
      slot.current = connection;
      return connection;
    } finally {
      delete slot.dialling;
      // A better way may have been reported while this one was dialled.
      this.#reconsider(realm, streamClass, MAX_TRIES);
    }
  }

  #slot(realm: RealmName, streamClass: StreamClass): Slot {
    const name = key(realm, streamClass);
    const slot = this.#slots.get(name) ?? {};
    this.#slots.set(name, slot);
    return slot;
  }
}

const key = (realm: RealmName, streamClass: StreamClass): string => `${realm} ${streamClass}`;

function race<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
