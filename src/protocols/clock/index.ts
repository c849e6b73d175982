// /canopy/clock/1: what time it is there, and how long a question takes.
//
//   asker  -> holder   [1]            once
//   holder -> asker    [1, time]      milliseconds since 1970 by the holder's clock
// Then both close. Who may ask: nodes of the family. Limits: 32 bytes a frame, 4 streams a peer. Deadline: 5 s for each frame.
//
// The answer is an operator's information, and a hint: nobody sets a clock by it.
import type { Network, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { PeerError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';

export const CLOCK_PROTOCOL = '/canopy/clock/1';
const VERSION = 1;
export const MAX_FRAME = 32;
const MAX_STREAMS = 4;
const FRAME_DEADLINE = 5000;

export interface ClockReading {
  /** Milliseconds from question to answer. */
  readonly rtt: number;
  /** Milliseconds by which the other clock is ahead of ours, as if the answer took half of the round trip. */
  readonly skew: number;
}

export const encodeQuestion = (): Uint8Array => encodeFields([VERSION]);
export const encodeAnswer = (time: number): Uint8Array => encodeFields([VERSION, time]);

/** @throws PeerError `malformed` */
export function decodeQuestion(bytes: Uint8Array): void {
  decode(bytes, (reader) => reader.version(VERSION));
}

/** @throws PeerError `malformed` */
export function decodeAnswer(bytes: Uint8Array): number {
  return decode(bytes, (reader) => {
    reader.version(VERSION);
    return reader.number();
  });
}

function decode<T>(bytes: Uint8Array, read: Parameters<typeof decodeFields<T>>[2]): T {
  try {
    return decodeFields(bytes, 'clock frame', read);
  } catch (cause) {
    throw new PeerError('malformed', 'a clock frame cannot be read', { cause });
  }
}

export function serveClock(network: Pick<Network, 'handle'>, clock: Pick<Clock, 'now'>): void {
  const options = { allow: 'family', maxFrame: MAX_FRAME, maxStreams: MAX_STREAMS } as const;
  network.handle(CLOCK_PROTOCOL, options, async (stream) => {
    decodeQuestion(await frameOf(stream, AbortSignal.timeout(FRAME_DEADLINE)));
    await stream.write(encodeAnswer(clock.now()), AbortSignal.timeout(FRAME_DEADLINE));
    await stream.close();
  });
}

/** @throws UnreachableError, RefusedError, PeerError */
export async function readClock(
  network: Pick<Network, 'open'>,
  realm: RealmName,
  clock: Clock,
  signal: AbortSignal,
): Promise<ClockReading> {
  const stream = await network.open(realm, CLOCK_PROTOCOL, { signal, maxFrame: MAX_FRAME });
  try {
    const begun = clock.monotonic();
    await stream.write(encodeQuestion(), signal);
    const time = decodeAnswer(await frameOf(stream, signal));
    const rtt = clock.monotonic() - begun;
    await stream.close();
    return { rtt, skew: Math.round(time + rtt / 2 - clock.now()) };
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

async function frameOf(stream: Stream, signal: AbortSignal): Promise<Uint8Array> {
  const frame = await stream.read(signal);
  if (!frame) throw new PeerError('clock-ended', `${stream.peer.realm} ended the stream without a frame`);
  return frame;
}
