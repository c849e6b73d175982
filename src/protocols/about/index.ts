// /canopy/about/1: what a node says of itself to those it deals with, for their operators' eyes.
//
//   asker  -> holder   [1]                                        once
//   holder -> asker    [1, time, release, end of certificate]     milliseconds since 1970 by the holder's clock; release as in package.json
// Then both close. Who may ask: nodes of the family, and those of a trust. Limits: 128 bytes a frame, 4 streams a peer. Deadline: 5 s for
// each frame.
//
// All of it is a hint: what a certificate is worth is judged when it is shown, and only a node that doubts its own clock reckons by the
// time of others, the middle one of several (node/clock-watch.ts).
import type { Network, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, PeerError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';

export const ABOUT_PROTOCOL = '/canopy/about/1';
const VERSION = 1;
const MAX_FRAME = 128;
const MAX_RELEASE = 64;
const MAX_STREAMS = 4;
const FRAME_DEADLINE = 5000;

export interface About {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly release: string;
  /** Milliseconds since 1970: until when the node's certificate holds. */
  readonly certificateEnds: number;
}

export interface AboutReading extends Pick<About, 'release' | 'certificateEnds'> {
  /** Milliseconds from question to answer. */
  readonly rtt: number;
  /** Milliseconds by which the other clock is ahead of ours, as if the answer took half of the round trip. */
  readonly skew: number;
}

export const encodeQuestion = (): Uint8Array => encodeFields([VERSION]);

export function encodeAbout({ time, release, certificateEnds }: About): Uint8Array {
  return encodeFields([VERSION, time, release, certificateEnds]);
}

/** @throws PeerError `malformed` */
export function decodeQuestion(bytes: Uint8Array): void {
  decode(bytes, (reader) => reader.version(VERSION));
}

/** @throws PeerError `malformed` */
export function decodeAbout(bytes: Uint8Array): About {
  return decode(bytes, (reader) => {
    reader.version(VERSION);
    return { time: reader.number(), release: reader.text(MAX_RELEASE), certificateEnds: reader.number() };
  });
}

function decode<T>(bytes: Uint8Array, read: Parameters<typeof decodeFields<T>>[2]): T {
  try {
    return decodeFields(bytes, 'frame about a node', read);
  } catch (cause) {
    throw new PeerError('malformed', 'a frame about a node cannot be read', { cause });
  }
}

export function serveAbout(network: Pick<Network, 'handle'>, clock: Pick<Clock, 'after'>, about: () => About): void {
  const options = { allow: 'trusted', maxFrame: MAX_FRAME, maxStreams: MAX_STREAMS } as const;
  const soon = <T>(what: string, step: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    within(clock, FRAME_DEADLINE, what, new AbortController().signal, step);
  network.handle(ABOUT_PROTOCOL, options, async (stream) => {
    decodeQuestion(await soon('question', (signal) => frameOf(stream, signal)));
    await soon('room for the answer', (signal) => stream.write(encodeAbout(about()), signal));
    await stream.close();
  });
}

/** @throws UnreachableError, RefusedError, PeerError */
export async function askAbout(
  network: Pick<Network, 'open'>,
  realm: RealmName,
  clock: Clock,
  signal: AbortSignal,
): Promise<AboutReading> {
  const stream = await network.open(realm, ABOUT_PROTOCOL, { signal, maxFrame: MAX_FRAME });
  try {
    const begun = clock.monotonic();
    await stream.write(encodeQuestion(), signal);
    const { time, release, certificateEnds } = decodeAbout(await frameOf(stream, signal));
    const rtt = clock.monotonic() - begun;
    await stream.close();
    return { rtt, skew: Math.round(time + rtt / 2 - clock.now()), release, certificateEnds };
  } catch (error) {
    stream.abort(asError(error));
    throw error;
  }
}

async function frameOf(stream: Stream, signal: AbortSignal): Promise<Uint8Array> {
  const frame = await stream.read(signal);
  if (!frame) throw new PeerError('about-ended', `${stream.peer.realm} ended the stream without a frame`);
  return frame;
}
