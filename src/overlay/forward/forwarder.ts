// The relay's side of forwarding: from the own node out over a link, from a link in to the own node, and nothing else.
import type { Connection, Stream, StreamHandlerOptions } from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';
import type { LengthPrefixedStream } from '@libp2p/utils';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, CanopyError, codeOf, messageOf, RefusedError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { AdmittedPeer } from '../admission/admissions.ts';
import type { PipeAcceptance } from '../pipe/run-pipe.ts';
import { mayReach } from '../scope.ts';
import type { Shares } from '../shares/shares.ts';
import { whenOver } from '../when-over.ts';
import { handshakeFrames } from '../wire.ts';
import { decodeHeader, encodeReply } from './codec.ts';
import { checkLastHop } from './hops.ts';
import { FORWARD_PROTOCOL, type ForwardHeader, HEADER_DEADLINE, MAX_HEADER, OPEN_DEADLINE } from './index.ts';
import { type LinkLimits, tollsOf } from './limits.ts';
import { QUOTA, Quotas } from './quotas.ts';
import { splice } from './splice.ts';
import { type Onward, WayOnward, type WayOnwardComponents } from './way-onward.ts';

export interface ForwarderComponents extends WayOnwardComponents {
  readonly registrar: Pick<Registrar, 'handle' | 'unhandle'>;
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
  readonly #onward: WayOnward;
  #refused = 0;

  constructor(components: ForwarderComponents) {
    this.#components = components;
    this.#quotas = new Quotas(components.clock, components.shares);
    this.#onward = new WayOnward(components);
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
    made.onward = await this.#onward.open(header, made.inward !== undefined, signal);
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
  whenOver(stream, () => gone.abort());
  return gone.signal;
}
