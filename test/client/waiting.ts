// Waiting for an event of the client library, with an end: a test must not hang.
import type { Client, ClientEvents } from '../../src/client/client.ts';

const DEADLINE = 15_000;

/** The first event of the type that satisfies the condition; listens from the call on. */
export function nextEvent<K extends keyof ClientEvents>(
  client: Client,
  type: K,
  fits: (event: ClientEvents[K]) => boolean = () => true,
): Promise<ClientEvents[K]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`no "${type}" in time`));
    }, DEADLINE);
    const stop = client.on(type, (event) => {
      if (!fits(event)) return;
      clearTimeout(timer);
      stop();
      resolve(event);
    });
  });
}
