// Lines about what is said in a conversation that there is, of two or of a group.
//
//   in   {"say":{"conversation":"..","text":"..","replyTo":"..","mentions":["user@realm"]}}    replyTo and mentions may be left out
//        {"edit":{"conversation":"..","id":"..","text":"..","mentions":[..]}}     who is not named again is named no more
//        {"delete":{"conversation":"..","id":".."}}      for all
//        {"hide":{"conversation":"..","id":".."}}        for oneself alone, on all devices of one's own
//        {"clear":{"conversation":".."}}                 the history, for oneself alone
//        {"react":{"conversation":"..","id":"..","emoji":"..","on":true}}     on may be left out
//        {"pin":{"conversation":"..","id":"..","on":true}}                    likewise
//        {"pins":{"conversation":".."}}         -> {"event":"pins","conversation":..,"messages":[{"id":..,"from":..,"text":..,"sentAt":..}]}
//        {"forward":{"conversation":"..","id":"..","to":".."}}     to: a conversation's id, or user@realm of whom there is one with
//        {"timer":{"conversation":"..","expiresAfter":3600000}}     milliseconds from reading, 0 for off
//        {"search":{"words":"..","conversation":"..","limit":50}}    over what this device holds; words by their beginning
//           -> {"event":"found","words":..,"messages":[{"conversation":..,"id":..,"from":..,"text":..,"sentAt":..}]}   newest first
import * as v from 'valibot';
import type { Client } from '../../../src/client/client.ts';
import type { MessageId, UserId } from '../../../src/realm/ids.ts';
import { asTime } from '../../times.ts';
import { conversationOf, forwardMessage, idOf, pinnedMessages } from '../chat-lookups.ts';
import { type ChatLines, chatLine, conversation, messageId, user } from './chat-line.ts';

const id = messageId;
const text = v.string();
const on = v.optional(v.boolean(), true);
const mentions = v.optional(v.array(user), []);
/** Milliseconds; a hundred years are as good as for ever. */
const span = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100 * 365 * 86_400_000));
/** Hits of one answer. */
const limit = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(500)), 50);

export const MESSAGE_LINES: ChatLines = {
  say: chatLine({ conversation, text, replyTo: v.optional(id), mentions }, async ({ client }, line) => {
    const reply = line.replyTo && { replyTo: line.replyTo };
    await client.act(line.conversation, {
      kind: 'text',
      text: line.text,
      ...reply,
      ...(await named(client, line.mentions)),
    });
  }),
  edit: chatLine({ conversation, id, text, mentions }, async ({ client }, line) => {
    const said = { target: line.id, text: line.text, ...(await named(client, line.mentions)) };
    await client.act(line.conversation, { kind: 'edit', ...said });
  }),
  delete: chatLine({ conversation, id }, ({ client }, line) =>
    client.act(line.conversation, { kind: 'delete', targets: [line.id] }),
  ),
  hide: chatLine({ conversation, id }, ({ client }, line) => client.hide(line.conversation, [line.id])),
  clear: chatLine({ conversation }, ({ client }, line) => client.clearHistory(line.conversation)),
  react: chatLine({ conversation, id, emoji: v.string(), on }, ({ client }, line) =>
    client.act(line.conversation, { kind: 'reaction', target: line.id, emoji: line.emoji, on: line.on }),
  ),
  pin: chatLine({ conversation, id, on }, ({ client }, line) =>
    client.act(line.conversation, { kind: 'pin', target: line.id, on: line.on }),
  ),
  pins: chatLine({ conversation }, async ({ client, write }, line) => {
    const pinned = await pinnedMessages(client, line.conversation);
    const messages = await Promise.all(pinned.map((one) => told(client, one)));
    write({ event: 'pins', conversation: line.conversation, messages });
  }),
  forward: chatLine({ conversation, id, to: v.string() }, async ({ client }, line) =>
    forwardMessage(client, line, await conversationOf(client, line.to)),
  ),
  timer: chatLine({ conversation, expiresAfter: span }, ({ client }, line) =>
    client.act(line.conversation, { kind: 'timer', expiresAfter: line.expiresAfter }),
  ),
  search: chatLine({ words: v.string(), conversation: v.optional(conversation), limit }, async (desk, line) => {
    const { client, write } = desk;
    const where = line.conversation && { conversation: line.conversation };
    const hits = await client.search(line.words, { ...where, limit: line.limit });
    const messages = hits.map(async (hit) => ({ conversation: hit.conversation, ...(await told(client, hit)) }));
    write({ event: 'found', words: line.words, messages: await Promise.all(messages) });
  }),
};

async function named(client: Client, addresses: readonly string[]): Promise<{ mentions?: readonly UserId[] }> {
  if (addresses.length === 0) return {};
  return { mentions: await Promise.all(addresses.map((address) => idOf(client, address))) };
}

interface Told {
  readonly id: MessageId;
  readonly sender: UserId;
  readonly text?: string;
  readonly sentAt: number;
}

async function told(client: Client, { id: message, sender, text: said, sentAt }: Told): Promise<object> {
  const from = (await client.userById(sender))?.address ?? sender;
  return { id: message, from, text: said ?? null, sentAt: asTime(sentAt) };
}
