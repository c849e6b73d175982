// The relay's side of forwarding: from the own node out over a link, from a link in to the own node, and nothing else.
import type { Connection, Stream, StreamHandlerOptions } from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';
import type { LengthPrefixedStream } from '@libp2p/utils';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { CanopyError, codeOf, messageOf, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { Admissions, AdmittedPeer } from '../admission/admissions.ts';
import type { Identity } from '../identity.ts';
import { ownNodeConnection } from '../own-node.ts';
import { PIPE_FAILED } from '../pipe/index.ts';
import type { RelayPipes } from '../pipe/relay-pipes.ts';
import type { PipeAcceptance, Section } from '../pipe/run-pipe.ts';
import { isReachable, mayReach, type Trusts } from '../scope.ts';
import type { Shares } from '../shares/shares.ts';
import { handshakeFrames } from '../wire.ts';
import { ask } from './ask.ts';
import { decodeHeader, encodeReply } from './codec.ts';
import { checkLastHop, ownHop } from './hops.ts';
import {
  FORWARD_PROTOCOL,
  type ForwardConsent,
  type ForwardHeader,
  HEADER_DEADLINE,
  MAX_HEADER,
  OPEN_DEADLINE,
} from './index.ts';
import { type LinkLimits, tollsOf } from './limits.ts';
import type { LinkSource } from './link-source.ts';
import { QUOTA, Quotas } from './quotas.ts';
import { splice } from './splice.ts';

export interface ForwarderComponents {
  readonly identity: Pick<Identity, 'realm' | 'role' | 'tier'>;
  readonly peerId: string;
  readonly registrar: Pick<Registrar, 'handle' | 'unhandle'>;
  readonly admissions: Admissions;
  readonly links: LinkSource;
  readonly trusts?: Trusts;
  /** Undefined: bulk takes the streams like all else. */
  readonly pipes?: RelayPipes;
  /** Undefined: links carry what they can. */
  readonly limits?: LinkLimits;
  readonly shares: Pick<Shares, 'streams' | 'lineage'>;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly log: Log;
}

const STREAMS: StreamHandlerOptions = {
  maxInboundStreams: QUOTA.node,
  maxOutboundStreams: QUOTA.node,
  runOnLimitedConnection: true,
};

const NEVER = new AbortController().signal;
/** Of our own deadlines: for whoever asked, the way has failed. */
const TIMEOUT = 'timeout';

interface NextHop {
  readonly connection: Connection;
  readonly header: ForwardHeader;
}

/** What leads on from here. */
interface Onward {
  readonly stream: Stream;
  readonly reply: ForwardConsent;
  readonly section?: Section;
}

/** A stream that came. */
interface Asked {
  readonly header: ForwardHeader;
  readonly frames: LengthPrefixedStream<Stream>;
  readonly connection: Connection;
}

interface Opened {
  inward: PipeAcceptance | undefined;
  onward: Onward;
}

export class Forwarder {
  readonly #components: ForwarderComponents;
  readonly #quotas: Quotas;
  #refused = 0;

  constructor(components: ForwarderComponents) {
    this.#components = components;
    this.#quotas = new Quotas(components.clock, components.shares);
  }

  async start(): Promise<void> {
    await this.#components.pipes?.start();
    await this.#components.registrar.handle(FORWARD_PROTOCOL, (...given) => this.#serve(...given), STREAMS);
  }

  async stop(): Promise<void> {
    await this.#components.registrar.unhandle(FORWARD_PROTOCOL);
    await this.#components.pipes?.stop();
  }

  /** Streams that are being forwarded now. */
  get openStreams(): number {
    return this.#quotas.total;
  }

  /** Of the class bulk, with connections of their own. */
  get openPipes(): number {
    return this.#components.pipes?.open ?? 0;
  }

  /** Since the start. */
  get refusedStreams(): number {
    return this.#refused;
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const peer = this.#components.admissions.get(connection.remotePeer.toString());
    // Before a word of it is awaited: streams that say nothing would otherwise take the places of those that do.
    const over = new RefusedError(
      'quota',
      'the peer and its kin have their share of forwarded streams, or it has just gone',
    );
    const place = peer && this.#quotas.enter(peer, () => stream.abort(over));
    if (!place) {
      this.#refused += 1;
      return stream.abort(over);
    }
    try {
      await this.#forward(stream, connection);
    } finally {
      place.leave();
    }
  }

  async #forward(stream: Stream, connection: Connection): Promise<void> {
    const frames = handshakeFrames(stream, MAX_HEADER);
    const { clock } = this.#components;
    const made: Partial<Opened> = {};
    try {
      const header = await this.#readHeader(frames, connection.remotePeer.toString());
      const open = (signal: AbortSignal): Promise<Opened> => this.#open(made, { header, frames, connection }, signal);
      const opened = await within(clock, OPEN_DEADLINE, `way to ${header.destination}`, endOf(stream), open);
      frames.unwrap();
      await this.#join(stream, header, opened);
    } catch (error) {
      made.inward?.cancel();
      made.onward?.section?.cancel();
      made.onward?.stream.abort(asError(error));
      await this.#refuse(stream, frames, error);
    }
  }

  /** @param made what there is of it, for whoever has to take it back */
  async #open(made: Partial<Opened>, asked: Asked, signal: AbortSignal): Promise<Opened> {
    const { header, frames, connection } = asked;
    made.inward = await this.#components.pipes?.accept(header.pipe, connection, signal);
    made.onward = await this.#openOnward(header, made.inward !== undefined, signal);
    const { inward, onward } = made;
    const pipe = onward.section && inward?.word;
    await frames.write(encodeReply({ ...onward.reply, ...(pipe ? { pipe } : {}) }), { signal });
    return { inward, onward };
  }

  async #join(stream: Stream, header: ForwardHeader, { inward, onward }: Opened): Promise<void> {
    const { clock, limits, identity, pipes } = this.#components;
    const rules = { clock, class: header.class, ...tollsOf(limits, header, identity.realm) };
    const streams = [stream, onward.stream] as const;
    if (inward && onward.section) void pipes?.run(streams, inward, onward.section, rules);
    else inward?.cancel();
    await splice(...streams, rules);
  }

  async #readHeader(frames: LengthPrefixedStream<Stream>, peerId: string): Promise<ForwardHeader> {
    const bytes = await within(this.#components.clock, HEADER_DEADLINE, 'header', NEVER, (signal) =>
      frames.read({ signal }),
    );
    const header = decodeHeader(bytes.subarray());
    const peer = this.#components.admissions.get(peerId);
    if (!peer) throw new RefusedError('out-of-scope', `${peerId} is no longer admitted`);
    checkLastHop(header.hops, peer);
    this.#quotas.check(peer);
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

  /** Over the best relay of the destination, and where its node is not connected to that one, over the next. */
  async #openOnward(header: ForwardHeader, withPipe: boolean, signal: AbortSignal): Promise<Onward> {
    const ways = await this.#next(header, signal);
    for (const [index, way] of ways.entries()) {
      try {
        return await this.#withOrWithoutPipe(way, withPipe, signal);
      } catch (error) {
        if (signal.aborted || index === ways.length - 1) throw error;
      }
    }
    throw new UnreachableError('no-path', `no way leads to ${header.destination} now`);
  }

  async #withOrWithoutPipe(way: NextHop, withPipe: boolean, signal: AbortSignal): Promise<Onward> {
    try {
      return await this.#handOn(way, withPipe, signal);
    } catch (error) {
      if (codeOf(error) !== PIPE_FAILED || signal.aborted) throw error;
    }
    return this.#handOn(way, false, signal);
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

  async #handOn({ connection, header }: NextHop, withPipe: boolean, signal: AbortSignal): Promise<Onward> {
    const way = { connection, ...(header.via === undefined ? {} : { via: header.via }) };
    const offer = withPipe ? await this.#components.pipes?.offer(way, signal) : undefined;
    let stream: Stream | undefined;
    try {
      stream = await connection.newStream([FORWARD_PROTOCOL], { ...STREAMS, signal });
      const reply = await ask(stream, { ...header, pipe: offer?.word }, signal);
      const socket = await offer?.socket(reply.pipe, signal);
      if (!socket) offer?.cancel();
      const told = this.#told(reply, header);
      const section = offer && socket ? { socket, cancel: () => offer.cancel() } : undefined;
      return { stream, reply: told, ...(section ? { section } : {}) };
    } catch (error) {
      offer?.cancel();
      stream?.abort(asError(error));
      throw error;
    }
  }

  /** The reply without its last field. The relay that dialled the link knows what kind of path it is; the ends don't. */
  #told(reply: ForwardConsent, header: ForwardHeader): ForwardConsent {
    const isOurs = header.destination === this.#components.identity.realm;
    const via = isOurs ? reply.via : header.via;
    const path = (isOurs ? undefined : header.kind) ?? reply.path;
    return { kind: 'ok', hops: reply.hops, path, ...(via === undefined ? {} : { via }) };
  }

  async #refuse(stream: Stream, frames: LengthPrefixedStream<Stream>, error: unknown): Promise<void> {
    const code = error instanceof CanopyError && codeOf(error) !== TIMEOUT ? codeOf(error) : 'hop-failed';
    this.#refused += 1;
    this.#components.log.debug({ code, error: messageOf(error) }, 'forwarding refused');
    try {
      await within(this.#components.clock, HEADER_DEADLINE, 'end', NEVER, async (signal) => {
        await frames.write(encodeReply({ kind: 'refused', code }), { signal });
        await stream.close({ signal });
        await stream.closeRead({ signal });
      });
    } catch {
      stream.abort(asError(error));
    }
  }
}

/** Aborts when whoever asked has gone. */
function endOf(stream: Stream): AbortSignal {
  const gone = new AbortController();
  stream.addEventListener('close', () => gone.abort(), { once: true });
  return gone.signal;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
