// Commands about the group chosen, and those that make one.
import type { Outcome } from '../../../src/client/client.ts';
import { MEMBER_ROLES, type MemberRole } from '../../../src/crypto/roster.ts';
import { InputError } from '../../../src/realm/errors.ts';
import { idOf } from '../chat-lookups.ts';
import { addressOf } from '../shown-text.ts';
import { type ChatCommand, type ChatDesk, chosenIn, given } from './chat-command.ts';

const NEW = { group: '/group new NAME USER@BRANCH …', news: '/news NAME USER@BRANCH …' } as const;
/** What follows the name of whoever it is about. */
const PENDING = 'waits: the branch that keeps this group is out of reach, and it is done as soon as it is back';
const WISHES = { remove: 'remove', role: 'another role for', add: 'invite' } as const;

export const GROUPS: readonly ChatCommand[] = [
  {
    name: 'group new',
    takes: 'NAME USER@BRANCH …',
    does: 'make a group',
    run: (desk, words) => makeGroup(desk, 'group', words),
  },
  {
    name: 'news',
    takes: 'NAME USER@BRANCH …',
    does: 'a group where only you and administrators post',
    run: (desk, words) => makeGroup(desk, 'news', words),
  },
  { name: 'members', does: 'who is in it, their roles, what is still to do', run: tellMembers },
  { name: 'invite', takes: 'USER@BRANCH', does: 'bring somebody in', run: invite },
  { name: 'remove', takes: 'USER@BRANCH', does: 'take somebody out', run: remove },
  { name: 'role', takes: 'USER@BRANCH ROLE', does: 'owner, administrator or member', run: giveRole },
  { name: 'name', takes: 'NEW NAME', does: 'give the group another name', run: rename },
  { name: 'leave', does: 'leave the group', run: leave },
];

export const GROUPS_NOTES: readonly string[] = [
  'For a space in the name of a new group write _ ; in /name write it as it is.',
  '@login in a message names a member, who is told so.',
];

async function makeGroup(desk: ChatDesk, kind: 'group' | 'news', words: string): Promise<void> {
  const [typed = '', ...addresses] = words.split(/\s+/);
  if (typed === '' || addresses.length === 0)
    throw new InputError('bad-input', `Name and members are missing: ${NEW[kind]}`);
  const name = typed.replaceAll('_', ' ');
  const members = await Promise.all(addresses.map((address) => idOf(desk.client, address)));
  desk.chosen = { conversation: await desk.client.groups.create({ name, kind, members }), group: name };
  desk.quiet(`to the ${kind === 'news' ? 'news group' : 'group'} ${name}`);
}

async function tellMembers(desk: ChatDesk): Promise<void> {
  const { client } = desk;
  const { kind, members, pending } = await client.groups.members(chosenIn(desk).conversation);
  if (kind === 'news') desk.print('news: its owner and administrators write');
  for (const { user, role } of members) desk.print(`${await addressOf(client, user)} (${role})`);
  for (const { act, subject, by } of pending) {
    desk.print(
      `pending: ${WISHES[act]} ${await addressOf(client, subject)}, asked for by ${await addressOf(client, by)}`,
    );
  }
}

async function invite(desk: ChatDesk, words: string): Promise<void> {
  const { conversation } = groupOf(desk);
  const address = given(words, '/invite USER@BRANCH');
  const outcome = await desk.client.groups.invite(conversation, [await idOf(desk.client, address)]);
  desk.quiet(`${address} ${told(outcome, 'is invited')}`);
}

async function remove(desk: ChatDesk, words: string): Promise<void> {
  const { conversation } = groupOf(desk);
  const address = given(words, '/remove USER@BRANCH');
  const outcome = await desk.client.groups.remove(conversation, await idOf(desk.client, address));
  desk.quiet(`${address} ${told(outcome, 'is removed')}`);
}

async function giveRole(desk: ChatDesk, words: string): Promise<void> {
  const { conversation } = groupOf(desk);
  const [address = '', role = ''] = words.split(/\s+/);
  if (!isRole(role)) {
    throw new InputError('bad-input', `"${role}" is not a role: /role USER@BRANCH ${MEMBER_ROLES.join('|')}`);
  }
  const outcome = await desk.client.groups.setRole(conversation, await idOf(desk.client, address), role);
  desk.quiet(`${address} ${told(outcome, `is ${role} now`)}`);
}

function isRole(text: string): text is MemberRole {
  return MEMBER_ROLES.some((role) => role === text);
}

async function rename(desk: ChatDesk, words: string): Promise<void> {
  const { conversation } = groupOf(desk);
  const name = given(words, '/name NEW NAME');
  await desk.client.act(conversation, { kind: 'profile', name });
  desk.chosen = { conversation, group: name };
  desk.quiet(`the group is called ${name} now`);
}

async function leave(desk: ChatDesk): Promise<void> {
  const outcome = await desk.client.groups.leave(groupOf(desk).conversation);
  if (outcome === 'done') desk.chosen = undefined;
  desk.quiet(`you ${told(outcome, 'left')}`);
}

function told(outcome: Outcome, done: string): string {
  return outcome === 'pending' ? PENDING : done;
}

/** @throws InputError `bad-input` */
function groupOf(desk: ChatDesk) {
  const chosen = chosenIn(desk);
  if (chosen.group === undefined)
    throw new InputError('bad-input', 'That is for groups. Choose one first: /group NAME');
  return chosen;
}
