// TCP simultaneous open (RFC 9293 section 3.5): both sides connect from the port that their NAT has already mapped. What
// the first packet meets on the other side decides: dropped silently, the kernel repeats it; refused, we repeat it at once.
import type { Socket } from 'node:net';
import { type Clock, sleep } from '../../../realm/clock.ts';
import { connectFrom } from '../../stun/connect-from.ts';
import type { Endpoint } from '../../stun/message.ts';

/** Short beside any round trip of a WAN, long enough not to spin. */
const PAUSE = 15;
const JITTER = 30;

/** @throws what the signal's reason is when the time is over */
export async function simultaneousOpen(
  localPort: number,
  to: Endpoint,
  clock: Clock,
  signal: AbortSignal,
): Promise<Socket> {
  for (;;) {
    try {
      return await connectFrom(localPort, to, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      await sleep(clock, PAUSE + Math.random() * JITTER, signal);
    }
  }
}
