// What a terminal chat does in a conversation besides plain messages to one person: groups, replies, edits, deletions, reactions. The JSON
// chat names conversation and message; the chat for people means the one that was chosen and the newest message there.
//
//   in   {"newGroup":{"name":"..","members":["user@realm"]}}       -> {"event":"group","conversation":..,"name":..}
//        {"invite":{"conversation":"..","user":".."}}   {"remove":{"conversation":"..","user":".."}}   {"leave":{"conversation":".."}}
//           -> {"event":"pending","conversation":..} when the branch that keeps the group is out of reach: done as soon as it is back
//        {"members":{"conversation":".."}}      -> {"event":"members","conversation":..,"members":[..],"pending":[..]}
//        {"say":{"conversation":"..","text":"..","replyTo":".."}}    replyTo may be left out
//        {"edit":{"conversation":"..","id":"..","text":".."}}   {"delete":{"conversation":"..","id":".."}}
//        {"react":{"conversation":"..","id":"..","emoji":"..","on":true}}     on may be left out
//        {"timer":{"conversation":"..","expiresAfter":3600000}}     milliseconds from reading, 0 for off
import * as v from 'valibot';
import { type Client, english, type Outcome, type ShownMessage, sentenceOf } from '../../src/client/client.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import { type ConversationId, parseConversationId, parseMessageId, type UserId } from '../../src/realm/ids.ts';

const conversation = v.pipe(v.string(), v.uuid(), v.transform(parseConversationId));
const id = v.pipe(v.string(), v.uuid(), v.transform(parseMessageId));
/** Milliseconds; a hundred years are as good as for ever. */
const span = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100 * 365 * 86_400_000));

export const actLine = v.union([
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
export type ActLine = v.InferOutput<typeof actLine>;

export interface Performed {
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

/** The newest message that is there: of the own user, or of others. */
export async function newest(client: Client, where: ConversationId, mine: boolean): Promise<ShownMessage | undefined> {
  const timeline = await client.timeline(where);
  try {
    const messages = timeline.view().items.filter((item) => item.kind === 'message');
    return messages.findLast((one) => one.mine === mine && one.deletedBy === undefined);
  } finally {
    timeline.close();
  }
}

export async function idOf(client: Client, address: string): Promise<UserId> {
  const user = await client.findUser(address);
  if (!user) throw new RefusedError('user-unknown', sentenceOf(english, 'user-unknown', { address }));
  return user.id;
}
