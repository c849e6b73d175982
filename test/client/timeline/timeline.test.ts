// The timeline: the same events give the same picture, whoever's device shows them and however they came.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type OpenedEvent, withTombstones } from '../../../src/client/timeline/events.ts';
import { inCausalOrder } from '../../../src/client/timeline/order.ts';
import { emptyTimeline, reduceTimeline, type TimelineAction } from '../../../src/client/timeline/state.ts';
import { type Onlooker, type ShownMessage, type Timeline, viewTimeline } from '../../../src/client/timeline/view.ts';
import type { Content } from '../../../src/crypto/content.ts';
import type { RosterKind } from '../../../src/crypto/roster.ts';
import { parseDeviceId } from '../../../src/realm/ids.ts';
import { arrivals, CONVERSATION, conversations, ME, messageId, person } from './conversation-arbitrary.ts';

const KINDS: readonly RosterKind[] = ['direct', 'group', 'news'];
const DEVICE = parseDeviceId('7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10');

function view(actions: readonly TimelineAction[], { kind = 'group', now = 30, user = ME }: Partial<Onlooker> = {}) {
  const state = actions.reduce(reduceTimeline, emptyTimeline(CONVERSATION));
  return viewTimeline(state, { kind, now, user });
}

const messages = (timeline: Timeline): ShownMessage[] => timeline.items.filter((item) => item.kind === 'message');

/** Event `n` by person `by` at `ms`. */
function event(n: number, by: number, ms: number, content: Content, more: Partial<OpenedEvent> = {}): OpenedEvent {
  const base = {
    id: messageId(n),
    conversation: CONVERSATION,
    sender: person(by),
    device: DEVICE,
    role: 'member' as const,
  };
  const recipients = [person(0), person(1), person(2)];
  return { ...base, recipients, stamp: { ms, counter: 0 }, arrivedAt: ms, state: 'stored', content, ...more };
}
const text = (value: string, more: object = {}): Content => ({ kind: 'text', text: value, sentAt: 0, ...more });
const all = (...events: readonly OpenedEvent[]): TimelineAction => ({ kind: 'events', events });

test('any order and any repetition of what arrives gives the same timeline', () => {
  fc.assert(
    fc.property(arrivals, fc.constantFrom(...KINDS), ({ actions, again }, kind) => {
      assert.deepEqual(view(again, { kind }), view(actions, { kind }));
    }),
    { numRuns: 400 },
  );
});

test('what a sender had seen stands before what it wrote, unless two claim it of one another', () => {
  fc.assert(
    fc.property(conversations, (events) => {
      const ordered = inCausalOrder(new Map(events.map((event) => [event.id, event])));
      assert.equal(new Set(ordered).size, events.length);
      const place = new Map(ordered.map((event, at) => [event.id, at]));
      const parents = new Map(events.map((event) => [event.id, event.content?.after ?? []]));
      const leadsTo = (from: string, to: string, seen = new Set<string>()): boolean => {
        if (from === to) return true;
        if (seen.has(from)) return false;
        seen.add(from);
        return (parents.get(from as never) ?? []).some((parent) => leadsTo(parent, to, seen));
      };
      for (const { id, content } of events) {
        for (const parent of content?.after ?? []) {
          const at = place.get(parent);
          if (at !== undefined && parent !== id && !reachesCircle(id, parents)) {
            assert.ok(at < (place.get(id) ?? 0), `${parent} before ${id}`);
          }
          if (at !== undefined) assert.ok(leadsTo(id, parent));
        }
      }
    }),
    { numRuns: 200 },
  );
});

/** Whether going back from an event ends in a circle of claims. */
function reachesCircle(
  id: string,
  parents: ReadonlyMap<string, readonly string[]>,
  path: readonly string[] = [],
): boolean {
  if (path.includes(id)) return true;
  return (parents.get(id) ?? []).some((parent) => reachesCircle(parent, parents, [...path, id]));
}

