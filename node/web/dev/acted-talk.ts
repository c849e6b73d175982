// What has been said on the acted server: every kind of content at least once.
import type { Act, User } from '../../../src/client/client.ts';
import type { MessageState, OpenedEvent } from '../../../src/client/timeline/events.ts';
import { type ConversationId, type MessageId, parseDeviceId, parseMessageId } from '../../../src/realm/ids.ts';
import { ACCOUNTS, CLERK, conversationOf, DRAWING, ENGINEER, SCRIPT, WORKS, WORKS_PEOPLE } from './acted-people.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
const DEVICE = parseDeviceId('00000000-0000-4000-8000-0000000000d1');

export interface Said {
  readonly by: User;
  readonly in: ConversationId;
  readonly to: readonly User[];
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly state?: MessageState;
  /** Milliseconds on its way. */
  readonly late?: number;
}

export function actedId(n: number): MessageId {
  return parseMessageId(`00000000-0000-4000-9000-${String(n).padStart(12, '0')}`);
}

export function eventOf(id: MessageId, said: Said, content: Act | undefined): OpenedEvent {
  const { by, to, at, state = 'stored', late = 0 } = said;
  return {
    id,
    conversation: said.in,
    sender: by.id,
    device: DEVICE,
    recipients: to.map((user) => user.id),
    ...(state !== 'queued' && { stamp: { ms: at, counter: 0 }, arrivedAt: at + late }),
    role: 'owner',
    state,
    ...(content ? { content: { ...content, sentAt: at } } : { problem: 'epoch-unknown' }),
  };
}

/** Longer than a screen. */
const OFFER: string = [
  'Перелік на жовтень, як домовлялися. Суми без податку:',
  ...Array.from({ length: 36 }, (_, index) => `${index + 1}. Аркуш ${index + 12}, друк у двох примірниках, 184 грн`),
].join('\n');

/** Of all conversations, as of `now`; with pinned messages if wished. */
export function actedTalk(now: number, withPinned = false): OpenedEvent[] {
  let count = 0;
  const events: OpenedEvent[] = [];
  const act = (said: Said, content: Act | undefined): MessageId => {
    count += 1;
    events.push(eventOf(actedId(count), said, content));
    return actedId(count);
  };
  const say = (person: User, ago: number, text: string, state?: MessageState): MessageId =>
    act(saidBy(person, now - ago, state), { kind: 'text', text });
  earlier(say);
  say(SCRIPT, 4 * DAY, '<script>alert(1)</script>');
  say(ACCOUNTS, DAY, 'The invoice for October is missing a stamp.');
  say(ACCOUNTS, DAY - MINUTE, 'And the one for September came twice.');
  say(ACCOUNTS, DAY - 2 * MINUTE, 'Рахунок за вересень прийшов двічі, перевірте, будь ласка, який із них чинний.');
  say(ACCOUNTS, DAY - 3 * MINUTE, OFFER);
  withEngineer(now, say, act);
  say(DRAWING, 50 * MINUTE, 'Printed, both copies.', 'delivered');
  inGroup(now, act);
  if (withPinned) pinTwo(now, act, events);
  return events;
}

type Say = (person: User, ago: number, text: string, state?: MessageState) => MessageId;
type ActIn = (said: Said, content: Act | undefined) => MessageId;

function saidBy(person: User, at: number, state?: MessageState): Said {
  const mine = state !== undefined;
  const room = { in: conversationOf(person), at };
  return mine ? { ...room, by: CLERK, to: [person], state } : { ...room, by: person, to: [CLERK] };
}

function earlier(say: Say): void {
  for (let index = 0; index < 120; index++) {
    const ago = 9 * DAY - index * 11 * MINUTE;
    if (index % 3 === 0) say(ENGINEER, ago, `Sheet ${index} is checked.`, 'read');
    else say(ENGINEER, ago, `Sheet ${index + 1} needs another look at the north stair.`);
  }
}

function withEngineer(now: number, say: Say, act: ActIn): void {
  const folder = say(ENGINEER, DAY + 40 * MINUTE, 'The drawings are in the folder.');
  say(ENGINEER, DAY + 39 * MINUTE, 'Look at sheet 4 first: the load on the second beam is new.');
  act(saidBy(ENGINEER, now - DAY - 12 * MINUTE, 'read'), { kind: 'text', text: 'On it.', replyTo: folder });
  act(saidBy(ENGINEER, now - DAY - 12 * MINUTE + 5), { kind: 'reaction', target: folder, emoji: '👍', on: true });
  const long =
    'Sheet 4 has the old title block, by the way. I will send it back with a note once the rest is through, so that you have it all in one go.';
  const title = say(ENGINEER, DAY + 11 * MINUTE, long, 'read');
  act(saidBy(ENGINEER, now - DAY - 10 * MINUTE, 'read'), { kind: 'reaction', target: title, emoji: '🙏', on: true });
  const wrong = say(ENGINEER, DAY + 9 * MINUTE, 'Wrong sheet.');
  act(saidBy(ENGINEER, now - DAY - 8 * MINUTE), { kind: 'delete', targets: [wrong] });
  say(ENGINEER, 41 * MINUTE, 'Back with the note.', 'delivered');
  say(ENGINEER, 40 * MINUTE, 'Second try.', 'failed');
  act({ ...saidBy(ENGINEER, now - 38 * MINUTE), late: 26 * MINUTE }, { kind: 'text', text: 'Дякую! 👍' });
  const check = say(
    ENGINEER,
    12 * MINUTE,
    'Please check sheet 4:\n1. the title block\n2. the beam\nhttps://a-very-long-address.example/with/a/path/that/goes/on/and/on/and/on/without/any/space/at/all',
  );
  const text =
    'Please check sheet 4 once more:\n1. the title block\n2. the beam\nhttps://a-very-long-address.example/with/a/path/that/goes/on/and/on/and/on/without/any/space/at/all';
  act(saidBy(ENGINEER, now - 11.5 * MINUTE), { kind: 'edit', target: check, text });
  act(saidBy(ENGINEER, now - 11 * MINUTE), undefined);
}

/** The first two that the engineer said of the folder and the sheet. */
function pinTwo(now: number, act: ActIn, events: readonly OpenedEvent[]): void {
  const said = events.filter(({ content }) => content?.kind === 'text' && /^(The drawings|Look at)/.test(content.text));
  for (const { id } of said) act(saidBy(ENGINEER, now - DAY), { kind: 'pin', target: id, on: true });
}

function inGroup(now: number, act: ActIn): void {
  const said = (by: User, ago: number, state?: MessageState): Said => ({
    by,
    in: WORKS,
    to: WORKS_PEOPLE.filter(({ id }) => id !== by.id),
    at: now - ago,
    ...(state && { state }),
  });
  act(said(ENGINEER, 2 * DAY), { kind: 'profile', name: 'Lviv works' });
  act(said(ENGINEER, 2 * DAY - MINUTE), { kind: 'text', text: 'The north stair is closed on Thursday.' });
  act(said(CLERK, DAY, 'read'), { kind: 'text', text: 'Thank you, I tell the others.' });
  act(said(DRAWING, 20 * MINUTE), {
    kind: 'text',
    text: '@clerk the new sheets are on your desk.',
    mentions: [CLERK.id],
  });
}
