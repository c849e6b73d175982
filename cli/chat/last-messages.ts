// The end of a chat: whoever leaves right after the last line wants that line to be stored.
import type { Client } from '../../src/client/client.ts';
import { UnreachableError } from '../../src/realm/errors.ts';

/** Milliseconds; long enough for a server that restarts. */
const DEADLINE = 120_000;

/** Nothing more to do when the signal has aborted. @throws UnreachableError `not-stored` */
export async function sendTheRest(client: Client, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const deadline = AbortSignal.timeout(DEADLINE);
  try {
    await client.drained(AbortSignal.any([signal, deadline]));
  } catch (cause) {
    if (!deadline.aborted) return;
    throw new UnreachableError('not-stored', 'The last messages were not stored; the server did not answer in time.', {
      cause,
      hint: 'Send them again when the server is back; with the same ids nothing is doubled.',
    });
  }
}
