// `canopy chat --json`: one JSON object a line, in both directions.
//
//   in   {"send":{"id":"..","to":"engineer@lviv.acme.ua","text":".."}}   `id` is the sender's UUID; without one a new one is made.
//                                             The same again is harmless and tells the state again; with another text it is `id-conflict`.
//        {"sendFile":{"to":"..","path":"..","text":".."}}    waits until the file is with the server; the same again goes on where it was
//        {"save":{"id":"..","folder":".."}}                 fetches what came with that message into a folder
//        {"typing":{"to":".."}}   {"read":{"id":".."}}
//        newGroup, invite, remove, leave, say, edit, delete, react, timer: chat-acts.ts
//        report: chat-reports.ts
//        recoveryKey, safety, verify, accept, devices, signOut, acceptPassword: chat-keys.ts
//   out  {"event":"ready","v":1}              the connection stands, what was missed has been told; again after each reconnect
//        {"event":"message","id":..,"from":..,"to":..,"text":..,"sentAt":..}           messages of others
//             with a file also "file":{"name":..,"size":..,"type":..}
//        {"event":"file","path"|"id":..,"done":..,"total":..}   progress; {"event":"saved","id":..,"path":..} when it is there
//        {"event":"state","id":..,"state":"stored|delivered|read"}
//        {"event":"waiting","id":..,"code":..}   queued, and can't go yet: `recipient-no-device` until somebody logs in for the first time
//        {"event":"presence","user":..,"state":"online|offline|typing","lastSeenAt":..}
//        {"event":"islands","alone":..,"realms":[{"realm":..,"since":..,"queued":..}]}   realms that are away; empty when all are back
//        {"event":"error","code":..,"message":..}   with "id" when it is about a message
//
// Times are RFC 3339 in UTC. `text` is null when this client can't read the content; `problem` then says why.

import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { type Client, english, type Message, type StateChange, sentenceOf } from '../../src/client/client.ts';
import { codeOf, InputError, messageOf, UnreachableError } from '../../src/realm/errors.ts';
import { type ConversationId, parseMessageId, type UserId } from '../../src/realm/ids.ts';
import type { Cli } from '../cli.ts';
import { asTime } from '../times.ts';
import { type ActLine, actLine, perform } from './chat-acts.ts';
import { ChatFiles, type FileRequest } from './chat-files.ts';
import { type KeyLine, keyLine, performKeys, tellKeys } from './chat-keys.ts';
import { type ReportRequest, reportLine, saveReport } from './chat-reports.ts';
import { Partners } from './conversation-partners.ts';
import { sendTheRest } from './last-messages.ts';

const PROTOCOL_VERSION = 1;

const line = v.union([
  v.strictObject({ send: v.strictObject({ id: v.optional(v.string()), to: v.string(), text: v.string() }) }),
  v.strictObject({
    sendFile: v.strictObject({ to: v.string(), path: v.string(), text: v.optional(v.string()) }),
  }),
  v.strictObject({ save: v.strictObject({ id: v.string(), folder: v.string() }) }),
  v.strictObject({ typing: v.strictObject({ to: v.string() }) }),
  v.strictObject({ read: v.strictObject({ id: v.string() }) }),
  actLine,
  reportLine,
  keyLine,
]);
type Line = v.InferOutput<typeof line>;

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

type Write = (event: object) => void;

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

function messageEvent({ id, conversation, from, to, text, file, problem, sentAt }: Message): object {
  const [first] = to;
  const known = {
    event: 'message',
    id,
    conversation,
    from: from.address,
    to: first?.address ?? '',
    text: text ?? null,
  };
  const brought = file && { file: { name: file.name, size: file.size, type: file.type } };
  return { ...known, ...brought, sentAt: asTime(sentAt), ...(problem !== undefined && { problem }) };
}

function stateEvent({ id, state, failure }: StateChange): object {
  if (!failure) return { event: 'state', id, state };
  const { code, params } = failure;
  return { event: 'error', id, code, message: sentenceOf(english, code, params) };
}