test('nobody edits what another wrote, and nobody without the right deletes it', () => {
  fc.assert(
    fc.property(conversations, fc.constantFrom(...KINDS), (events, kind) => {
      for (const shown of messages(view([all(...events)], { kind }))) {
        const original = events.find((event) => event.id === shown.id);
        if (!original) assert.fail('a message out of nothing');
        if (shown.editedAt !== undefined) {
          const own = events.filter(({ content }) => content?.kind === 'edit' && content.target === shown.id);
          assert.ok(
            own.some(
              ({ sender, content }) =>
                sender === original.sender && content?.kind === 'edit' && content.text === shown.text,
            ),
          );
        }
        if (shown.deletedBy === undefined) continue;
        const deletions = events.filter(
          ({ content }) => content?.kind === 'delete' && content.targets.includes(shown.id),
        );
        const isAllowed = ({ sender, role }: OpenedEvent) =>
          sender === original.sender || (kind !== 'direct' && role !== 'member');
        assert.ok(deletions.some((deletion) => isAllowed(deletion) && deletion.sender === shown.deletedBy));
        assert.equal(shown.text, undefined);
      }
    }),
    { numRuns: 300 },
  );
});

test('the newest edit by causal order stands, also when its stamp is behind', () => {
  const first = event(1, 1, 10, text('one'));
  const second = event(2, 1, 30, { kind: 'edit', target: first.id, text: 'two', sentAt: 0, after: [first.id] });
  const third = event(3, 1, 20, { kind: 'edit', target: first.id, text: 'three', sentAt: 0, after: [second.id] });
  const [shown] = messages(view([all(third, second, first)]));
  assert.deepEqual([shown?.text, shown?.editedAt], ['three', 20]);
  const forged = event(4, 2, 40, { kind: 'edit', target: first.id, text: 'forged', sentAt: 0 });
  assert.equal(messages(view([all(third, second, first, forged)]))[0]?.text, 'three');
});

test('a tombstone has nobody’s words, reactions or pins', () => {
  const first = event(1, 1, 10, text('secret', { mentions: [ME] }));
  const events = [
    first,
    event(2, 2, 11, { kind: 'reaction', target: first.id, emoji: '👍', on: true, sentAt: 0 }),
    event(3, 2, 12, { kind: 'pin', target: first.id, on: true, sentAt: 0 }, { role: 'owner' }),
    event(4, 1, 13, { kind: 'edit', target: first.id, text: 'secret too', sentAt: 0 }),
    event(5, 1, 14, { kind: 'delete', targets: [first.id], sentAt: 0 }),
  ];
  const timeline = view([all(...events)]);
  const [shown] = messages(timeline);
  assert.equal(shown?.deletedBy, person(1));
  assert.deepEqual(
    [shown.text, shown.reactions, shown.pinned, shown.mentionsMe, shown.unread],
    [undefined, [], false, false, false],
  );
  assert.deepEqual([timeline.pinned, timeline.unread], [[], 0]);
  assert.ok(!JSON.stringify(timeline).includes('secret'));
});

test('an administrator deletes what a member wrote; in a conversation of two nobody does', () => {
  const first = event(1, 1, 10, text('x'));
  const deletion = event(2, 2, 11, { kind: 'delete', targets: [first.id], sentAt: 0 }, { role: 'administrator' });
  assert.equal(messages(view([all(first, deletion)]))[0]?.deletedBy, person(2));
  assert.equal(messages(view([all(first, deletion)], { kind: 'direct' }))[0]?.deletedBy, undefined);
});

test('in news what a member writes is as if it had not been sent', () => {
  const [member, owner] = [event(1, 1, 10, text('x')), event(2, 2, 11, text('y'), { role: 'owner' })];
  assert.deepEqual(
    messages(view([all(member, owner)], { kind: 'news' })).map((shown) => shown.text),
    ['y'],
  );
});

