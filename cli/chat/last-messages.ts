// The end of a chat: whoever leaves right after the last line wants that line to be stored. What waits for somebody who never logged in
// is not waited for: it is kept, and goes with a later chat of this user.
import type { Client } from '../../src/client/client.ts';
import { UnreachableError } from '../../src/realm/errors.ts';

/** Milliseconds; long enough for a server that restarts. */
const DEADLINE = 120_000;
const NO_DEVICE = 'recipient-no-device';

/** Nothing more to do when the signal has aborted. @throws UnreachableError `not-stored`, `recipient-no-device` */
export async function sendTheRest(client: Client, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const deadline = AbortSignal.timeout(DEADLINE);
  const over = new AbortController();
  const ends = AbortSignal.any([signal, deadline, over.signal]);
  const look = () => onlyAbsent(client) && over.abort();
  const stop = [client.on('waiting', look), client.on('state', look)];
  try {
    look();
    await client.drained(ends);
  } catch (cause) {
    if (signal.aborted) return;
    if (over.signal.aborted) throw stillQueued(client);
    if (!deadline.aborted) return;
    throw new UnreachableError('not-stored', 'The last messages were not stored; the server did not answer in time.', {
      cause,
      hint: 'They are kept and go out with the next chat of this user.',
    });
  } finally {
    for (const unlisten of stop) unlisten();
  }
}

/** All that is left waits for people who have no device yet. */
function onlyAbsent(client: Client): boolean {
  const queued = client.queued();
  return queued.length > 0 && queued.every(({ code }) => code === NO_DEVICE);
}

function stillQueued(client: Client): UnreachableError {
  const count = client.queued().length;
  const what = count === 1 ? 'One message waits' : `${count} messages wait`;
  return new UnreachableError(NO_DEVICE, `${what} for a person who has not logged in yet`, {
    hint: 'Kept here (CANOPY_CHAT_DIR): run canopy chat again once the person has logged in, and it goes out.',
  });
}
