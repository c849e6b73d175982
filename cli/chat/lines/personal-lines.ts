// Lines about what is the own user's: whom one blocks, what others learn of one, what stands above the rest.
//
//   in   {"block":{"user":".."}}   {"unblock":{"user":".."}}     earlier messages stay; then as blocked
//        {"blocked":{}}            -> {"event":"blocked","users":[{"user":..,"since":..}]}
//        {"privacy":{"receipts":false,"presence":true}}     whether others learn what was read, and when one is here; either may be left out
//           -> {"event":"privacy","receipts":..,"presence":..,"hidden":{"receipts":..,"presence":..}}   hidden: by a policy, for everybody
//        {"onTop":{"conversation":"..","on":true}}     kept above the others in the list, on all devices of one's own
//           -> {"event":"on-top","conversations":[..]}
import * as v from 'valibot';
import { asTime } from '../../times.ts';
import { accountOf } from '../chat-keys.ts';
import { blockedIdOf, idOf, setPrivacy } from '../chat-lookups.ts';
import { type ChatLines, chatLine, conversation, type LineDesk, user } from './chat-line.ts';

const wish = v.optional(v.boolean());

export const PERSONAL_LINES: ChatLines = {
  block: chatLine({ user }, async (desk, line) => {
    await desk.client.contacts.block(await idOf(desk.client, line.user));
    await tellBlocked(desk);
  }),
  unblock: chatLine({ user }, async (desk, line) => {
    await desk.client.contacts.unblock(await blockedIdOf(desk.client, line.user));
    await tellBlocked(desk);
  }),
  blocked: chatLine({}, tellBlocked),
  privacy: chatLine({ receipts: wish, presence: wish }, async ({ client, write }, wished) => {
    write({ event: 'privacy', ...(await setPrivacy(accountOf(client), wished)) });
  }),
  onTop: chatLine({ conversation, on: v.optional(v.boolean(), true) }, async ({ client, write }, line) => {
    await client.setPinned(line.conversation, line.on);
    write({ event: 'on-top', conversations: client.pins() });
  }),
};

async function tellBlocked({ client, write }: LineDesk): Promise<void> {
  const blocked = await client.contacts.blocked();
  const users = blocked.map(({ user: who, at }) => ({ user: who.address || who.id, since: asTime(at) }));
  write({ event: 'blocked', users });
}
