// A relay's part in making pipes: it gets itself a section on the way out, and lends itself to one on the way in.
import type { Socket } from 'node:net';
import type { Connection, Stream } from '@libp2p/interface';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { untilAborted } from '../../realm/until-aborted.ts';
import type { Admissions } from '../admission/admissions.ts';
import { handshakeFrames } from '../wire.ts';
import type { PipeCarrier } from './carrier.ts';
import { dialPipe, type Place, placeOf } from './dial.ts';
import { decodeAnswer, encodeAsk, JOINED, MAX_PIPE_FRAME, PIPE_FAILED, PIPE_PROTOCOL, type PipeWord } from './index.ts';
import type { JoinRules } from './join.ts';
import { type PipeAcceptance, runPipe, type Section } from './run-pipe.ts';
import type { IssuedTicket, Tickets } from './tickets.ts';

export interface RelayPipesComponents {
  readonly admissions: Pick<Admissions, 'peers' | 'connections'>;
  readonly tickets: Tickets;
  /** Joins pipes of other relays. */
  readonly carrier: Pick<PipeCarrier, 'start' | 'stop' | 'carried'>;
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
}

/** The link or connection that a pipe is to run along. */
export interface PipeWay {
  readonly connection: Connection;
  /** The realm whose relay carries it. */
  readonly via?: RealmName;
}

/** A section to be had. */
export interface PipeOffer {
  /** For the header. */
  readonly word: PipeWord;
  /** By the other side's reply. Undefined: it wants no pipe. @throws UnreachableError when there was to be one and isn't */
  socket(reply: PipeWord | undefined, signal: AbortSignal): Promise<Socket | undefined>;
  /** Idempotent; ends what is there of it. */
  cancel(): void;
}

export class RelayPipes {
  readonly #components: RelayPipesComponents;
  /** Punched holes and the like, which can't be dialled a second time. */
  readonly #barren = new WeakSet<Connection>();
  #open = 0;

  constructor(components: RelayPipesComponents) {
    this.#components = components;
  }

  /** Pipes that run through here now, as a carrier's or between links and node. */
  get open(): number {
    return this.#open + this.#components.carrier.carried;
  }

  /** Joins the two sections for as long as both streams stand. Never rejects. */
  async run(streams: readonly Stream[], inward: PipeAcceptance, onward: Section, rules: JoinRules): Promise<void> {
    this.#open += 1;
    await runPipe(streams, inward, onward, rules);
    this.#open -= 1;
  }

  start(): Promise<void> {
    return this.#components.carrier.start();
  }

  stop(): Promise<void> {
    return this.#components.carrier.stop();
  }

