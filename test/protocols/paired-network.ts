// A FAKE of the overlay's seam, in memory and in one process: streams between named realms, each frame handed over by reference in
// order, with the back-pressure of a short queue. No certificates, no scope table; a realm can be made unreachable.
import type {
  HandleOptions,
  Network,
  OpenOptions,
  PathReport,
  Peer,
  PingReport,
  Stream,
  StreamHandler,
} from '../../src/overlay/seam.ts';
import { PeerError, UnreachableError } from '../../src/realm/errors.ts';
import type { RealmName, Tier } from '../../src/realm/names.ts';

const QUEUE = 8;

/** One direction of a stream. */
class Pipe {
  #frames: Uint8Array[] = [];
  #ended = false;
  #broken: Error | undefined;
  readonly #wakers = new Set<() => void>();

  async write(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#until(() => this.#frames.length < QUEUE, signal);
    this.#frames.push(frame);
    this.#wake();
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    await this.#until(() => this.#frames.length > 0 || this.#ended, signal);
    const frame = this.#frames.shift();
    this.#wake();
    return frame;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  break(cause: Error): void {
    this.#broken ??= cause;
    this.#wake();
  }

  async #until(ready: () => boolean, signal?: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#broken) throw this.#broken;
      signal?.throwIfAborted();
      if (ready()) return;
      await new Promise<void>((resolve) => {
        this.#wakers.add(resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  #wake(): void {
    for (const waker of this.#wakers) waker();
    this.#wakers.clear();
  }
}

function end(peer: Peer, incoming: Pipe, outgoing: Pipe): Stream {
  return {
    peer,
    path: { kind: 'local', hops: [] },
    read: (signal) => incoming.read(signal),
    write: (frame, signal) => outgoing.write(frame, signal),
    close: async () => outgoing.end(),
    abort: (cause) => {
      const reset = new PeerError('stream-reset', `The stream was reset: ${cause.message}`);
      incoming.break(reset);
      outgoing.break(reset);
    },
  };
}

interface Place {
  readonly peer: Peer;
  readonly handlers: Map<string, StreamHandler>;
  readonly listeners: Set<(report: PathReport) => void>;
  readonly open: Set<Stream>;
}

export class PairedNetworks {
  readonly #places = new Map<RealmName, Place>();
  readonly #away = new Set<RealmName>();

  /** The network as the node of this realm sees it; what an earlier node of the realm handled is forgotten. */
  of(realm: RealmName, tier: Tier): Network {
    const peer: Peer = { realm, tier, role: 'node', peerId: `node-of-${realm}` };
    const place = {
      peer,
      handlers: new Map(),
      listeners: new Set<(report: PathReport) => void>(),
      open: new Set<Stream>(),
    };
    this.#places.set(realm, place);
    return {
      open: (to, protocol, options) => this.#open(place, to, protocol, options),
      handle: (protocol: string, _: HandleOptions, handler: StreamHandler) =>
        void place.handlers.set(protocol, handler),
      paths: () => [],
      ping: async (): Promise<PingReport> => {
        throw new UnreachableError('unreachable', 'This network has no ping');
      },
      onPath: (listener) => {
        place.listeners.add(listener);
        return () => place.listeners.delete(listener);
      },
    };
  }

  /** Resets the realm's streams and lets no new one through. */
  cut(realm: RealmName): void {
    this.#away.add(realm);
    for (const stream of this.#places.get(realm)?.open ?? []) stream.abort(new Error('cut'));
  }

  heal(realm: RealmName): void {
    this.#away.delete(realm);
    const report: PathReport = { realm, kind: 'local', since: 0 };
    for (const [name, place] of this.#places) {
      if (name !== realm) for (const listener of place.listeners) listener(report);
    }
  }

  async #open(from: Place, to: RealmName, protocol: string, { signal }: OpenOptions): Promise<Stream> {
    signal.throwIfAborted();
    const place = this.#places.get(to);
    const handler = place?.handlers.get(protocol);
    if (!place || !handler || this.#away.has(to) || this.#away.has(from.peer.realm)) {
      throw new UnreachableError('unreachable', `${to} is out of reach`);
    }
    const there = new Pipe();
    const back = new Pipe();
    const near = end(place.peer, back, there);
    const far = end(from.peer, there, back);
    place.open.add(far);
    from.open.add(near);
    handler(far).catch((error: unknown) => far.abort(error instanceof Error ? error : new Error(String(error))));
    return near;
  }
}
