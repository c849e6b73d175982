// The relay's side of forwarding: from the own node out over a link, from a link in to the own node, and nothing else.
import type { Connection, Stream, StreamHandlerOptions } from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';
import type { LengthPrefixedStream } from '@libp2p/utils';
import { CanopyError, codeOf, messageOf, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { Admissions, AdmittedPeer } from '../admission/admissions.ts';
import type { Identity } from '../identity.ts';
import { ownNodeConnection } from '../own-node.ts';
import { isReachable, mayReach, type Trusts } from '../scope.ts';
import { handshakeFrames } from '../wire.ts';
import { decodeHeader, decodeReply, encodeHeader, encodeReply } from './codec.ts';
import { checkLastHop, ownHop } from './hops.ts';
import {
  FORWARD_PROTOCOL,
  type ForwardHeader,
  type ForwardReply,
  HEADER_DEADLINE,
  MAX_HEADER,
  OPEN_DEADLINE,
} from './index.ts';
import type { LinkSource } from './link-source.ts';
import { splice } from './splice.ts';

export interface ForwarderComponents {
  readonly identity: Pick<Identity, 'realm' | 'role' | 'tier'>;
  readonly peerId: string;
  readonly registrar: Pick<Registrar, 'handle' | 'unhandle'>;
  readonly admissions: Admissions;
  readonly links: LinkSource;
  readonly trusts?: Trusts;
  readonly log: Log;
}

/** Open forwarded streams: of the own node, of one peer relay, in all. */
const QUOTA = { node: 1_024, relay: 128, total: 2_048 } as const;
const STREAMS: StreamHandlerOptions = {
  maxInboundStreams: QUOTA.node,
  maxOutboundStreams: QUOTA.node,
  runOnLimitedConnection: true,
};

interface NextHop {
  readonly connection: Connection;
  readonly header: ForwardHeader;
}

export class Forwarder {
  readonly #components: ForwarderComponents;
  readonly #open = new Map<string, number>();
  #total = 0;

  constructor(components: ForwarderComponents) {
    this.#components = components;
  }

  async start(): Promise<void> {
    await this.#components.registrar.handle(FORWARD_PROTOCOL, (...given) => this.#serve(...given), STREAMS);
  }

  async stop(): Promise<void> {
    await this.#components.registrar.unhandle(FORWARD_PROTOCOL);
  }

  /** Streams that are being forwarded now. */
  get openStreams(): number {
    return this.#total;
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const peerId = connection.remotePeer.toString();
    this.#count(peerId, 1);
    try {
      await this.#forward(stream, peerId);
    } finally {
      this.#count(peerId, -1);
    }
  }

  async #forward(stream: Stream, peerId: string): Promise<void> {
    const frames = handshakeFrames(stream, MAX_HEADER);
    let onward: Stream | undefined;
    try {
      const header = await this.#readHeader(frames, peerId);
      const signal = endOf(stream, OPEN_DEADLINE);
      onward = await this.#openOnward(frames, header, signal);
      frames.unwrap();
      await splice(stream, onward, header.class);
    } catch (error) {
      onward?.abort(asError(error));
      await this.#refuse(stream, frames, error);
    }
  }

  async #readHeader(frames: LengthPrefixedStream<Stream>, peerId: string): Promise<ForwardHeader> {
    const bytes = await frames.read({ signal: AbortSignal.timeout(HEADER_DEADLINE) });
    const header = decodeHeader(bytes.subarray());
    const peer = this.#components.admissions.get(peerId);
    if (!peer) throw new RefusedError('out-of-scope', `${peerId} is no longer admitted`);
    checkLastHop(header.hops, peer);
    this.#checkQuota(peer);
    this.#checkScope(header, peer);
    return header;
  }

  /** @throws RefusedError `loop`, `out-of-scope` */
  #checkScope({ origin, destination }: ForwardHeader, peer: AdmittedPeer): void {
    const own = this.#components.identity;
    const outward = peer.role === 'node';
    if (origin !== peer.realm) throw new RefusedError('out-of-scope', `${peer.realm} speaks for ${origin}`);
    if (outward && destination === own.realm) throw new RefusedError('loop', `${destination} asked for itself`);
    if (outward ? !mayReach(own, destination, this.#components.trusts) : destination !== own.realm) {
      throw new RefusedError('out-of-scope', `${origin} may not reach ${destination} through ${own.realm}`);
    }
  }

  #checkQuota(peer: AdmittedPeer): void {
    const ofPeer = this.#open.get(peer.peerId) ?? 0;
    if (ofPeer > QUOTA[peer.role] || this.#total > QUOTA.total) {
      throw new RefusedError('quota', `${peer.realm} has ${ofPeer} forwarded streams, all together ${this.#total}`);
    }
  }

  /** Over the best relay of the destination, and where its node is not connected to that one, over the next. */
  async #openOnward(back: LengthPrefixedStream<Stream>, header: ForwardHeader, signal: AbortSignal): Promise<Stream> {
    const ways = await this.#next(header, signal);
    for (const [index, next] of ways.entries()) {
      let onward: Stream | undefined;
      try {
        onward = await next.connection.newStream([FORWARD_PROTOCOL], { ...STREAMS, signal });
        await this.#handOn(back, onward, next.header, signal);
        return onward;
      } catch (error) {
        onward?.abort(asError(error));
        if (signal.aborted || index === ways.length - 1) throw error;
      }
    }
    throw new UnreachableError('no-path', `no way leads to ${header.destination} now`);
  }

  async #next(header: ForwardHeader, signal: AbortSignal): Promise<NextHop[]> {
    const { identity, peerId, admissions, links } = this.#components;
    const hops = [...header.hops, ownHop(identity, peerId)];
    if (header.destination === identity.realm)
      return [{ connection: ownNodeConnection(admissions, identity.realm), header: { ...header, hops } }];
    const first = await links.get(header.destination, signal);
    this.#checkLink(first.connection, header.destination);
    const others = links.ways?.(header.destination).filter(({ connection }) => connection !== first.connection) ?? [];
    return [first, ...others.filter(({ connection }) => this.#isOf(connection, header.destination))].map((link) => {
      const via = link.via === undefined ? {} : { via: link.via };
      return { connection: link.connection, header: { ...header, hops, kind: link.path, ...via } };
    });
  }

  /** By its certificate the other relay must be of that realm, and the realm still one that we reach: a trust may have ended. */
  #checkLink(connection: Connection, realm: ForwardHeader['destination']): void {
    if (this.#isOf(connection, realm)) return;
    throw new RefusedError('out-of-scope', `the link to ${realm} ends at another realm, or one that is out of scope`);
  }

  #isOf(connection: Connection, realm: ForwardHeader['destination']): boolean {
    const peer = this.#components.admissions.get(connection.remotePeer.toString());
    const known = peer?.realm === realm && peer.role === 'relay';
    return known && isReachable(this.#components.identity, peer, this.#components.trusts);
  }

  async #handOn(
    back: LengthPrefixedStream<Stream>,
    onward: Stream,
    header: ForwardHeader,
    signal: AbortSignal,
  ): Promise<void> {
    const frames = handshakeFrames(onward, MAX_HEADER);
    await frames.write(encodeHeader(header), { signal });
    const reply = decodeReply((await frames.read({ signal })).subarray());
    frames.unwrap();
    if (reply.kind === 'refused') throw new UnreachableError(reply.code, `${header.destination} refused the stream`);
    const toNode = header.destination === this.#components.identity.realm;
    await back.write(encodeReply(toNode ? reply : withPath(reply, header)), { signal });
  }

  async #refuse(stream: Stream, frames: LengthPrefixedStream<Stream>, error: unknown): Promise<void> {
    const code = error instanceof CanopyError ? codeOf(error) : 'hop-failed';
    this.#components.log.debug({ code, error: messageOf(error) }, 'forwarding refused');
    const signal = AbortSignal.timeout(HEADER_DEADLINE);
    try {
      await frames.write(encodeReply({ kind: 'refused', code }), { signal });
      await stream.close({ signal });
      await stream.closeRead({ signal });
    } catch {
      stream.abort(asError(error));
    }
  }

  #count(peerId: string, change: 1 | -1): void {
    const count = (this.#open.get(peerId) ?? 0) + change;
    if (count > 0) this.#open.set(peerId, count);
    else this.#open.delete(peerId);
    this.#total += change;
  }
}

/** The relay that dialled the link knows what kind of path it is; the ends don't. */
function withPath(reply: Extract<ForwardReply, { kind: 'ok' }>, { kind, via }: ForwardHeader): ForwardReply {
  return { kind: 'ok', hops: reply.hops, path: kind ?? reply.path, ...(via === undefined ? {} : { via }) };
}

/** Aborts after a while, and when whoever asked has gone. */
function endOf(stream: Stream, deadline: number): AbortSignal {
  const gone = new AbortController();
  stream.addEventListener('close', () => gone.abort(), { once: true });
  return AbortSignal.any([gone.signal, AbortSignal.timeout(deadline)]);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
