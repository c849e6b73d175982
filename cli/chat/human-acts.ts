// The commands of the chat for people that act in the conversation chosen: groups, and what is done to messages.
import type { Client } from '../../src/client/client.ts';
import { InputError } from '../../src/realm/errors.ts';
import type { ConversationId, UserId } from '../../src/realm/ids.ts';
import { parseDuration } from '../duration.ts';
import { perform } from './chat-acts.ts';
import { newestMessages } from './chat-lookups.ts';
import { REPORT_ENDING, saveReport } from './chat-reports.ts';

export const ACTS_HELP = [
  '/group new NAME USER@BRANCH …   make a group and write to it from now on (write _ for a space in the name)',
  '/group NAME       write to this group from now on',
  '/members          of the group chosen, and what is still to be done',
  '/invite USER@BRANCH, /remove USER@BRANCH, /leave     in the group chosen',
  '/reply TEXT       to the newest message of somebody else',
  '/react EMOJI      to the same',
  '/edit TEXT        your newest message',
  '/delete           your newest message, for all',
  '/timer 1h, /timer off     after which time what is said from now on disappears once it is read',
  '/report [FILE]    save proof of who wrote the newest message of somebody else',
];

/** What follows the name of whoever it is about. */
const PENDING = 'waits: the branch that keeps this group is out of reach, and it is done as soon as it is back';
const WISHES = { remove: 'remove', role: 'another role for', add: 'invite' } as const;

export interface Chosen {
  readonly conversation: ConversationId;
  /** Of a group. */
  readonly group?: string;
}

/** What was done, in words, and what is chosen from now on; undefined for a line that is no such command. */
export interface Done {
  readonly words: string;
  readonly chosen?: Chosen;
  /** Nothing is chosen any more. */
  readonly left?: boolean;
}

export async function actByLine(client: Client, chosen: Chosen | undefined, line: string): Promise<Done | undefined> {
  const [command = '', ...words] = line.split(/\s+/);
  if (command === '/group') return words[0] === 'new' ? make(client, words.slice(1)) : choose(client, words.join(' '));
  const text = line.slice(command.length).trim();
  switch (command) {
    case '/invite':
      return { words: `${text} ${await outcome(client, 'invite', chosen, text, 'is invited')}` };
    case '/remove':
      return { words: `${text} ${await outcome(client, 'remove', chosen, text, 'is removed')}` };
    case '/members':
      return { words: await membersOf(client, needed(chosen).conversation) };
    case '/leave':
      return leave(client, needed(chosen).conversation);
    case '/timer':
      return timer(client, needed(chosen).conversation, text);
    case '/report':
      return report(client, needed(chosen).conversation, text);
    case '/reply':
    case '/react':
    case '/edit':
    case '/delete':
      return change(client, needed(chosen).conversation, command, text);
    default:
      return undefined;
  }
}

async function outcome(
  client: Client,
  act: 'invite' | 'remove',
  chosen: Chosen | undefined,
  user: string,
  done: string,
): Promise<string> {
  const { conversation } = needed(chosen);
  const line = act === 'invite' ? { invite: { conversation, user } } : { remove: { conversation, user } };
  return (await perform(client, line)).outcome === 'pending' ? PENDING : done;
}

async function leave(client: Client, conversation: ConversationId): Promise<Done> {
  const { outcome: way } = await perform(client, { leave: { conversation } });
  return way === 'pending' ? { words: `you ${PENDING}` } : { words: 'you left', left: true };
}

async function membersOf(client: Client, conversation: ConversationId): Promise<string> {
  const { members, pending } = await client.groups.members(conversation);
  const nameOf = async (id: UserId) => (await client.userById(id))?.address ?? id;
  const rows = await Promise.all(members.map(async ({ user, role }) => `${await nameOf(user)} (${role})`));
  const waiting = await Promise.all(
    pending.map(
      async ({ act, subject, by }) => `${WISHES[act]} ${await nameOf(subject)}, asked for by ${await nameOf(by)}`,
    ),
  );
  return [rows.join(', '), ...waiting.map((one) => `pending: ${one}`)].join('; ');
}

async function make(client: Client, [name = '', ...members]: readonly string[]): Promise<Done> {
  if (name === '' || members.length === 0) throw new InputError('bad-input', '/group new NAME USER@BRANCH …');
  const group = name.replaceAll('_', ' ');
  const { conversation } = await perform(client, { newGroup: { name: group, members: [...members] } });
  if (!conversation) throw new InputError('bad-input', 'no group was made');
  return { words: `to the group ${group}`, chosen: { conversation, group } };
}

/** By the name that its members gave it. */
async function choose(client: Client, name: string): Promise<Done> {
  for (const { id } of await client.conversations()) {
    const timeline = await client.timeline(id);
    const found = timeline.view().name;
    timeline.close();
    if (found === name) return { words: `to the group ${name}`, chosen: { conversation: id, group: name } };
  }
  throw new InputError('conversation-unknown', `No group is called ${name}`);
}

async function change(client: Client, conversation: ConversationId, command: string, text: string): Promise<Done> {
  const mine = command === '/edit' || command === '/delete';
  const [target] = await newestMessages(client, conversation, 1, (one) => one.mine === mine);
  if (!target) throw new InputError('message-unknown', 'There is no such message yet');
  const { id } = target;
  if (command === '/reply') await perform(client, { say: { conversation, text, replyTo: id } });
  else if (command === '/react') await perform(client, { react: { conversation, id, emoji: text, on: true } });
  else if (command === '/edit') await perform(client, { edit: { conversation, id, text } });
  else await perform(client, { delete: { conversation, id } });
  return { words: 'done' };
}

async function timer(client: Client, conversation: ConversationId, text: string): Promise<Done> {
  const expiresAfter = text === 'off' ? 0 : parseDuration(text);
  await perform(client, { timer: { conversation, expiresAfter } });
  return { words: expiresAfter === 0 ? 'messages stay' : `messages disappear ${text} after they are read` };
}

async function report(client: Client, conversation: ConversationId, file: string): Promise<Done> {
  const [target] = await newestMessages(client, conversation, 1, (one) => !one.mine);
  if (!target) throw new InputError('message-unknown', 'There is no such message yet');
  const { id } = target;
  const path = file || `message-${id.slice(0, 8)}${REPORT_ENDING}`;
  await saveReport(client, { conversation, id, path });
  return {
    words: `saved as ${path}; \`canopy evidence verify\` tells anybody who wrote it, and shows them this message`,
  };
}

function needed(chosen: Chosen | undefined): Chosen {
  if (!chosen) throw new InputError('bad-input', 'Choose a colleague or a group first: /to, /group');
  return chosen;
}
