// The seam: what everything above src/overlay knows of the network. No type of libp2p passes it, so that a simulation
// can stand in for the real overlay.
import type { RealmName, Role, Tier } from '../realm/names.ts';
import type { PathKind } from '../realm/path-kinds.ts';

/** Who is at the other end, as its certificate says; checked before the first byte of any protocol. */
export interface Peer {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly role: Role;
  readonly peerId: string;
  /** Which process of that peer, in hex; absent where a stand-in for the overlay does not tell. */
  readonly instance?: string;
}

/** One program that a stream passes, as reported by that program's process when the stream was opened. */
export interface Hop {
  readonly realm: RealmName;
  readonly role: Role;
  /** Process id on its host. */
  readonly pid: number;
  readonly peerId: string;
}

export interface Path {
  readonly kind: PathKind;
  /** The realm whose relay carries a relayed link. */
  readonly via?: RealmName;
  /** In order, both ends included: node, relay, relay, node. */
  readonly hops: readonly Hop[];
}

/** `interactive` never waits behind `bulk`. */
export type StreamClass = 'interactive' | 'bulk';

/** A framed, ordered, reliable stream between two nodes (or a node and a relay). */
export interface Stream {
  readonly peer: Peer;
  readonly path: Path;
  /** The next frame, or undefined when the other side has ended its writing. @throws PeerError on a reset or a frame above the limit */
  read(signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** Resolves when the frame is taken and there is room for another: this is the back-pressure. */
  write(frame: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Ends our writing and waits until what was written has been handed over. */
  close(): Promise<void>;
  /** Resets both directions at once. Idempotent. */
  abort(cause: Error): void;
}

export interface OpenOptions {
  readonly signal: AbortSignal;
  readonly class?: StreamClass;
  /** Bytes of one frame that we accept. Default 1 MiB. */
  readonly maxFrame?: number;
}

export interface HandleOptions {
  /** Which peers may open this protocol; the relations are those of the scope table in scope.ts. */
  readonly allow: 'family' | 'enterprise' | 'own' | 'trusted';
  readonly maxFrame?: number;
  /** Streams of this protocol that one peer may have open. Default 16. */
  readonly maxStreams?: number;
}

export type StreamHandler = (stream: Stream) => Promise<void>;

/** The state of the way to one realm. */
export interface PathReport {
  readonly realm: RealmName;
  readonly kind: PathKind | 'unreachable';
  readonly via?: RealmName;
  /** Milliseconds of the last echo over this path, when one was made. */
  readonly rtt?: number;
  /** Milliseconds since 1970: when the path became what it is. */
  readonly since: number;
}

export interface PingReport {
  readonly path: Path;
  /** Milliseconds from node to node and back. */
  readonly rtt: number;
}

/** What a node sees of the overlay. */
export interface Network {
  /** @throws UnreachableError, RefusedError */
  open(realm: RealmName, protocol: string, options: OpenOptions): Promise<Stream>;
  handle(protocol: string, options: HandleOptions, handler: StreamHandler): void;
  /** What the own relay has told of the links it keeps; empty while the relay is away. */
  paths(): PathReport[];
  ping(realm: RealmName, signal: AbortSignal): Promise<PingReport>;
  /** Calls back when the way to a realm becomes usable, or better. Returns the unsubscriber. */
  onPath(listener: (report: PathReport) => void): () => void;
}
