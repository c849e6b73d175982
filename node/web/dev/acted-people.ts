// Who is on the acted server, and what they have said so far. Some of it is what an attacker would try.
import type { Message, MessageState, User } from '../../../src/client/client.ts';
import { directConversationId, parseMessageId, parseUserId } from '../../../src/realm/ids.ts';

function user(n: number, address: string, name: string): User {
  return { id: parseUserId(`00000000-0000-4000-8000-00000000000${n}`), address, name, kind: 'person' };
}

export const CLERK = user(1, 'clerk@kyiv.acme.ua', 'Clerk One');
const ENGINEER = user(2, 'engineer@lviv.acme.ua', 'Engineer One');
const ACCOUNTS = user(3, 'accounts@kyiv.acme.ua', 'Бухгалтерія, рахунки й дуже довга назва відділу');
const DRAWING = user(4, 'drawing@lviv.acme.ua', 'Drawing Office');
const SCRIPT = user(5, 'script@lviv.acme.ua', '<img src=x onerror=alert(1)>');
const NEWCOMER = user(6, 'newcomer@kyiv.acme.ua', 'New Comer');
export const PEOPLE: readonly User[] = [ENGINEER, ACCOUNTS, DRAWING, SCRIPT, NEWCOMER];

const DAY = 86_400_000;
const MINUTE = 60_000;

/** Messages of all conversations, oldest first. */
export function history(): Message[] {
  const now = Date.now();
  let count = 0;
  const say = (person: User, ago: number, text: string | undefined, state?: MessageState): Message => {
    count += 1;
    const mine = state !== undefined;
    return {
      id: parseMessageId(`00000000-0000-4000-9000-${String(count).padStart(12, '0')}`),
      conversation: directConversationId(CLERK.id, person.id),
      from: mine ? CLERK : person,
      to: [mine ? person : CLERK],
      mine,
      text,
      sentAt: now - ago,
      stamp: { ms: now - ago, counter: 0 },
      state: state ?? 'stored',
      ...(state === 'failed' ? { failure: { code: 'trust-scope', params: {} } } : {}),
    };
  };
  const older = Array.from({ length: 120 }, (_, index) =>
    index % 3 === 0
      ? say(ENGINEER, 9 * DAY - index * 11 * MINUTE, `Sheet ${index} is checked.`, 'read')
      : say(ENGINEER, 9 * DAY - index * 11 * MINUTE, `Sheet ${index + 1} needs another look at the north stair.`),
  );
  return [
    ...older,
    say(SCRIPT, 4 * DAY, '<script>alert(1)</script>'),
    say(ACCOUNTS, DAY, 'The invoice for October is missing a stamp.'),
    say(ACCOUNTS, DAY - MINUTE, 'And the one for September came twice.'),
    say(ACCOUNTS, DAY - 2 * MINUTE, 'Рахунок за вересень прийшов двічі, перевірте, будь ласка, який із них чинний.'),
    say(ENGINEER, DAY + 40 * MINUTE, 'The drawings are in the folder.'),
    say(ENGINEER, DAY + 39 * MINUTE, 'Look at sheet 4 first: the load on the second beam is new.'),
    say(ENGINEER, DAY + 12 * MINUTE, 'On it.', 'read'),
    say(
      ENGINEER,
      DAY + 11 * MINUTE,
      'Sheet 4 has the old title block, by the way. I will send it back with a note once the rest is through, so that you have it all in one go.',
      'read',
    ),
    say(DRAWING, 50 * MINUTE, 'Printed, both copies.', 'delivered'),
    say(ENGINEER, 41 * MINUTE, 'Back with the note.', 'delivered'),
    say(ENGINEER, 40 * MINUTE, 'Second try.', 'failed'),
    say(ENGINEER, 38 * MINUTE, 'Дякую! 👍'),
    say(
      ENGINEER,
      12 * MINUTE,
      'Please check sheet 4 once more:\n1. the title block\n2. the beam\nhttps://a-very-long-address.example/with/a/path/that/goes/on/and/on/and/on/without/any/space/at/all',
    ),
    say(ENGINEER, 11 * MINUTE, undefined),
  ];
}
