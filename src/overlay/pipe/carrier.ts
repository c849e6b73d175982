// The carrier's side of `/canopy/pipe/1`: a relay of a realm above others joins pipes between their relays.
import type { Stream, StreamHandlerOptions } from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, messageOf, RefusedError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { AdmittedPeer } from '../admission/admissions.ts';
import type { Shares } from '../shares/shares.ts';
import { handshakeFrames } from '../wire.ts';
import { decodeAsk, encodeAnswer, JOINED, MAX_CARRIED_OF_REALM, MAX_PIPE_FRAME, PIPE_PROTOCOL } from './index.ts';
import { joinSockets } from './join.ts';
import type { IssuedTicket, Tickets } from './tickets.ts';

export interface CarrierComponents {
  readonly registrar: Pick<Registrar, 'handle' | 'unhandle'>;
  readonly admissions: { get(peerId: string): AdmittedPeer | undefined };
  readonly tickets: Tickets;
  readonly shares: Pick<Shares, 'pipes' | 'lineage'>;
  /** Whether a circuit between the two would be carried. */
  readonly mayJoin: (from: AdmittedPeer, to: AdmittedPeer) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const ASK_DEADLINE = 5_000;
const NEVER = new AbortController().signal;
const STREAMS: StreamHandlerOptions = {
  maxInboundStreams: MAX_CARRIED_OF_REALM,
  maxOutboundStreams: MAX_CARRIED_OF_REALM,
};

export class PipeCarrier {
  readonly #components: CarrierComponents;
  /** By realm: it may have several relays, and each several connections. */
  readonly #ofRealm = new Map<string, number>();

  constructor(components: CarrierComponents) {
    this.#components = components;
  }

  async start(): Promise<void> {
    const { registrar } = this.#components;
    await registrar.handle(
      PIPE_PROTOCOL,
      (stream, { remotePeer }) => {
        void this.#serve(stream, remotePeer.toString());
      },
      STREAMS,
    );
  }

  async stop(): Promise<void> {
    await this.#components.registrar.unhandle(PIPE_PROTOCOL);
  }

  /** Pipes that are carried now. */
  get carried(): number {
    return this.#components.shares.pipes.report.taken;
  }

  async #serve(stream: Stream, asker: string): Promise<void> {
    const { admissions, shares } = this.#components;
    const realm = admissions.get(asker)?.realm;
    if (realm === undefined) return stream.abort(new RefusedError('not-admitted', `${asker} has just gone`));
    const over = new RefusedError('quota', `${realm} and its kin have their share of pipes`);
    const already = this.#ofRealm.get(realm) ?? 0;
    const end = (): void => stream.abort(over);
    const place = already < MAX_CARRIED_OF_REALM ? shares.pipes.enter(shares.lineage(realm), end) : undefined;
    if (!place) return end();
    this.#ofRealm.set(realm, already + 1);
    try {
      await this.#carry(stream, asker);
    } finally {
      place.leave();
      const left = (this.#ofRealm.get(realm) ?? 0) - 1;
      if (left > 0) this.#ofRealm.set(realm, left);
      else this.#ofRealm.delete(realm);
    }
  }

  /** Never rejects. */
  async #carry(stream: Stream, asker: string): Promise<void> {
    let pair: readonly [IssuedTicket, IssuedTicket] | undefined;
    try {
      const frames = handshakeFrames(stream, MAX_PIPE_FRAME);
      await within(this.#components.clock, ASK_DEADLINE, 'request for a pipe', NEVER, async (signal) => {
        const other = decodeAsk((await frames.read({ signal })).subarray());
        pair = this.#issue(asker, other);
        await frames.write(encodeAnswer(pair && { own: pair[0].ticket, other: pair[1].ticket }), { signal });
      });
      if (pair) await carry(stream, pair, this.#components.clock);
      stream.abort(new Error('the pipe has ended'));
    } catch (error) {
      this.#components.log.debug({ asker, error: messageOf(error) }, 'pipe not carried');
      stream.abort(asError(error));
    } finally {
      for (const ticket of pair ?? []) ticket.cancel();
    }
  }

  /** Undefined: refused. */
  #issue(asker: string, other: string): readonly [IssuedTicket, IssuedTicket] | undefined {
    const { admissions, tickets, mayJoin } = this.#components;
    const [from, to] = [admissions.get(asker), admissions.get(other)];
    if (!from || !to || asker === other || to.role !== 'relay') return undefined;
    if (!mayJoin(from, to)) return undefined;
    return [tickets.issue(asker), tickets.issue(other)];
  }
}

/** Until either end goes, or the stream that stands for the pipe. */
async function carry(
  stream: Stream,
  [own, other]: readonly [IssuedTicket, IssuedTicket],
  clock: Pick<Clock, 'after'>,
): Promise<void> {
  const cut = (): void => {
    own.cancel();
    other.cancel();
  };
  if (stream.status !== 'open') cut();
  stream.addEventListener('close', cut, { once: true });
  const a = await own.arrival;
  // The other side was to dial before the asker hears of it: one that has not by now will not.
  const late = clock.after(JOINED.most, () => other.cancel());
  const b = await other.arrival.finally(() => late.cancel());
  await joinSockets(a, b, { clock }).ended;
}
