// A FAKE overlay, in memory: realms' nodes that open framed streams to each other, with ways that can be cut, delayed and
// changed. It checks the limits that the real one checks (frame length, who may be reached) and nothing of certificates.
import type {
  HandleOptions,
  Hop,
  Network,
  OpenOptions,
  Path,
  PathReport,
  Peer,
  PingReport,
  Stream,
  StreamHandler,
} from '../../src/overlay/seam.ts';
import { PeerError, UnreachableError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { PathKind } from '../../src/realm/path-kinds.ts';

const ROOM = 256 * 1024;

/** One direction of a stream. */
class Lane {
  readonly #frames: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #failure: Error | undefined;
  #wakers: (() => void)[] = [];

  async put(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#ended) throw new PeerError('stream-ended', 'the stream has ended');
    this.#frames.push(frame.slice());
    this.#bytes += frame.length;
    this.#wake();
    while (this.#bytes > ROOM) await this.#change(signal);
  }

  async take(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#failure) throw this.#failure;
      const frame = this.#frames.shift();
      if (frame) {
        this.#bytes -= frame.length;
        this.#wake();
        return frame;
      }
      if (this.#ended) return undefined;
      await this.#change(signal);
    }
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  fail(cause: Error): void {
    this.#failure ??= cause;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }

  #change(signal?: AbortSignal): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#wakers.push(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }
}

class SimulatedStream implements Stream {
  readonly peer: Peer;
  readonly path: Path;
  readonly #reads: Lane;
  readonly #writes: Lane;
  readonly #maxFrame: number;
  readonly #tap: (frame: Uint8Array) => Promise<Uint8Array | undefined>;
  #order: Promise<void> = Promise.resolve();

  constructor(init: {
    peer: Peer;
    path: Path;
    reads: Lane;
    writes: Lane;
    maxFrame: number;
    tap: (frame: Uint8Array) => Promise<Uint8Array | undefined>;
  }) {
    this.peer = init.peer;
    this.path = init.path;
    this.#reads = init.reads;
    this.#writes = init.writes;
    this.#maxFrame = init.maxFrame;
    this.#tap = init.tap;
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const frame = await this.#reads.take(signal);
    if (frame && frame.length > this.#maxFrame) throw new PeerError('frame-too-long', 'above the limit');
    return frame;
  }

  write(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    const written = this.#order.then(() => this.#pass(frame, signal));
    this.#order = written.catch(() => {});
    return written;
  }

  async #pass(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    const passed = await this.#tap(frame);
    if (passed) await this.#writes.put(passed, signal);
  }

  async close(): Promise<void> {
    await this.#order;
    this.#writes.end();
  }

  abort(cause: Error): void {
    this.#reads.fail(cause);
    this.#writes.fail(new PeerError('stream-reset', 'the other side reset the stream'));
  }
}

interface Handler {
  readonly options: HandleOptions;
  readonly handler: StreamHandler;
}

/** One node's view. */
export class SimulatedNode implements Network {
  readonly realm: RealmName;
  readonly handlers = new Map<string, Handler>();
  readonly #world: SimulatedNetwork;
  readonly #listeners = new Set<(report: PathReport) => void>();

  constructor(world: SimulatedNetwork, realm: RealmName) {
    this.#world = world;
    this.realm = realm;
  }

  open(realm: RealmName, protocol: string, options: OpenOptions): Promise<Stream> {
    return this.#world.connect(this, realm, protocol, options);
  }

  handle(protocol: string, options: HandleOptions, handler: StreamHandler): void {
    this.handlers.set(protocol, { options, handler });
  }

  paths(): PathReport[] {
    return [];
  }

  async ping(realm: RealmName): Promise<PingReport> {
    return { path: this.#world.pathOf(this.realm, realm), rtt: 1 };
  }

  onPath(listener: (report: PathReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(report: PathReport): void {
    for (const listener of this.#listeners) listener(report);
  }
}

export class SimulatedNetwork {
  readonly #nodes = new Map<RealmName, SimulatedNode>();
  readonly #open = new Set<{ ends: readonly RealmName[]; lanes: readonly Lane[] }>();
  readonly #down = new Set<RealmName>();
  kind: PathKind = 'relayed';
  /** Sees each frame before it is delivered: may wait, alter it, or swallow it by returning undefined. */
  tap: (frame: Uint8Array, from: RealmName, to: RealmName) => Promise<Uint8Array | undefined> = async (frame) => frame;
  /** Nobody is told of ways that come back. */
  isSilent = false;
  /** Streams asked for so far, and those of them that were opened. */
  tried = 0;
  opened = 0;
  readonly #triedTo = new Map<RealmName, number>();

  /** A fresh node of that realm, as after a start: handlers of an earlier one are gone. */
  node(realm: RealmName): SimulatedNode {
    const node = new SimulatedNode(this, realm);
    this.#nodes.set(realm, node);
    return node;
  }

  /** Resets all streams of a realm, as when its process dies; others can still come. */
  cut(realm: RealmName): void {
    for (const entry of this.#open) {
      if (!entry.ends.includes(realm)) continue;
      for (const lane of entry.lanes) lane.fail(new PeerError('stream-reset', 'the link was cut'));
      this.#open.delete(entry);
    }
  }

  /** Cuts a realm off and lets nobody reach it until `up`. */
  down(realm: RealmName): void {
    this.#down.add(realm);
    this.cut(realm);
  }

  up(realm: RealmName): void {
    this.#down.delete(realm);
    if (this.isSilent) return;
    for (const [name, node] of this.#nodes) {
      const others = name === realm ? [...this.#nodes.keys()].filter((other) => other !== realm) : [realm];
      for (const other of others) node.tell({ realm: other, kind: this.kind, since: 0 });
    }
  }

  /** The overlay found another way; open streams stay on the old one. */
  change(kind: PathKind): void {
    this.kind = kind;
    for (const node of this.#nodes.values()) {
      for (const realm of this.#nodes.keys()) if (realm !== node.realm) node.tell({ realm, kind, since: 0 });
    }
  }

  /** Streams asked for to one realm. */
  triedTo(realm: RealmName): number {
    return this.#triedTo.get(realm) ?? 0;
  }

  pathOf(from: RealmName, to: RealmName): Path {
    const hop = (realm: RealmName, role: Hop['role']): Hop => ({ realm, role, pid: 1, peerId: `${role}.${realm}` });
    return { kind: this.kind, hops: [hop(from, 'node'), hop(from, 'relay'), hop(to, 'relay'), hop(to, 'node')] };
  }

  async connect(from: SimulatedNode, to: RealmName, protocol: string, options: OpenOptions): Promise<Stream> {
    options.signal.throwIfAborted();
    this.tried++;
    this.#triedTo.set(to, this.triedTo(to) + 1);
    await new Promise((resolve) => setImmediate(resolve));
    const node = this.#nodes.get(to);
    const target = node?.handlers.get(protocol);
    if (!target || this.#down.has(to) || this.#down.has(from.realm)) {
      throw new UnreachableError('realm-unreachable', `${to} cannot be reached`);
    }
    this.opened++;
    const [out, back] = [new Lane(), new Lane()];
    this.#open.add({ ends: [from.realm, to], lanes: [out, back] });
    const path = this.pathOf(from.realm, to);
    const limits = { here: options.maxFrame ?? 1 << 20, there: target.options.maxFrame ?? 1 << 20 };
    const there = new SimulatedStream({
      peer: peerOf(from.realm),
      path,
      reads: out,
      writes: back,
      maxFrame: limits.there,
      tap: (frame) => this.tap(frame, to, from.realm),
    });
    void target.handler(there).catch((error: Error) => there.abort(error));
    return new SimulatedStream({
      peer: peerOf(to),
      path,
      reads: back,
      writes: out,
      maxFrame: limits.here,
      tap: (frame) => this.tap(frame, from.realm, to),
    });
  }
}

function peerOf(realm: RealmName): Peer {
  return { realm, tier: 'branch', role: 'node', peerId: `node.${realm}` };
}
