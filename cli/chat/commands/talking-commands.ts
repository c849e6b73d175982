// Commands to choose whom to write to, to look back, and for files.
import { english, sentenceOf } from '../../../src/client/client.ts';
import { InputError } from '../../../src/realm/errors.ts';
import { newestMessages } from '../chat-lookups.ts';
import { groupCalled, groupName, nameOf } from '../conversation-names.ts';
import { addressOf, clock, labelOf, messageLine } from '../shown-text.ts';
import { type ChatCommand, type ChatDesk, chosenIn, given } from './chat-command.ts';

/** Messages that are listed at once. */
const LISTED = 10;
const MAX_LISTED = 500;
/** Hits of a search that are listed. */
const MAX_HITS = 20;

export const TALKING: readonly ChatCommand[] = [
  { name: 'to', takes: 'USER@BRANCH', does: 'write to this colleague from now on', run: chooseColleague },
  { name: 'group', takes: 'NAME', does: 'write to this group from now on', run: chooseGroup },
  { name: 'who', does: 'your conversations, and what is unread', run: tellWho },
  { name: 'history', takes: '[COUNT]', does: 'the newest messages, each with its number', run: tellHistory },
  { name: 'find', takes: 'WORDS', does: 'search in all that this computer holds', run: find },
  { name: 'send', takes: 'PATH', does: 'send this file to the colleague chosen', run: sendFile },
  { name: 'save', takes: '[FOLDER]', does: 'fetch the file that came last', run: saveFile },
  { name: 'quit', does: 'end the chat (or Ctrl+D)', run: (desk) => desk.end() },
];

async function chooseColleague(desk: ChatDesk, words: string): Promise<void> {
  const address = given(words, '/to USER@BRANCH');
  const user = await desk.client.findUser(address);
  if (!user) return desk.print(sentenceOf(english, 'user-unknown', { address }));
  desk.chosen = { conversation: desk.client.conversationWith(user), colleague: user.address };
  desk.partners.meet([user]);
  desk.quiet(`to ${labelOf(user)}`);
}

async function chooseGroup(desk: ChatDesk, words: string): Promise<void> {
  const group = given(words, '/group NAME');
  desk.chosen = { conversation: await groupCalled(desk.client, group), group };
  desk.quiet(`to the group ${group}`);
}

async function tellWho({ client, muted, print }: ChatDesk): Promise<void> {
  const conversations = await client.conversations();
  if (conversations.length === 0) return print('Nobody here yet. Type /to and a colleague’s address.');
  const pins = client.pins();
  const place = ({ id }: { id: (typeof pins)[number] }) => (pins.includes(id) ? pins.indexOf(id) : pins.length);
  for (const conversation of conversations.toSorted((a, b) => place(a) - place(b))) {
    const { id, unread } = conversation;
    const marks = [
      unread > 0 ? `${unread} unread` : '',
      pins.includes(id) ? 'on top' : '',
      muted.has(id) ? 'muted' : '',
    ];
    print([await nameOf(client, conversation, labelOf), ...marks].filter((part) => part !== '').join('  '));
  }
}

async function tellHistory(desk: ChatDesk, words: string): Promise<void> {
  const count = words === '' ? LISTED : Number(words);
  if (!Number.isInteger(count) || count < 1 || count > MAX_LISTED) {
    throw new InputError('bad-input', `"${words}" is not a number from 1 to ${MAX_LISTED}: /history ${LISTED}`);
  }
  const { conversation } = chosenIn(desk);
  const messages = await newestMessages(desk.client, conversation, count);
  if (messages.length === 0) desk.quiet('no messages yet');
  for (const message of messages) {
    const number = desk.numbers.give({ conversation, id: message.id });
    desk.print(`#${number} ${await messageLine(desk.client, message)}`);
  }
}

async function find({ client, numbers, print, quiet }: ChatDesk, words: string): Promise<void> {
  const hits = await client.search(given(words, '/find WORDS'), { limit: MAX_HITS });
  if (hits.length === 0) return quiet(`nothing here says "${words}"`);
  for (const hit of hits.toReversed()) {
    const group = await groupName(client, hit.conversation);
    const from = await addressOf(client, hit.sender);
    const where = group === undefined ? '' : ` in ${group}`;
    print(`#${numbers.give(hit)} ${clock(hit.sentAt)} ${from}${where}  ${hit.text}`);
  }
  if (hits.length === MAX_HITS) quiet(`the newest ${MAX_HITS}; more words find fewer`);
}

async function sendFile({ chosen, files, signal, progressOf, print }: ChatDesk, words: string): Promise<void> {
  const path = given(words, '/send PATH');
  if (chosen?.colleague === undefined) return print('Choose a colleague first: /to USER@BRANCH');
  await files.send({ to: chosen.colleague, path }, signal, progressOf(`sending ${path}`));
}

async function saveFile({ files, signal, progressOf, print, quiet }: ChatDesk, words: string): Promise<void> {
  const { newest } = files;
  if (newest === undefined) return print('No file came yet.');
  quiet(`saved as ${await files.save(newest, words || '.', signal, progressOf('fetching'))}`);
}
