// The commands of the chat for people that act in the conversation chosen: groups, and what is done to messages.
import type { Client } from '../../src/client/client.ts';
import { InputError } from '../../src/realm/errors.ts';
import type { ConversationId } from '../../src/realm/ids.ts';
import { newest, perform } from './chat-acts.ts';

export const ACTS_HELP = [
  '/group new NAME USER@BRANCH …   make a group and write to it from now on (write _ for a space in the name)',
  '/group NAME       write to this group from now on',
  '/invite USER@BRANCH, /leave     in the group chosen',
  '/reply TEXT       to the newest message of somebody else',
  '/react EMOJI      to the same',
  '/edit TEXT        your newest message',
  '/delete           your newest message, for all',
];

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
      await perform(client, { invite: { conversation: needed(chosen).conversation, user: text } });
      return { words: `${text} is invited` };
    case '/leave':
      await perform(client, { leave: { conversation: needed(chosen).conversation } });
      return { words: 'you left', left: true };
    case '/reply':
    case '/react':
    case '/edit':
    case '/delete':
      return change(client, needed(chosen).conversation, command, text);
    default:
      return undefined;
  }
}

async function make(client: Client, [name = '', ...members]: readonly string[]): Promise<Done> {
  if (name === '' || members.length === 0) throw new InputError('bad-input', '/group new NAME USER@BRANCH …');
  const group = name.replaceAll('_', ' ');
  const conversation = await perform(client, { newGroup: { name: group, members: [...members] } });
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
  const target = await newest(client, conversation, mine);
  if (!target) throw new InputError('message-unknown', 'There is no such message yet');
  const { id } = target;
  if (command === '/reply') await perform(client, { say: { conversation, text, replyTo: id } });
  else if (command === '/react') await perform(client, { react: { conversation, id, emoji: text, on: true } });
  else if (command === '/edit') await perform(client, { edit: { conversation, id, text } });
  else await perform(client, { delete: { conversation, id } });
  return { words: 'done' };
}

function needed(chosen: Chosen | undefined): Chosen {
  if (!chosen) throw new InputError('bad-input', 'Choose a colleague or a group first: /to, /group');
  return chosen;
}
