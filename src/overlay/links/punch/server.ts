// The side of `/canopy/punch/1` that is asked.
import type { Connection, Stream } from '@libp2p/interface';
import type { LengthPrefixedStream } from '@libp2p/utils';
import { within } from '../../../realm/deadline.ts';
import { asError, codeOf, messageOf, RefusedError } from '../../../realm/errors.ts';
import type { Log } from '../../../realm/log.ts';
import type { RealmName } from '../../../realm/names.ts';
import type { Shares } from '../../shares/shares.ts';
import type { Endpoint } from '../../stun/message.ts';
import { handshakeFrames } from '../../wire.ts';
import type { HostInternals } from '../host-internals.ts';
import type { LinkAdmissions } from '../links.ts';
import { pathOf } from '../path.ts';
import { decodePunch, encodePunch, type PunchFrame } from './codec.ts';
import { familyOf, Hole, type HoleComponents, isCredible } from './hole.ts';
import { MAX_FRAME, PUNCH_PROTOCOL, PUNCH_TIMEOUT, ROUND } from './index.ts';

export interface PunchServerComponents extends HoleComponents {
  readonly registrar: HostInternals['registrar'];
  readonly admissions: LinkAdmissions;
  readonly shares: Pick<Shares, 'punches' | 'lineage'>;
  readonly log: Log;
}

export interface PunchServerInit {
  readonly mayPunch: boolean;
  /** The peer asks us to better the link. */
  readonly onAsk: (realm: RealmName, peerId: string) => void;
  /** Dials the realm's relay plainly. */
  readonly dial: (realm: RealmName, peerId: string, signal: AbortSignal) => Promise<boolean>;
  /** Where an ancestor sees the peer. */
  readonly observed: (realm: RealmName, peerId: string, signal: AbortSignal) => Promise<readonly string[] | undefined>;
}

type Frames = LengthPrefixedStream;

export class PunchServer {
  readonly #components: PunchServerComponents;
  readonly #init: PunchServerInit;
  readonly #busy = new Set<string>();
  readonly #stopped = new AbortController();

  constructor(components: PunchServerComponents, init: PunchServerInit) {
    this.#components = components;
    this.#init = init;
  }

  async start(): Promise<void> {
    await this.#components.registrar.handle(PUNCH_PROTOCOL, (stream, connection) => this.#handle(stream, connection), {
      maxInboundStreams: 2,
      runOnLimitedConnection: true,
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#components.registrar.unhandle(PUNCH_PROTOCOL);
  }

  async #handle(stream: Stream, connection: Connection): Promise<void> {
    const answer = (signal: AbortSignal): Promise<void> => this.#answer(stream, connection, signal);
    try {
      await within(this.#components.clock, PUNCH_TIMEOUT, 'end of a punch', this.#stopped.signal, answer);
    } catch (error) {
      this.#components.log.debug({ peer: connection.remotePeer.toString(), reason: messageOf(error) }, 'punch ended');
      stream.abort(asError(error));
    }
  }

  async #answer(stream: Stream, connection: Connection, signal: AbortSignal): Promise<void> {
    const frames = handshakeFrames(stream, MAX_FRAME);
    try {
      await this.#converse(frames, connection, signal);
      await stream.close({ signal });
    } catch (error) {
      await frames.write(encodePunch({ kind: 'refused', code: codeOf(error) }), { signal }).catch(() => {});
      throw error;
    }
  }

  async #converse(frames: Frames, connection: Connection, signal: AbortSignal): Promise<void> {
    const peerId = connection.remotePeer.toString();
    const peer = this.#components.admissions.get(peerId);
    if (peer?.role !== 'relay') throw new RefusedError('not-allowed', 'only admitted relays may punch');
    const { shares } = this.#components;
    if (!shares.punches.take(shares.lineage(peer.realm)))
      throw new RefusedError('too-often', 'too many requests to punch');
    const frame = await receive(frames, signal);
    if (frame.kind === 'ask') return this.#init.onAsk(peer.realm, peerId);
    if (frame.kind === 'dial') {
      const ok = await this.#init.dial(peer.realm, peerId, signal);
      return send(frames, { kind: 'dialled', ok }, signal);
    }
    if (frame.kind !== 'outer') throw new RefusedError('malformed', `"${frame.kind}" begins nothing`);
    if (!this.#init.mayPunch || pathOf(connection) === 'direct-tcp')
      throw new RefusedError('not-allowed', 'no punching here');
    if (this.#busy.has(peerId)) throw new RefusedError('busy', 'one punch at a time');
    this.#busy.add(peerId);
    try {
      const observed = await this.#init.observed(peer.realm, peerId, signal);
      await this.#punch(frames, frame.outer, peerId, observed, signal);
    } finally {
      this.#busy.delete(peerId);
    }
  }

  async #punch(
    frames: Frames,
    outer: Endpoint,
    peerId: string,
    observed: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (!isCredible(outer, observed, this.#components.reach)) {
      const code = observed === undefined ? 'bad-address' : 'address-mismatch';
      throw new RefusedError(code, `the peer named ${outer.host}, which is not its address`);
    }
    const hole = await Hole.open(this.#components, familyOf(outer.host), signal);
    try {
      await send(frames, { kind: 'outer', outer: hole.outer }, signal);
      await this.#rounds(frames, hole, outer, peerId, signal);
    } finally {
      hole.close();
    }
  }

  /**
   * Answers each sync; at each go tries anew, until one attempt has come through or the peer ends the stream. Each round comes
   * once and in its turn: each attempt knocks many times a second.
   */
  async #rounds(frames: Frames, hole: Hole, outer: Endpoint, peerId: string, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const ending = AbortSignal.any([signal, done.signal]);
    const attempts: Promise<void>[] = [];
    const attempt = async () => {
      const socket = await within(this.#components.clock, ROUND, 'connection in this round', ending, (limit) =>
        hole.connect(outer, limit),
      );
      await hole.upgrade(socket, outer, peerId, false, signal);
      done.abort();
    };
    try {
      for (;;) {
        const frame = await receive(frames, ending);
        if (frame.kind === 'sync') await send(frames, frame, ending);
        else if (frame.kind === 'go' && frame.round === attempts.length) attempts.push(attempt().catch(() => {}));
        else throw new RefusedError('malformed', `"${frame.kind}" has no place here`);
      }
    } catch (error) {
      // The peer ends the stream when its end of the new connection stands, which may be before ours does.
      await Promise.all(attempts);
      if (!done.signal.aborted) throw error;
    }
  }
}

async function send(frames: Frames, frame: PunchFrame, signal: AbortSignal): Promise<void> {
  await frames.write(encodePunch(frame), { signal });
}

async function receive(frames: Frames, signal: AbortSignal): Promise<PunchFrame> {
  return decodePunch((await frames.read({ signal })).slice());
}
