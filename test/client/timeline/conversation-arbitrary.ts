// Conversations made at random: people of all roles write, edit, delete, react and pin, rightly or not.
import fc from 'fast-check';
import type { OpenedEvent } from '../../../src/client/timeline/events.ts';
import type { TimelineAction } from '../../../src/client/timeline/state.ts';
import type { Content } from '../../../src/crypto/content.ts';
import { MEMBER_ROLES } from '../../../src/crypto/roster.ts';
import {
  type MessageId,
  parseConversationId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
} from '../../../src/realm/ids.ts';

const hex = (n: number, length: number) => n.toString(16).padStart(length, '0');
const uuid = (kind: number, n: number) => `${hex(kind, 8)}-0000-4000-8000-${hex(n, 12)}`;

export const CONVERSATION = parseConversationId(uuid(1, 1));
export const person = (n: number) => parseUserId(uuid(2, n));
export const messageId = (n: number): MessageId => parseMessageId(uuid(3, n));
export const ME = person(0);
const PEOPLE = 3;

/** What an event of number `n` says; it can name any other, of earlier or of later. */
function contentOf(count: number): fc.Arbitrary<Content> {
  const any = fc.nat({ max: count - 1 }).map(messageId);
  const sentAt = fc.nat({ max: 50 });
  const after = fc.array(any, { maxLength: 3 });
  const is = <const T>(value: T) => fc.constant(value);
  return fc.oneof(
    fc.record({ kind: is('text'), text: fc.string({ maxLength: 5 }), sentAt, after, mentions: is([ME]) }),
    fc.record({ kind: is('text'), text: fc.string({ maxLength: 5 }), sentAt, expiresAfter: fc.nat({ max: 50 }) }),
    fc.record({ kind: is('edit'), target: any, text: fc.string({ maxLength: 5 }), sentAt, after }),
    fc.record({ kind: is('delete'), targets: fc.array(any, { maxLength: 2 }), sentAt, after }),
    fc.record({ kind: is('reaction'), target: any, emoji: fc.constantFrom('👍', '❤'), on: fc.boolean(), sentAt }),
    fc.record({ kind: is('pin'), target: any, on: fc.boolean(), sentAt, after }),
    fc.record({ kind: is('profile'), name: fc.constantFrom('a', 'b'), sentAt, after }),
    fc.record({ kind: is('timer'), expiresAfter: fc.nat({ max: 50 }), sentAt, after }),
    fc.record({ kind: is('note'), what: is('left'), users: is([person(1)]), sentAt }),
  );
}

function eventOf(n: number, count: number): fc.Arbitrary<OpenedEvent> {
  return fc.record(
    {
      id: fc.constant(messageId(n)),
      conversation: fc.constant(CONVERSATION),
      sender: fc.nat({ max: PEOPLE - 1 }).map(person),
      device: fc.constant(parseDeviceId(uuid(4, 1))),
      recipients: fc.constant(Array.from({ length: PEOPLE }, (_, n) => person(n))),
      stamp: fc.record({ ms: fc.nat({ max: 40 }), counter: fc.nat({ max: 2 }) }),
      arrivedAt: fc.nat({ max: 60 }),
      role: fc.constantFrom(...MEMBER_ROLES),
      state: fc.constantFrom('stored' as const, 'read' as const),
      content: contentOf(count),
    },
    { noNullPrototype: true },
  );
}

export const conversations: fc.Arbitrary<readonly OpenedEvent[]> = fc
  .integer({ min: 1, max: 14 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, n) => eventOf(n, count))));

/** Whatever else is told of it. */
const facts: fc.Arbitrary<TimelineAction> = fc.oneof(
  fc.record({
    kind: fc.constant('receipts' as const),
    receipts: fc.array(
      fc.record({
        id: fc.nat({ max: 13 }).map(messageId),
        by: fc.nat({ max: PEOPLE - 1 }).map(person),
        state: fc.constantFrom('delivered' as const, 'read' as const, 'failed' as const),
        at: fc.nat({ max: 90 }),
      }),
      { maxLength: 4 },
    ),
  }),
  fc.record({
    kind: fc.constant('read' as const),
    mark: fc.record({ arrivedAt: fc.nat({ max: 60 }), at: fc.nat({ max: 90 }) }),
  }),
  fc.record({
    kind: fc.constant('hidden' as const),
    ids: fc.array(fc.nat({ max: 13 }).map(messageId), { maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('gone' as const),
    ids: fc.array(fc.nat({ max: 13 }).map(messageId), { maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant('cleared' as const), upTo: fc.nat({ max: 20 }) }),
);

/** The same things twice, in two orders and with repetitions. */
export const arrivals = fc.tuple(conversations, fc.array(facts, { maxLength: 6 })).chain(([events, told]) => {
  const actions: TimelineAction[] = [...events.map((event) => ({ kind: 'events' as const, events: [event] })), ...told];
  const shuffled = fc.shuffledSubarray([...actions, ...actions], {
    minLength: actions.length * 2,
    maxLength: actions.length * 2,
  });
  return fc.record({ events: fc.constant(events), actions: fc.constant(actions), again: shuffled });
});
