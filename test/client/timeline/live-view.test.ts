// A timeline that is kept while things come shows what one that is made anew shows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OpenedEvent } from '../../../src/client/timeline/events.ts';
import { LiveTimeline } from '../../../src/client/timeline/live-view.ts';
import { emptyTimeline, reduceTimeline, type TimelineAction } from '../../../src/client/timeline/state.ts';
import { type Timeline, viewTimeline } from '../../../src/client/timeline/view.ts';
import type { RosterKind } from '../../../src/crypto/roster.ts';
import { parseDeviceId } from '../../../src/realm/ids.ts';
import { arrivals, CONVERSATION, ME, messageId, person } from './conversation-arbitrary.ts';

const KINDS: readonly RosterKind[] = ['direct', 'group', 'news'];
const DEVICE = parseDeviceId('7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10');

function fromScratch(actions: readonly TimelineAction[], kind: RosterKind, now: number): Timeline {
  const state = actions.reduce(reduceTimeline, emptyTimeline(CONVERSATION));
  return viewTimeline(state, { user: ME, kind, now });
}

const lines: fc.Arbitrary<TimelineAction> = fc.record({
  kind: fc.constant('lines' as const),
  lines: fc.array(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      what: fc.constantFrom('joined' as const, 'left' as const),
      users: fc.constant([person(1)]),
      stamp: fc.record({ ms: fc.nat({ max: 40 }), counter: fc.nat({ max: 2 }) }),
    }),
    { maxLength: 2 },
  ),
});

/** One after the other, some together, with a look at whatever time of day after each. */
const happenings = arrivals.chain(({ again }) =>
  fc.record({
    actions: fc.constant(again),
    more: fc.array(lines, { maxLength: 3 }),
    looks: fc.array(fc.record({ take: fc.integer({ min: 1, max: 6 }), now: fc.nat({ max: 150 }) }), {
      minLength: 1,
      maxLength: 30,
    }),
    becomes: fc.constantFrom(...KINDS),
  }),
);

test('whatever happens, in whatever order, a timeline that is kept shows what one made anew shows', () => {
  fc.assert(
    fc.property(happenings, fc.constantFrom(...KINDS), ({ actions, more, looks, becomes }, kind) => {
      const all = [...more, ...actions];
      const live = new LiveTimeline(CONVERSATION, ME, kind);
      let taken = 0;
      for (const { take, now } of looks) {
        for (const action of all.slice(taken, taken + take)) live.take(action);
        taken = Math.min(taken + take, all.length);
        assert.deepEqual(live.view(now), fromScratch(all.slice(0, taken), kind, now));
      }
      live.become(becomes);
      assert.deepEqual(live.view(50), fromScratch(all.slice(0, taken), becomes, 50));
    }),
    { numRuns: 600 },
  );
});

function said(n: number, ms: number, more: Partial<OpenedEvent> = {}): OpenedEvent {
  return {
    id: messageId(n),
    conversation: CONVERSATION,
    sender: person(1),
    device: DEVICE,
    recipients: [ME],
    stamp: { ms, counter: 0 },
    arrivedAt: ms,
    role: 'member',
    state: 'stored',
    content: { kind: 'text', text: `text ${n}`, sentAt: ms },
    ...more,
  };
}

/** A conversation as people have it: each event names what its sender saw last; few come late, and some clocks are behind. */
const conversation = fc.array(
  fc.record({
    late: fc.nat({ max: 6 }),
    behind: fc.constantFrom(0, 0, 0, 35, 80),
    does: fc.constantFrom('text', 'text', 'text', 'edit', 'delete', 'pin'),
  }),
  { minLength: 20, maxLength: 60 },
);

test('pages from before, what comes late and what is done to far messages leave it as one made anew', () => {
  fc.assert(
    fc.property(
      conversation,
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.nat({ max: 60 }), { maxLength: 10 }),
      (made, page, overtaken) => {
        const events = made.map(({ late, behind, does }, n): OpenedEvent => {
          const target = messageId(Math.floor((n * 7) % Math.max(n, 1)));
          const about = { after: n > late ? [messageId(n - late - 1)] : [], sentAt: n };
          const ms = 100 + 10 * n - 7 * late - behind;
          if (does === 'edit') return said(n, ms, { content: { kind: 'edit', target, text: `edit ${n}`, ...about } });
          if (does === 'delete') return said(n, ms, { content: { kind: 'delete', targets: [target], ...about } });
          if (does === 'pin') return said(n, ms, { content: { kind: 'pin', target, on: n % 2 === 0, ...about } });
          return said(n, ms, { content: { kind: 'text', text: `text ${n}`, ...about } });
        });
        const half = Math.floor(events.length / 2);
        const actions: TimelineAction[] = [];
        for (let from = half; from > 0; from -= page)
          actions.push({ kind: 'events', events: events.slice(Math.max(from - page, 0), from) });
        for (const [n, event] of events.slice(half).entries()) {
          const { stamp, ...queued } = event;
          if (n % 5 === 0 && stamp) actions.push({ kind: 'events', events: [{ ...queued, state: 'queued' }] });
          actions.push({ kind: 'events', events: [event] });
        }
        // neighbours overtake one another on their ways
        for (const at of overtaken)
          actions.splice(at % actions.length, 0, ...actions.splice((at + 3) % actions.length, 1));
        const live = new LiveTimeline(CONVERSATION, ME, 'group');
        for (const [count, action] of actions.entries()) {
          live.take(action);
          assert.deepEqual(live.view(5), fromScratch(actions.slice(0, count + 1), 'group', 5));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('what says the same stays the same object, whatever comes beside it', () => {
  const live = new LiveTimeline(CONVERSATION, ME, 'direct');
  live.take({ kind: 'events', events: Array.from({ length: 50 }, (_, n) => said(n, n + 1)) });
  const before = live.view(0);
  assert.equal(live.view(0), before);
  live.take({ kind: 'events', events: [said(50, 51), said(7, 8)] });
  live.take({ kind: 'receipts', receipts: [{ id: messageId(3), by: person(1), state: 'read', at: 9 }] });
  const after = live.view(0);
  const others = before.items.flatMap((item, n) => (item === after.items[n] ? [] : [n]));
  assert.deepEqual(others, [3]);
  assert.equal(after.items.length, 51);
});

test('a mark that was made earlier and covers less makes a message that was read go earlier', () => {
  const live = new LiveTimeline(CONVERSATION, ME, 'direct');
  const content = { kind: 'text', text: 'fleeting', sentAt: 0, expiresAfter: 100 } as const;
  const actions: TimelineAction[] = [
    { kind: 'events', events: [said(1, 10, { content }), said(2, 20, { content }), said(3, 30, { content })] },
    { kind: 'read', mark: { arrivedAt: 30, at: 90 } },
    { kind: 'read', mark: { arrivedAt: 20, at: 70 } },
    { kind: 'read', mark: { arrivedAt: 10, at: 50 } },
  ];
  for (const [count, action] of actions.entries()) {
    live.take(action);
    assert.deepEqual(live.view(60), fromScratch(actions.slice(0, count + 1), 'direct', 60));
  }
  const expiries = live.view(60).items.map((item) => (item.kind === 'message' ? item.expiresAt : undefined));
  assert.deepEqual(expiries, [150, 170, 190]);
  assert.deepEqual(
    live.view(160).items.map(({ id }) => id),
    [messageId(2), messageId(3)],
  );
});