test('reactions are a set for each person, at most eight', () => {
  const first = event(1, 1, 10, text('x'));
  const react = (n: number, by: number, emoji: string, on = true) =>
    event(n, by, 10 + n, { kind: 'reaction', target: first.id, emoji, on, sentAt: 0 });
  const few = [react(2, 0, '👍'), react(3, 0, '👍'), react(4, 2, '👍'), react(5, 2, '❤'), react(6, 2, '❤', false)];
  assert.deepEqual(messages(view([all(first, ...few)]))[0]?.reactions, [
    { emoji: '👍', users: [person(0), person(2)], mine: true },
  ]);
  const many = Array.from({ length: 20 }, (_, n) => react(10 + n, 2, `e${n}`));
  assert.equal(messages(view([all(first, ...many)]))[0]?.reactions.length, 8);
});

test('what comes late is marked, and unread although it stands above what was read', () => {
  const early = event(1, 1, 10, text('early'), { arrivedAt: 300_010 });
  const read = event(2, 1, 20, text('read'), { arrivedAt: 20 });
  const timeline = view([all(early, read), { kind: 'read', mark: { arrivedAt: 20, at: 25 } }]);
  const [first, second] = messages(timeline);
  assert.deepEqual([first?.text, first?.late, first?.unread], ['early', 300_000, true]);
  assert.deepEqual([second?.late, second?.unread], [undefined, false]);
  assert.deepEqual([timeline.unread, timeline.firstUnread], [1, early.id]);
});

test('a message disappears its time after it was read, one’s own after the first other read it', () => {
  const theirs = event(1, 1, 10, text('theirs', { expiresAfter: 100 }));
  const mine = event(2, 0, 11, text('mine', { expiresAfter: 100 }));
  const told: TimelineAction[] = [
    all(theirs, mine),
    { kind: 'read', mark: { arrivedAt: 10, at: 50 } },
    { kind: 'read', mark: { arrivedAt: 90, at: 95 } },
    { kind: 'receipts', receipts: [{ id: mine.id, by: person(2), state: 'read', at: 60 }] },
    { kind: 'receipts', receipts: [{ id: mine.id, by: person(1), state: 'read', at: 70 }] },
  ];
  const texts = (now: number) => messages(view(told, { now })).map((shown) => shown.text);
  assert.deepEqual([texts(149), texts(150), texts(160)], [['theirs', 'mine'], ['mine'], []]);
  assert.equal(view(told, { now: 149 }).nextExpiry, 150);
  assert.deepEqual(messages(view([all(theirs, mine)], { now: 10_000 })).length, 2);
  // Where nobody tells of reading, one's own counts as read after a day.
  const day = 24 * 3_600_000;
  const left = (now: number) => messages(view([all(theirs, mine)], { now })).map((shown) => shown.text);
  assert.deepEqual([left(day + 110), left(day + 111)], [['theirs', 'mine'], ['theirs']]);
});

test('a sent message is delivered and read when everybody did', () => {
  const mine = event(1, 0, 10, text('x'));
  const receipt = (by: number, state: 'delivered' | 'read') => ({ id: mine.id, by: person(by), state, at: 20 });
  const stateAfter = (...receipts: ReturnType<typeof receipt>[]) =>
    messages(view([all(mine), { kind: 'receipts', receipts }]))[0]?.state;
  assert.equal(stateAfter(receipt(1, 'read')), 'stored');
  assert.equal(stateAfter(receipt(1, 'read'), receipt(2, 'delivered')), 'delivered');
  assert.equal(stateAfter(receipt(2, 'read'), receipt(1, 'read')), 'read');
});

test('of two events under one id the first by its stamp stands', () => {
  const [real, forged] = [event(1, 1, 10, text('real')), event(1, 2, 11, text('forged'))];
  for (const order of [all(real, forged), all(forged, real)]) assert.equal(messages(view([order]))[0]?.text, 'real');
});

test('a new event names the latest that nothing follows', () => {
  const [a, b] = [event(1, 1, 10, text('a')), event(2, 1, 11, text('b'))];
  const c = event(3, 2, 12, text('c', { after: [a.id] }));
  assert.deepEqual(view([all(a, b, c)]).heads, [b.id, c.id]);
});

