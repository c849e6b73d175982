// Commands about single messages and about what a conversation keeps. A message is named by its number, or is the newest that fits.
import type { ShownMessage } from '../../../src/client/client.ts';
import { codeOf, InputError } from '../../../src/realm/errors.ts';
import type { ConversationId } from '../../../src/realm/ids.ts';
import { parseDuration } from '../../duration.ts';
import { conversationOf, forwardMessage, type MessagePlace, newestMessages, pinnedMessages } from '../chat-lookups.ts';
import { REPORT_ENDING, saveReport } from '../chat-reports.ts';
import { groupCalled } from '../conversation-names.ts';
import { mentionsFor } from '../naming-members.ts';
import { messageLine } from '../shown-text.ts';
import { type ChatCommand, type ChatDesk, chosenIn, given } from './chat-command.ts';

export const MESSAGES: readonly ChatCommand[] = [
  { name: 'reply', takes: '[#N] TEXT', does: 'answer a message', run: reply },
  { name: 'react', takes: '[#N] EMOJI', does: 'add an emoji to a message', run: react },
  { name: 'forward', takes: '[#N] USER@BRANCH', does: 'pass it on; a group is named: [#N] NAME', run: forward },
  { name: 'edit', takes: '[#N] TEXT', does: 'change your message', run: edit },
  { name: 'delete', takes: '[#N]', does: 'take your message back, for everybody', run: takeBack },
  { name: 'hide', takes: '#N', does: 'delete a message for yourself alone', run: hide },
  { name: 'clear', does: 'delete this whole history for yourself alone', run: clear },
  { name: 'pin', takes: '[#N]', does: 'pin a message for all in this conversation', run: pin },
  { name: 'unpin', takes: '[#N]', does: 'pin it no more', run: unpin },
  { name: 'pins', does: 'the messages that are pinned here', run: tellPins },
  { name: 'timer', takes: '1h | off', does: 'what is said from now on goes 1h after reading', run: timer },
  { name: 'report', takes: '[#N] [FILE]', does: 'save proof of who wrote a message', run: report },
];

export const MESSAGES_NOTES: readonly string[] = [
  '#N is a number that /history, /find or /pins shows. Without one it is the newest',
  'message: yours for /edit and /delete, the last pinned for /unpin, of somebody',
  'else for the rest.',
];

const isMine = ({ mine }: ShownMessage) => mine;
const isOfOthers = ({ mine }: ShownMessage) => !mine;

/** The message that was named, and what else was typed. @throws InputError `message-unknown`, `bad-input` */
async function aimed(
  desk: ChatDesk,
  words: string,
  fits: (message: ShownMessage) => boolean,
): Promise<{ readonly place: MessagePlace; readonly rest: string }> {
  const { place, rest } = desk.numbers.read(words);
  if (place) return { place, rest };
  const { conversation } = chosenIn(desk);
  const [newest] = await newestMessages(desk.client, conversation, 1, fits);
  if (!newest) throw new InputError('message-unknown', 'There is no such message yet');
  return { place: { conversation, id: newest.id }, rest };
}

async function reply(desk: ChatDesk, words: string): Promise<void> {
  const { place, rest } = await aimed(desk, words, isOfOthers);
  const text = given(rest, '/reply TEXT');
  const mentions = await mentionsFor(desk.client, place.conversation, text);
  await desk.client.act(place.conversation, { kind: 'text', text, replyTo: place.id, ...mentions });
  desk.quiet('answered');
}

async function react(desk: ChatDesk, words: string): Promise<void> {
  const { place, rest } = await aimed(desk, words, isOfOthers);
  const emoji = given(rest, '/react EMOJI');
  await desk.client.act(place.conversation, { kind: 'reaction', target: place.id, emoji, on: true });
  desk.quiet('done');
}

