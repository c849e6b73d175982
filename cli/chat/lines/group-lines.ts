// Lines about groups. A change of members or roles that the group's home is too far away for is answered by
// {"event":"pending","conversation":..}: it is done as soon as that branch is back.
//
//   in   {"newGroup":{"name":"..","members":["user@realm"],"kind":"group|news"}}       -> {"event":"group","conversation":..,"name":..}
//                       kind may be left out; in news the owner and administrators alone write
//        {"members":{"conversation":".."}}      -> {"event":"members","conversation":..,"kind":..,"members":[{"user":..,"role":..}],"pending":[..]}
//        {"invite":{"conversation":"..","user":"..","role":"owner|administrator|member"}}      role may be left out
//        {"remove":{"conversation":"..","user":".."}}   {"leave":{"conversation":".."}}
//        {"role":{"conversation":"..","user":"..","role":"owner|administrator|member"}}
//        {"name":{"conversation":"..","name":".."}}
import * as v from 'valibot';
import type { Client, GroupMembers } from '../../../src/client/client.ts';
import { MEMBER_ROLES } from '../../../src/crypto/roster.ts';
import type { ConversationId, UserId } from '../../../src/realm/ids.ts';
import { idOf } from '../chat-lookups.ts';
import { type ChatLines, chatLine, conversation, tellOutcome, user } from './chat-line.ts';

const name = v.string();
const role = v.picklist(MEMBER_ROLES);
const kind = v.optional(v.picklist(['group', 'news']), 'group');

export const GROUP_LINES: ChatLines = {
  newGroup: chatLine({ name, members: v.array(user), kind }, async ({ client, write }, group) => {
    const members = await Promise.all(group.members.map((address) => idOf(client, address)));
    const made = await client.groups.create({ ...group, members });
    write({ event: 'group', conversation: made, name: group.name });
  }),
  members: chatLine({ conversation }, async ({ client, write }, { conversation: where }) => {
    write(await membersEvent(client, where, await client.groups.members(where)));
  }),
  invite: chatLine({ conversation, user, role: v.optional(role, 'member') }, async (desk, { user: who, ...at }) => {
    const { groups } = desk.client;
    tellOutcome(desk, at.conversation, await groups.invite(at.conversation, [await idOf(desk.client, who)], at.role));
  }),
  remove: chatLine({ conversation, user }, async (desk, { conversation: where, user: who }) => {
    tellOutcome(desk, where, await desk.client.groups.remove(where, await idOf(desk.client, who)));
  }),
  role: chatLine({ conversation, user, role }, async (desk, { conversation: where, user: who, role: wished }) => {
    tellOutcome(desk, where, await desk.client.groups.setRole(where, await idOf(desk.client, who), wished));
  }),
  leave: chatLine({ conversation }, async (desk, { conversation: where }) => {
    tellOutcome(desk, where, await desk.client.groups.leave(where));
  }),
  name: chatLine({ conversation, name }, ({ client }, { conversation: where, name: wished }) =>
    client.act(where, { kind: 'profile', name: wished }),
  ),
};

async function membersEvent(client: Client, where: ConversationId, group: GroupMembers): Promise<object> {
  const nameOf = async (id: UserId) => (await client.userById(id))?.address ?? id;
  const named = group.members.map(async (one) => ({ user: await nameOf(one.user), role: one.role }));
  const waiting = group.pending.map(async ({ act, subject, by }) => {
    return { act, user: await nameOf(subject), by: await nameOf(by) };
  });
  const [members, pending] = await Promise.all([Promise.all(named), Promise.all(waiting)]);
  return { event: 'members', conversation: where, kind: group.kind, members, pending };
}
