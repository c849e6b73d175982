// The node's side of forwarding, as a transport of libp2p: dialling `/canopy/<realm>` opens a stream to the own relay, and
// what the relay hands over is taken in like any inbound connection. Admission runs inside, end to end.
import type { Socket } from 'node:net';
import type {
  Connection,
  CreateListenerOptions,
  DialTransportOptions,
  Listener,
  MultiaddrConnection,
  Startable,
  Stream,
  Transport,
  Upgrader,
} from '@libp2p/interface';
import { transportSymbol } from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, codeOf, LocalError, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Admissions } from '../admission/admissions.ts';
import type { Identity } from '../identity.ts';
import { dialPipe, type Place, placeOf } from '../pipe/dial.ts';
import { PIPE_FAILED, type PipeWord } from '../pipe/index.ts';
import { pipeConnection } from '../pipe/pipe-connection.ts';
import type { Path, StreamClass } from '../seam.ts';
import { handshakeFrames } from '../wire.ts';
import { type ForwardTarget, forwardAddress, parseForwardAddress, registerAddresses } from './address.ts';
import { decodeHeader, decodeReply, encodeHeader, encodeReply } from './codec.ts';
import { forwardedConnection } from './forwarded-connection.ts';
import { checkLastHop, ownHop } from './hops.ts';
import { FORWARD_PROTOCOL, type ForwardHeader, HEADER_DEADLINE, MAX_HEADER, OPEN_DEADLINE } from './index.ts';

export interface ForwardTransportInit {
  readonly identity: Pick<Identity, 'realm' | 'role'>;
  readonly admissions: () => Admissions;
  /** The open connections to the own relays, in the order in which they should be tried for a realm. */
  readonly relays: (realm: RealmName) => readonly Connection[];
  readonly clock: Pick<Clock, 'after'>;
}

export interface ForwardTransportComponents {
  readonly peerId: { toString(): string };
  readonly registrar: Registrar;
  readonly upgrader: Upgrader;
}

/** What is known of a forwarded connection, found again by the finished connection. */
export interface ForwardedPath {
  readonly class: StreamClass;
  readonly path: Path;
}

/** Streams of one relay: two for each realm, and those that come in. */
const MAX_FORWARDED = 1_024;
const NEVER = new AbortController().signal;

export class ForwardTransport implements Transport, Startable {
  readonly [transportSymbol] = true as const;
  readonly [Symbol.toStringTag] = '@canopy/forward';
  readonly #init: ForwardTransportInit;
  readonly #components: ForwardTransportComponents;
  readonly #paths = new WeakMap<object, ForwardedPath>();

  constructor(components: ForwardTransportComponents, init: ForwardTransportInit) {
    registerAddresses();
    this.#components = components;
    this.#init = init;
  }

  async start(): Promise<void> {
    const limits = { maxInboundStreams: MAX_FORWARDED, maxOutboundStreams: MAX_FORWARDED };
    await this.#components.registrar.handle(FORWARD_PROTOCOL, (...given) => this.#accept(...given), limits);
  }

  /** Also needed so that libp2p calls `start`. */
  async stop(): Promise<void> {
    await this.#components.registrar.unhandle(FORWARD_PROTOCOL);
  }

  /** Undefined for a connection that is not forwarded. */
  pathOf(connection: Connection): ForwardedPath | undefined {
    return this.#paths.get(connection.timeline);
  }