async function edit(desk: ChatDesk, words: string): Promise<void> {
  const { place, rest } = await aimed(desk, words, isMine);
  const text = given(rest, '/edit TEXT');
  const mentions = await mentionsFor(desk.client, place.conversation, text);
  await desk.client.act(place.conversation, { kind: 'edit', target: place.id, text, ...mentions });
  desk.quiet('changed');
}

async function takeBack(desk: ChatDesk, words: string): Promise<void> {
  const { place } = await aimed(desk, words, isMine);
  await desk.client.act(place.conversation, { kind: 'delete', targets: [place.id] });
  desk.quiet('deleted for everybody');
}

/** Never the newest: another one may have come while this was typed. */
async function hide(desk: ChatDesk, words: string): Promise<void> {
  const { place } = desk.numbers.read(words);
  if (!place) throw new InputError('bad-input', 'Say which: /history gives numbers, then /hide #N');
  await desk.client.hide(place.conversation, [place.id]);
  desk.quiet('deleted for you, on all your devices; others keep it');
}

async function clear(desk: ChatDesk, words: string): Promise<void> {
  const { conversation, group, colleague } = chosenIn(desk);
  const who = group === undefined ? `with ${colleague}` : `of ${group}`;
  if (words !== 'yes') {
    return desk.print(
      `All messages ${who} go from all your devices, and do not come back. Others keep theirs. Sure? /clear yes`,
    );
  }
  await desk.client.clearHistory(conversation);
  desk.quiet(`the history ${who} is deleted for you`);
}

async function forward(desk: ChatDesk, words: string): Promise<void> {
  const { place, rest } = await aimed(desk, words, isOfOthers);
  const to = given(rest, '/forward USER@BRANCH');
  try {
    await forwardMessage(desk.client, place, await conversationNamed(desk, to));
  } catch (error) {
    if (codeOf(error) !== 'conversation-unknown' || !to.includes('@')) throw error;
    throw new InputError(
      'conversation-unknown',
      `You have no conversation with ${to} yet. Write to them first: /to ${to}`,
    );
  }
  desk.quiet(`forwarded to ${to}`);
}

function conversationNamed({ client }: ChatDesk, to: string): Promise<ConversationId> {
  return to.includes('@') ? conversationOf(client, to) : groupCalled(client, to);
}

async function pin(desk: ChatDesk, words: string): Promise<void> {
  const { place } = await aimed(desk, words, isOfOthers);
  await desk.client.act(place.conversation, { kind: 'pin', target: place.id, on: true });
  desk.quiet('pinned for all');
}

async function unpin(desk: ChatDesk, words: string): Promise<void> {
  const { place } = await aimed(desk, words, ({ pinned }) => pinned);
  await desk.client.act(place.conversation, { kind: 'pin', target: place.id, on: false });
  desk.quiet('pinned no more');
}

async function tellPins(desk: ChatDesk): Promise<void> {
  const { conversation } = chosenIn(desk);
  const pinned = await pinnedMessages(desk.client, conversation);
  if (pinned.length === 0) desk.quiet('nothing is pinned here');
  for (const message of pinned) {
    const number = desk.numbers.give({ conversation, id: message.id });
    desk.print(`#${number} ${await messageLine(desk.client, message)}`);
  }
}

async function timer(desk: ChatDesk, words: string): Promise<void> {
  const { conversation } = chosenIn(desk);
  const expiresAfter = words === 'off' ? 0 : parseDuration(given(words, '/timer 1h, or /timer off'));
  await desk.client.act(conversation, { kind: 'timer', expiresAfter });
  desk.quiet(expiresAfter === 0 ? 'messages stay' : `messages disappear ${words} after they are read`);
}

async function report(desk: ChatDesk, words: string): Promise<void> {
  const { place, rest } = await aimed(desk, words, isOfOthers);
  const path = rest || `message-${place.id.slice(0, 8)}${REPORT_ENDING}`;
  await saveReport(desk.client, { ...place, path });
  desk.quiet(`saved as ${path}; \`canopy evidence verify\` tells anybody who wrote it, and shows them this message`);
}
