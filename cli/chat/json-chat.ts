// `canopy chat --json`: one JSON object a line, in both directions.
//
//   in   lines/: one object with one name. sending-lines.ts, message-lines.ts, group-lines.ts, personal-lines.ts and key-lines.ts say which.
//   out  {"event":"ready","v":1}              the connection stands, what was missed has been told; again after each reconnect
//        {"event":"message","id":..,"conversation":..,"from":..,"to":..,"text":..,"sentAt":..}           messages of others
//             with a file also "file":{"name":..,"size":..,"type":..}; "mentionsMe":true where it names the own user;
//             of a forwarded one "forwardedFrom":{"author":..,"writtenAt":..}, the forwarder's word
//        {"event":"file","path"|"id":..,"done":..,"total":..}   progress; {"event":"saved","id":..,"path":..} when it is there
//        {"event":"state","id":..,"state":"stored|delivered|read"}
//        {"event":"waiting","id":..,"code":..}   queued, and can't go yet: `recipient-no-device` until somebody logs in for the first time
//        {"event":"presence","user":..,"state":"online|offline|typing","lastSeenAt":..}
//        {"event":"islands","alone":..,"realms":[{"realm":..,"since":..,"queued":..}]}   realms that are away; empty when all are back
//        {"event":"error","code":..,"message":..,"hint":..}   with "id" when it is about a message; hint where there is one
//
// Times are RFC 3339 in UTC. `text` is null when this client can't read the content; `problem` then says why.

import { createInterface } from 'node:readline';
import { type Client, english, type Message, type StateChange, sentenceOf } from '../../src/client/client.ts';
import { CanopyError, codeOf, messageOf, UnreachableError } from '../../src/realm/errors.ts';
import type { Cli } from '../cli.ts';
import { asTime } from '../times.ts';
import { ChatFiles } from './chat-files.ts';
import { Partners } from './conversation-partners.ts';
import { sendTheRest } from './last-messages.ts';
import { readLine } from './lines/all-lines.ts';
import type { LineDesk, Write } from './lines/chat-line.ts';
import { tellKeys } from './lines/key-lines.ts';

const PROTOCOL_VERSION = 1;

/** Resolves at the end of input, when all that was sent is stored; or when the signal aborts. */
export async function jsonChat(cli: Cli, client: Client, signal: AbortSignal): Promise<void> {
  const write = (event: object) => void cli.stdout.write(`${JSON.stringify(event)}\n`);
  const partners = new Partners(client);
  const files = new ChatFiles(client);
  tell(client, partners, write);
  tellKeys(client, write);
  client.on('message', (message) => files.meet(message));
  client.connect();
  const lines = createInterface({ input: cli.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const onAbort = () => lines.close();
  signal.addEventListener('abort', onAbort, { once: true });
  for await (const text of lines) {
    if (signal.aborted) break;
    if (text.trim() !== '') await obey({ client, partners, files, write, signal }, text);
  }
  signal.removeEventListener('abort', onAbort);
  await sendTheRest(client, signal);
}

function tell(client: Client, partners: Partners, write: Write): void {
  client.on('ready', () => {
    write({ event: 'ready', v: PROTOCOL_VERSION });
    // Presence alone depends on it; the next reconnect tries again.
    partners.load().catch(() => {});
  });
  client.on('message', (message) => {
    partners.meet([message.from, ...message.to]);
    if (!message.mine) write(messageEvent(message));
  });
  client.on('state', (change) => write(stateEvent(change)));
  client.on('waiting', ({ id, code }) => write({ event: 'waiting', id, code }));
  client.on('presence', ({ user, state, lastSeenAt }) =>
    write({
      event: 'presence',
      user: user.address,
      state,
      ...(lastSeenAt !== undefined && { lastSeenAt: asTime(lastSeenAt) }),
    }),
  );
  client.on('typing', ({ user, active }) => {
    if (active) write({ event: 'presence', user: user.address, state: 'typing' });
  });
  client.on('islands', ({ alone, realms }) =>
    write({
      event: 'islands',
      ...(alone !== undefined && { alone: asTime(alone) }),
      realms: realms.map(({ since, ...island }) => ({
        ...island,
        ...(since !== undefined && { since: asTime(since) }),
      })),
    }),
  );
  client.on('error', ({ code, message }) => write({ event: 'error', code, message }));
  client.on('signed-out', ({ code }) => write({ event: 'error', code, message: sentenceOf(english, code) }));
}

function messageEvent({ id, conversation, from, to, text, file, problem, sentAt, ...more }: Message): object {
  const { mentionsMe, forwardedFrom: written } = more;
  return {
    event: 'message',
    id,
    conversation,
    from: from.address,
    to: to[0]?.address ?? '',
    text: text ?? null,
    ...(file && { file: { name: file.name, size: file.size, type: file.type } }),
    ...(mentionsMe && { mentionsMe }),
    ...(written && { forwardedFrom: { author: written.author.address, writtenAt: asTime(written.writtenAt) } }),
    sentAt: asTime(sentAt),
    ...(problem !== undefined && { problem }),
  };
}

function stateEvent({ id, state, failure }: StateChange): object {
  if (!failure) return { event: 'state', id, state };
  const { code, params } = failure;
  return { event: 'error', id, code, message: sentenceOf(english, code, params) };
}

async function obey(desk: LineDesk, text: string): Promise<void> {
  const { client, write, signal } = desk;
  let about = {};
  try {
    const { line, given, id } = readLine(text);
    if (id !== undefined) about = { id };
    await patiently(client, signal, () => line.perform(desk, given));
  } catch (error) {
    if (signal.aborted) return;
    const hint = error instanceof CanopyError && error.hint !== undefined ? { hint: error.hint } : {};
    write({ event: 'error', ...about, code: codeOf(error), message: messageOf(error), ...hint });
  }
}

/** While the server is away, waits for it: the order of what was asked for is kept. */
async function patiently(client: Client, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnreachableError) || signal.aborted) throw error;
      await nextReady(client, signal);
    }
  }
}

function nextReady(client: Client, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal.reason);
  const stop = client.on('ready', () => resolve());
  signal.addEventListener('abort', onAbort, { once: true });
  return promise.finally(() => {
    stop();
    signal.removeEventListener('abort', onAbort);
  });
}