  listenFilter(): Multiaddr[] {
    return [];
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => parseForwardAddress(address));
  }

  createListener(_options: CreateListenerOptions): Listener {
    throw new LocalError('no-listener', 'forwarded connections come from the own relay, not from a listener');
  }

  /**
   * Over the best own relay, and where that one finds no way, over the next.
   * @throws UnreachableError `relay-away`, `no-path`, `node-away`; RefusedError with the relay's code
   */
  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    const target = parseForwardAddress(address);
    if (!target) throw new LocalError('no-target', `${address.toString()} is no address of a node`);
    const way = `way to ${target.realm}`;
    return within(this.#init.clock, OPEN_DEADLINE, way, options.signal, (signal) =>
      this.#dialAny(address, target, signal),
    );
  }

  async #dialAny(address: Multiaddr, target: ForwardTarget, signal: AbortSignal): Promise<Connection> {
    const relays = this.#init.relays(target.realm);
    let failure: unknown = new UnreachableError('relay-away', 'there is no connection to the own relay now');
    for (const relay of relays) {
      try {
        return await this.#withOrWithoutPipe(relay, address, target, signal);
      } catch (error) {
        if (error instanceof RefusedError || signal.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #withOrWithoutPipe(
    relay: Connection,
    address: Multiaddr,
    target: ForwardTarget,
    signal: AbortSignal,
  ): Promise<Connection> {
    const place = target.class === 'bulk' ? placeOf(relay) : undefined;
    try {
      return await this.#dialOver(relay, address, target, place, signal);
    } catch (error) {
      if (codeOf(error) !== PIPE_FAILED || signal.aborted) throw error;
    }
    return this.#dialOver(relay, address, target, undefined, signal);
  }

  /** @param place where a pipe would begin */
  async #dialOver(
    relay: Connection,
    address: Multiaddr,
    target: ForwardTarget,
    place: Place | undefined,
    signal: AbortSignal,
  ): Promise<Connection> {
    const maxOutboundStreams = MAX_FORWARDED;
    const stream = await relay.newStream([FORWARD_PROTOCOL], {
      signal,
      maxOutboundStreams,
      runOnLimitedConnection: true,
    });
    try {
      const { pipe, ...path } = await this.#ask(stream, target, place !== undefined, signal);
      const socket = place && pipe?.kind === 'dial' && (await dialPipe(place, pipe.ticket, this.#init.clock, signal));
      const bare = socket
        ? pipeConnection(socket, stream, address)
        : forwardedConnection(stream, address, target.class, this.#init.clock);
      return await this.#upgrade(bare, { class: target.class, path }, target, signal);
    } catch (error) {
      stream.abort(asError(error));
      throw error;
    }
  }

  async #ask(
    stream: Stream,
    target: ForwardTarget,
    wantsPipe: boolean,
    signal: AbortSignal,
  ): Promise<Path & { readonly pipe?: PipeWord }> {
    const frames = handshakeFrames(stream, MAX_HEADER);
    const origin = this.#init.identity.realm;
    const pipe = wantsPipe ? ({ pipe: { kind: 'ask' } } as const) : {};
    const header = { class: target.class, origin, destination: target.realm, hops: [this.#ownHop()], ...pipe };
    await frames.write(encodeHeader(header), { signal });
    const reply = decodeReply((await frames.read({ signal })).subarray());
    if (reply.kind === 'refused') throw refusal(reply.code, target);
    frames.unwrap();
    const { via, pipe: word } = reply;
    return {
      kind: reply.path,
      hops: reply.hops,
      ...(via === undefined ? {} : { via }),
      ...(word ? { pipe: word } : {}),
    };
  }

  async #upgrade(
    bare: MultiaddrConnection,
    forwarded: ForwardedPath,
    { realm }: ForwardTarget,
    signal: AbortSignal,
  ): Promise<Connection> {
    this.#init.admissions().expect(bare, { realm, role: 'node' });
    this.#paths.set(bare.timeline, forwarded);
    const connection = await this.#components.upgrader.upgradeOutbound(bare, { signal });
    if (connection.remotePeer.toString() === forwarded.path.hops.at(-1)?.peerId) return connection;
    const error = new RefusedError('wrong-hop', `the relays named another node of ${realm} than the one that answered`);
    connection.abort(error);
    throw error;
  }

  async #accept(stream: Stream, relay: Connection): Promise<void> {
    const accept = (signal: AbortSignal): Promise<void> => this.#acceptWithin(stream, relay, signal);
    await within(this.#init.clock, HEADER_DEADLINE, 'forwarded stream', NEVER, accept).catch((error) => {
      stream.abort(asError(error));
    });
  }

  async #acceptWithin(stream: Stream, relay: Connection, signal: AbortSignal): Promise<void> {
    const frames = handshakeFrames(stream, MAX_HEADER);
    try {
      const header = decodeHeader((await frames.read({ signal })).subarray());
      const path = this.#checkedPath(header, relay);
      const socket = await this.#dialBack(header, relay, signal);
      const pipe = socket ? ({ pipe: { kind: 'joined' } } as const) : {};
      await frames.write(encodeReply({ kind: 'ok', hops: path.hops, path: path.kind, ...pipe }), { signal });
      frames.unwrap();
      const address = forwardAddress(header.origin, header.class);
      const bare = socket
        ? pipeConnection(socket, stream, address)
        : forwardedConnection(stream, address, header.class, this.#init.clock);
      this.#init.admissions().expect(bare, { realm: header.origin, role: 'node' });
      this.#paths.set(bare.timeline, { class: header.class, path });
      await this.#components.upgrader.upgradeInbound(bare, { signal });
    } catch (error) {
      await frames.write(encodeReply({ kind: 'refused', code: codeOf(error) }), { signal }).catch(() => {});
      throw error;
    }
  }

  /** The last section of a pipe, when the relay offers one. */
  async #dialBack({ pipe }: ForwardHeader, relay: Connection, signal: AbortSignal): Promise<Socket | undefined> {
    const place = placeOf(relay);
    if (pipe?.kind !== 'dial' || !place) return undefined;
    return dialPipe(place, pipe.ticket, this.#init.clock, signal).catch(() => undefined);
  }

  /** @throws RefusedError `wrong-hop`, `out-of-scope` */
  #checkedPath(header: ForwardHeader, connection: Connection): Path {
    const relay = this.#init.admissions().get(connection.remotePeer.toString());
    const { realm } = this.#init.identity;
    if (!relay || header.destination !== realm || header.origin === realm) {
      throw new RefusedError(
        'out-of-scope',
        `a stream from ${header.origin} for ${header.destination} came to ${realm}`,
      );
    }
    checkLastHop(header.hops, relay);
    const kind = header.kind ?? 'local';
    return { kind, hops: [...header.hops, this.#ownHop()], ...(header.via === undefined ? {} : { via: header.via }) };
  }

  #ownHop(): ReturnType<typeof ownHop> {
    return ownHop(this.#init.identity, this.#components.peerId.toString());
  }
}

const AWAY: readonly string[] = ['no-path', 'node-away', 'hop-failed', 'quota'];

function refusal(code: string, { realm }: ForwardTarget): RefusedError | UnreachableError {
  if (AWAY.includes(code)) return new UnreachableError(code, `${realm} can't be reached now: ${code}`);
  return new RefusedError(code, `the way to ${realm} was refused: ${code}`);
}