test('what was taken back shows nothing of what it said, and a tombstone when somebody deleted it', () => {
  const first = event(1, 1, 10, text('secret'));
  const deletion = event(2, 1, 11, { kind: 'delete', targets: [first.id], sentAt: 0 });
  const gone: TimelineAction = { kind: 'gone', ids: [first.id] };
  assert.deepEqual(messages(view([all(first), gone])), []);
  assert.deepEqual(messages(view([gone, all(first)])), []);
  const [tombstone] = messages(view([all(first, deletion), gone]));
  assert.deepEqual([tombstone?.deletedBy, tombstone?.text], [person(1), undefined]);
});

test('a history that was deleted hides what had arrived by then, not what arrives later with an earlier stamp', () => {
  const [before, late] = [event(1, 1, 10, text('before')), event(2, 1, 9, text('late'), { arrivedAt: 25 })];
  const timeline = view([all(before, late), { kind: 'cleared', upTo: 20 }]);
  assert.deepEqual(
    messages(timeline).map((shown) => shown.text),
    ['late'],
  );
});

test('a name, a picture and a timer that are said again are no news to those who know them, and all that who comes later has', () => {
  const staff = { role: 'administrator' as const };
  const picture = new Uint8Array([1, 2, 3]);
  const said = [
    event(1, 1, 1, { kind: 'profile', name: 'Harbour', picture, sentAt: 0 }, staff),
    event(2, 1, 2, { kind: 'timer', expiresAfter: 60_000, sentAt: 0, after: [messageId(1)] }, staff),
  ];
  const again = [
    event(3, 1, 3, { kind: 'profile', name: 'Harbour', picture: picture.slice(), sentAt: 0 }, staff),
    event(4, 1, 4, { kind: 'timer', expiresAfter: 60_000, sentAt: 0, after: [messageId(3)] }, staff),
  ];
  const other = event(5, 1, 5, { kind: 'profile', name: 'Quay', sentAt: 0 }, staff);
  const lines = (timeline: Timeline) => timeline.items.map(({ id }) => id);
  assert.deepEqual(lines(view([all(...said, ...again)])), [messageId(1), messageId(2)]);
  assert.deepEqual(lines(view([all(...said, ...again, other)])), [messageId(1), messageId(2), messageId(5)]);
  const late = view([all(...again)]);
  assert.deepEqual(lines(late), [messageId(3), messageId(4)]);
  assert.deepEqual({ ...late, items: [] }, { ...view([all(...said)]), heads: late.heads, items: [] });
});

test('who never had what its author deleted shows that something was there, where it was; nobody so hides what another wrote', () => {
  const first = event(1, 1, 10, text('taken back'));
  const next = event(2, 2, 20, text('stays'));
  const place = { target: first.id, device: DEVICE, stamp: { ms: 10, counter: 0 } };
  const deletion = event(3, 1, 30, { kind: 'delete', targets: [first.id], places: [place], sentAt: 0 });
  const late = view([all(...withTombstones([deletion, next]))]);
  assert.deepEqual(
    messages(late).map(({ id, deletedBy }) => [id, deletedBy]),
    [
      [first.id, person(1)],
      [next.id, undefined],
    ],
  );
  const always = view([all(first, next, ...withTombstones([deletion])), { kind: 'gone', ids: [first.id] }]);
  const seen = ({ items }: Timeline) => items.map(({ id }) => id);
  assert.deepEqual(seen(late), seen(always));

  // Person 2 says that what person 1 wrote was his own, and stood there or before.
  for (const ms of [0, 10]) {
    const lie = { target: first.id, device: DEVICE, stamp: { ms, counter: 0 } };
    const forged = event(4, 2, 30, { kind: 'delete', targets: [first.id], places: [lie], sentAt: 0 });
    const events = withTombstones([forged, first, next]);
    for (const order of [events, events.toReversed()]) {
      const shown = messages(view([all(...order)]));
      assert.deepEqual(
        shown.map((message) => message.text),
        ['taken back', 'stays'],
      );
    }
  }
  assert.equal(
    withTombstones([{ ...deletion, content: { kind: 'delete', targets: [], places: [place], sentAt: 0 } }]).length,
    1,
  );
});
