// The side of `/canopy/punch/1` that opens the stream.
import type { Connection } from '@libp2p/interface';
import type { LengthPrefixedStream } from '@libp2p/utils';
import { type Clock, sleep } from '../../../realm/clock.ts';
import { within } from '../../../realm/deadline.ts';
import { asError, PeerError, RefusedError } from '../../../realm/errors.ts';
import type { Endpoint } from '../../stun/message.ts';
import { handshakeFrames } from '../../wire.ts';
import { decodePunch, encodePunch, type PunchFrame } from './codec.ts';
import { type Family, Hole, type HoleComponents, isCredible } from './hole.ts';
import { MAX_FRAME, PUNCH_PROTOCOL, PUNCH_TIMEOUT, ROUND, ROUNDS, SYNCS } from './index.ts';

type Frames = LengthPrefixedStream;
type PunchClock = Pick<Clock, 'after'>;

/** Asks the peer to better the link. */
export function askForUpgrade(connection: Connection, clock: PunchClock, signal: AbortSignal): Promise<void> {
  return converse(connection, clock, signal, (frames, limit) => send(frames, { kind: 'ask' }, limit));
}

/** Asks the peer to dial us plainly. @returns whether it came through */
export function askForDial(connection: Connection, clock: PunchClock, signal: AbortSignal): Promise<boolean> {
  return converse(connection, clock, signal, async (frames, limit) => {
    await send(frames, { kind: 'dial' }, limit);
    return (await expect(frames, 'dialled', limit)).ok;
  });
}

export interface PunchInit {
  /** Over one family after the other. */
  readonly families: readonly Family[];
  /** Where an ancestor sees the peer. */
  readonly observed: readonly string[] | undefined;
}

/** @throws what stands in the way; also when no attempt came through */
export async function punch(
  connection: Connection,
  components: HoleComponents,
  { families, observed }: PunchInit,
  signal: AbortSignal,
): Promise<Connection> {
  let failure: unknown;
  for (const family of families) {
    try {
      return await punchOver(family, connection, components, observed, signal);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

function punchOver(
  family: Family,
  connection: Connection,
  components: HoleComponents,
  observed: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Connection> {
  return converse(connection, components.clock, signal, async (frames, limit) => {
    const hole = await Hole.open(components, family, limit);
    try {
      await send(frames, { kind: 'outer', outer: hole.outer }, limit);
      const { outer } = await expect(frames, 'outer', limit);
      if (!isCredible(outer, observed, components.reach))
        throw new PeerError('address-mismatch', `the peer named ${outer.host}, which is not its address`);
      const roundTrip = await measure(frames, components, limit);
      const socket = await attempt(frames, hole, outer, roundTrip, components, limit);
      return await hole.upgrade(socket, outer, connection.remotePeer.toString(), true, limit);
    } finally {
      hole.close();
    }
  });
}

async function measure(frames: Frames, { clock }: HoleComponents, signal: AbortSignal): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let n = 0; n < SYNCS; n++) {
    const begun = clock.monotonic();
    await send(frames, { kind: 'sync', n }, signal);
    const reply = await expect(frames, 'sync', signal);
    if (reply.n !== n) throw new PeerError('punch-malformed', 'a sync came back changed');
    best = Math.min(best, clock.monotonic() - begun);
  }
  return best;
}

async function attempt(
  frames: Frames,
  hole: Hole,
  outer: Endpoint,
  roundTrip: number,
  { clock }: HoleComponents,
  signal: AbortSignal,
): ReturnType<Hole['connect']> {
  let failure: unknown;
  for (let round = 0; round < ROUNDS; round++) {
    await send(frames, { kind: 'go', round }, signal);
    await sleep(clock, roundTrip / 2, signal);
    try {
      return await within(clock, ROUND, 'connection in this round', signal, (limit) => hole.connect(outer, limit));
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

function converse<T>(
  connection: Connection,
  clock: PunchClock,
  signal: AbortSignal,
  talk: (frames: Frames, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return within(clock, PUNCH_TIMEOUT, 'end of a punch', signal, (limit) => converseWithin(connection, limit, talk));
}

async function converseWithin<T>(
  connection: Connection,
  limit: AbortSignal,
  talk: (frames: Frames, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stream = await connection.newStream(PUNCH_PROTOCOL, { signal: limit, runOnLimitedConnection: true });
  try {
    const result = await talk(handshakeFrames(stream, MAX_FRAME), limit);
    await stream.close({ signal: limit });
    return result;
  } catch (error) {
    stream.abort(asError(error));
    throw error;
  }
}

async function send(frames: Frames, frame: PunchFrame, signal: AbortSignal): Promise<void> {
  await frames.write(encodePunch(frame), { signal });
}

async function expect<Kind extends PunchFrame['kind']>(
  frames: Frames,
  kind: Kind,
  signal: AbortSignal,
): Promise<Extract<PunchFrame, { kind: Kind }>> {
  const frame = decodePunch((await frames.read({ signal })).slice());
  if (isKind(frame, kind)) return frame;
  if (frame.kind === 'refused') throw new RefusedError(frame.code, `the peer refuses: ${frame.code}`);
  throw new PeerError('punch-malformed', `"${frame.kind}" came where "${kind}" was due`);
}

function isKind<Kind extends PunchFrame['kind']>(
  frame: PunchFrame,
  kind: Kind,
): frame is Extract<PunchFrame, { kind: Kind }> {
  return frame.kind === kind;
}
