// What the chat for people does in a conversation besides plain messages to one person: groups, replies, edits, deletions, reactions.
import * as v from 'valibot';
import type { Client, Outcome } from '../../src/client/client.ts';
import { type ConversationId, parseConversationId, parseMessageId } from '../../src/realm/ids.ts';
import { idOf } from './chat-lookups.ts';

const conversation = v.pipe(v.string(), v.uuid(), v.transform(parseConversationId));
const id = v.pipe(v.string(), v.uuid(), v.transform(parseMessageId));
/** Milliseconds; a hundred years are as good as for ever. */
const span = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100 * 365 * 86_400_000));

const actLine = v.union([
  v.strictObject({ newGroup: v.strictObject({ name: v.string(), members: v.array(v.string()) }) }),
  v.strictObject({ invite: v.strictObject({ conversation, user: v.string() }) }),
  v.strictObject({ remove: v.strictObject({ conversation, user: v.string() }) }),
  v.strictObject({ leave: v.strictObject({ conversation }) }),
  v.strictObject({ members: v.strictObject({ conversation }) }),
  v.strictObject({ say: v.strictObject({ conversation, text: v.string(), replyTo: v.optional(id) }) }),
  v.strictObject({ edit: v.strictObject({ conversation, id, text: v.string() }) }),
  v.strictObject({ delete: v.strictObject({ conversation, id }) }),
  v.strictObject({ react: v.strictObject({ conversation, id, emoji: v.string(), on: v.optional(v.boolean(), true) }) }),
  v.strictObject({ timer: v.strictObject({ conversation, expiresAfter: span }) }),
]);
type ActLine = v.InferOutput<typeof actLine>;

interface Performed {
  /** Of a new group. */
  readonly conversation?: ConversationId;
  /** Of a change of members. */
  readonly outcome?: Outcome;
}

/** @throws what the client throws */
export async function perform(client: Client, line: ActLine): Promise<Performed> {
  if ('newGroup' in line) {
    const members = await Promise.all(line.newGroup.members.map((address) => idOf(client, address)));
    return { conversation: await client.groups.create({ name: line.newGroup.name, members }) };
  }
  if ('invite' in line) {
    const { conversation: where, user } = line.invite;
    return { outcome: await client.groups.invite(where, [await idOf(client, user)]) };
  }
  if ('remove' in line) {
    return { outcome: await client.groups.remove(line.remove.conversation, await idOf(client, line.remove.user)) };
  }
  if ('leave' in line) return { outcome: await client.groups.leave(line.leave.conversation) };
  if (!('members' in line)) await write(client, line);
  return {};
}

type Written = Extract<
  ActLine,
  { say: unknown } | { edit: unknown } | { delete: unknown } | { react: unknown } | { timer: unknown }
>;

async function write(client: Client, line: Written): Promise<void> {
  if ('say' in line) {
    const { conversation: where, text, replyTo } = line.say;
    await client.act(where, { kind: 'text', text, ...(replyTo && { replyTo }) });
  } else if ('edit' in line) {
    await client.act(line.edit.conversation, { kind: 'edit', target: line.edit.id, text: line.edit.text });
  } else if ('delete' in line) {
    await client.act(line.delete.conversation, { kind: 'delete', targets: [line.delete.id] });
  } else if ('timer' in line) {
    await client.act(line.timer.conversation, { kind: 'timer', expiresAfter: line.timer.expiresAfter });
  } else {
    const { conversation: where, id: target, emoji, on } = line.react;
    await client.act(where, { kind: 'reaction', target, emoji, on });
  }
}