  /** On the way out. Undefined: no pipe can run along there. */
  async offer(way: PipeWay, signal: AbortSignal): Promise<PipeOffer | undefined> {
    if (this.#barren.has(way.connection)) return undefined;
    if (isCircuit(way.connection)) return this.#offerCarried(way, signal).catch(() => undefined);
    const place = placeOf(way.connection);
    if (place) return this.#offerDial(way.connection, place);
    return way.connection.remoteAddr.toString().includes('/tcp/') ? this.#offerDoor(way.connection) : undefined;
  }

  /** On the way in. Undefined: not asked for, or not to be had. */
  async accept(word: PipeWord | undefined, from: Connection, signal: AbortSignal): Promise<PipeAcceptance | undefined> {
    if (word?.kind === 'ask') {
      const issued = this.#issue(from);
      if (!issued) return undefined;
      return { word: { kind: 'dial', ticket: issued.ticket }, socket: issued.arrival, cancel: issued.cancel };
    }
    const place = word?.kind === 'dial' ? this.#placeAt(word.at, from) : undefined;
    if (word?.kind !== 'dial' || !place) return undefined;
    const socket = await this.#dial(place, word.ticket, signal).catch(() => undefined);
    if (!socket) return undefined;
    return { word: { kind: 'joined' }, socket: Promise.resolve(socket), cancel: () => socket.destroy() };
  }

  #offerDial(connection: Connection, place: Place): PipeOffer {
    let socket: Socket | undefined;
    return {
      word: { kind: 'ask' },
      cancel: () => socket?.destroy(),
      socket: async (reply, signal) => {
        if (reply?.kind !== 'dial') return undefined;
        socket = await this.#dial(place, reply.ticket, signal).catch((error) => {
          this.#barren.add(connection);
          throw error;
        });
        return socket;
      },
    };
  }

  #offerDoor(connection: Connection): PipeOffer | undefined {
    const issued = this.#issue(connection);
    if (!issued) return undefined;
    const { ticket, cancel } = issued;
    const begun = this.#components.clock.monotonic();
    const socket = async (reply: PipeWord | undefined, signal: AbortSignal): Promise<Socket | undefined> => {
      if (reply?.kind === 'joined') return this.#arrived(issued, connection, begun, signal);
      this.#barren.add(connection);
      return undefined;
    };
    return { word: { kind: 'dial', ticket }, cancel, socket };
  }

  /** @throws UnreachableError `pipe-failed`: the stream will do, for this link from now on */
  async #arrived(issued: IssuedTicket, connection: Connection, begun: number, signal: AbortSignal): Promise<Socket> {
    const { clock } = this.#components;
    const { fixed, roundTrips, most } = JOINED;
    const patience = Math.min(most, fixed + roundTrips * (clock.monotonic() - begun));
    try {
      return await within(clock, patience, 'pipe', signal, (limit) => Promise.race([issued.arrival, aborted(limit)]));
    } catch (cause) {
      signal.throwIfAborted();
      this.#barren.add(connection);
      throw new UnreachableError(PIPE_FAILED, 'the other side says that it has dialled, and nobody came', { cause });
    }
  }

  /** Undefined when too many wait already: then there is no pipe, and the stream will do. */
  #issue({ remotePeer }: Connection): IssuedTicket | undefined {
    try {
      return this.#components.tickets.issue(remotePeer.toString());
    } catch (error) {
      if (error instanceof RefusedError) return undefined;
      throw error;
    }
  }

  /** The relay that carries the link is asked for two tickets. */
  async #offerCarried({ connection, via }: PipeWay, signal: AbortSignal): Promise<PipeOffer | undefined> {
    const carrier = this.#dialledTo((peer) => peer.realm === via);
    const place = carrier && placeOf(carrier);
    if (!carrier || !place) return undefined;
    const stream = await carrier.newStream([PIPE_PROTOCOL], { signal });
    const pair = await this.#askCarrier(stream, connection, signal);
    if (!pair) return undefined;
    let socket: Socket | undefined;
    const cancel = (): void => {
      socket?.destroy();
      stream.abort(new UnreachableError('pipe-ended', 'the pipe is not needed any more'));
    };
    return {
      word: { kind: 'dial', ticket: pair.other, at: carrier.remotePeer.toString() },
      cancel,
      socket: async (reply, limit) => {
        if (reply?.kind !== 'joined') return undefined;
        socket = await this.#dial(place, pair.own, limit);
        socket.once('close', cancel);
        return socket;
      },
    };
  }

  async #askCarrier(stream: Stream, to: Connection, signal: AbortSignal): Promise<ReturnType<typeof decodeAnswer>> {
    try {
      const frames = handshakeFrames(stream, MAX_PIPE_FRAME);
      await frames.write(encodeAsk(to.remotePeer.toString()), { signal });
      const pair = decodeAnswer((await frames.read({ signal })).subarray());
      frames.unwrap();
      if (!pair) stream.abort(new UnreachableError('pipe-refused', 'the carrier gives no tickets'));
      return pair;
    } catch (error) {
      stream.abort(asError(error));
      throw error;
    }
  }

  #placeAt(at: string | undefined, from: Connection): Place | undefined {
    if (at === undefined) return placeOf(from);
    const carrier = this.#dialledTo((peer) => peer.peerId === at);
    return carrier && placeOf(carrier);
  }

  /** An open connection that we have dialled straight to such a relay. */
  #dialledTo(isIt: (peer: { realm: RealmName; peerId: string }) => boolean): Connection | undefined {
    const { admissions } = this.#components;
    return admissions
      .peers()
      .filter((peer) => peer.role === 'relay' && isIt(peer))
      .flatMap(({ peerId }) => admissions.connections(peerId))
      .find((connection) => connection.status === 'open' && placeOf(connection) !== undefined);
  }

  #dial(place: Place, ticket: Uint8Array, signal: AbortSignal): Promise<Socket> {
    return dialPipe(place, ticket, this.#components.clock, signal);
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  await untilAborted(signal);
  throw signal.reason;
}

function isCircuit({ remoteAddr }: Connection): boolean {
  return remoteAddr.getComponents().some(({ name }) => name === 'p2p-circuit');
}