interface Chat {
  readonly client: Client;
  readonly partners: Partners;
  readonly files: ChatFiles;
  readonly write: Write;
  readonly signal: AbortSignal;
}

async function obey(chat: Chat, text: string): Promise<void> {
  const { client, write, signal } = chat;
  let id: string | undefined;
  try {
    const command = parseLine(text);
    if ('send' in command) id = command.send.id;
    if ('read' in command) id = command.read.id;
    if ('save' in command) id = command.save.id;
    if ('report' in command) id = command.report.id;
    await patiently(client, signal, () => act(chat, command));
  } catch (error) {
    if (signal.aborted) return;
    write({ event: 'error', ...(id !== undefined && { id }), code: codeOf(error), message: messageOf(error) });
  }
}

function parseLine(text: string): Line {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (cause) {
    throw new InputError('bad-input', 'The line is not JSON.', { cause });
  }
  const result = v.safeParse(line, input);
  if (!result.success)
    throw new InputError(
      'bad-input',
      'The line is none of those that a chat takes; docs/protocols/lan-api.md has them.',
    );
  return result.output;
}

async function act(chat: Chat, command: Line): Promise<void> {
  const { client, partners } = chat;
  if ('sendFile' in command) return sendFile(chat, command.sendFile);
  if ('save' in command) return save(chat, command.save);
  if ('report' in command) return report(chat, command.report);
  if ('typing' in command) return client.typing(command.typing.to);
  if ('read' in command) return client.markRead(parseMessageId(command.read.id));
  if (!('send' in command)) return doAct(chat, command);
  const { id, to, text } = command.send;
  const message = await client.send({ to, text, ...(id !== undefined && { id: parseMessageId(id) }) });
  partners.meet(message.to);
}

async function doAct({ client, write }: Chat, line: ActLine | KeyLine): Promise<void> {
  if (isKeyLine(line)) return performKeys(client, line, write);
  if ('members' in line) return tellMembers(client, line.members.conversation, write);
  const { conversation, outcome } = await perform(client, line);
  if (conversation && 'newGroup' in line) write({ event: 'group', conversation, name: line.newGroup.name });
  if (outcome === 'pending') write({ event: 'pending', conversation: whereOf(line) });
}

function isKeyLine(line: ActLine | KeyLine): line is KeyLine {
  return v.is(keyLine, line);
}

function whereOf(line: ActLine): ConversationId | undefined {
  if ('invite' in line) return line.invite.conversation;
  if ('remove' in line) return line.remove.conversation;
  return 'leave' in line ? line.leave.conversation : undefined;
}

async function tellMembers(client: Client, conversation: ConversationId, write: Write): Promise<void> {
  const { members, pending } = await client.groups.members(conversation);
  const nameOf = async (id: UserId) => (await client.userById(id))?.address ?? id;
  const named = members.map(async ({ user, role }) => ({ user: await nameOf(user), role }));
  const waiting = pending.map(async ({ act, subject, by }) => {
    return { act, user: await nameOf(subject), by: await nameOf(by) };
  });
  write({ event: 'members', conversation, members: await Promise.all(named), pending: await Promise.all(waiting) });
}

async function sendFile({ files, partners, write, signal }: Chat, request: FileRequest): Promise<void> {
  const { path } = request;
  const message = await files.send(request, signal, (now) => write({ event: 'file', path, ...now }));
  write({ event: 'state', id: message.id, path, state: message.state });
  partners.meet(message.to);
}

async function save({ files, write, signal }: Chat, { id, folder }: { id: string; folder: string }): Promise<void> {
  const path = await files.save(parseMessageId(id), folder, signal, (now) => write({ event: 'file', id, ...now }));
  write({ event: 'saved', id, path });
}

async function report({ client, write }: Chat, request: ReportRequest): Promise<void> {
  await saveReport(client, request);
  write({ event: 'report', id: request.id, path: request.path });
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
