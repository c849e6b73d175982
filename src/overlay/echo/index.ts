// `/canopy/echo/1`: each frame comes back as it is. Measures the way from node to node. Frames up to MAX_ECHO; the answering
// side ends after MAX_ECHOES frames or ECHO_DEADLINE.
import { equals } from 'uint8arrays/equals';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { PeerError } from '../../realm/errors.ts';
import type { Stream } from '../seam.ts';

export const ECHO_PROTOCOL = '/canopy/echo/1';
export const MAX_ECHO = 1_024;
const MAX_ECHOES = 64;
const ECHO_DEADLINE = 30_000;
const PROBE_BYTES = 16;
const NEVER = new AbortController().signal;

export function answerEcho(stream: Stream, clock: Pick<Clock, 'after'>): Promise<void> {
  return within(clock, ECHO_DEADLINE, 'end of the echoes', NEVER, (signal) => answer(stream, signal));
}

async function answer(stream: Stream, signal: AbortSignal): Promise<void> {
  for (let answered = 0; answered < MAX_ECHOES; answered++) {
    const frame = await stream.read(signal);
    if (!frame) return;
    await stream.write(frame, signal);
  }
}

/** Milliseconds there and back. @throws PeerError `bad-echo` */
export async function measureEcho(stream: Stream, monotonic: () => number, signal: AbortSignal): Promise<number> {
  const probe = crypto.getRandomValues(new Uint8Array(PROBE_BYTES));
  const begun = monotonic();
  await stream.write(probe, signal);
  const answer = await stream.read(signal);
  const rtt = monotonic() - begun;
  if (!answer || !equals(answer, probe)) throw new PeerError('bad-echo', 'what came back is not what was sent');
  await stream.close();
  return rtt;
}
