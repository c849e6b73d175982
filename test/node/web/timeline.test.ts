// What the timeline holds and how it is laid out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { itemAt, layOutRows, RowLayout, remembered } from '../../../node/web/model/rows.ts';
import { type ShownItem, Timeline } from '../../../node/web/model/timeline.ts';
import { LocalError, UnreachableError } from '../../../src/realm/errors.ts';
import { HandClock } from './hand-clock.ts';
import { CLERK_ID, ENGINEER_ID, numbered, ScriptedTalk, TALK, type Told, told } from './scripted-talk.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const sameDay = (a: number, b: number): boolean => Math.floor(a / DAY) === Math.floor(b / DAY);

async function open(talk: ScriptedTalk, clock = new HandClock()): Promise<Timeline> {
  const timeline = new Timeline(TALK, { client: talk, clock });
  await timeline.open();
  return timeline;
}

async function withEvents(...events: readonly (readonly [n: number, at: number, more?: Told])[]) {
  const talk = new ScriptedTalk([]);
  await talk.held(...events.map(([n, at, more]) => told(n, at, more)));
  const clock = new HandClock();
  return { talk, clock, timeline: await open(talk, clock) };
}

function numbers(timeline: Timeline): number[] {
  return timeline.view.value.items.map(({ id }) => Number(id.slice(-12)));
}

async function itemsOf(
  ...events: readonly (readonly [n: number, at: number, more?: Told])[]
): Promise<readonly ShownItem[]> {
  return (await withEvents(...events)).timeline.view.value.items;
}

test('messages of one sender stand together for five minutes', async () => {
  const items = await itemsOf([1, 1], [2, 5 * MINUTE], [3, 11 * MINUTE], [4, 11 * MINUTE + 1, { sender: CLERK_ID }]);
  const rows = layOutRows(items, undefined, sameDay).flatMap((row) => (row.kind === 'message' ? [row] : []));
  assert.deepEqual(
    rows.map(({ leads }) => leads),
    [true, false, true, true],
  );
  assert.deepEqual(
    rows.map(({ ends }) => ends),
    [false, true, true, true],
  );
});

test('each day has its line, and the divider stands above the first new message', async () => {
  const items = await itemsOf([1, 1], [2, DAY], [3, DAY + 1]);
  assert.deepEqual(
    layOutRows(items, numbered(3), sameDay).map(({ kind }) => kind),
    ['day', 'message', 'day', 'message', 'new', 'message'],
  );
});

test('a line that nobody wrote stands by itself and ends a group of messages', async () => {
  const talk = new ScriptedTalk([]);
  await talk.held(told(1, 10), told(2, 30));
  await talk.lines(TALK, {
    id: 'x',
    what: 'joined',
    by: ENGINEER_ID,
    users: [CLERK_ID],
    stamp: { ms: 20, counter: 0 },
  });
  const rows = layOutRows((await open(talk)).view.value.items, undefined, sameDay);
  assert.deepEqual(
    rows.map((row) => (row.kind === 'message' ? row.leads : row.kind)),
    ['day', true, 'line', true],
  );
});

test('rows that are kept from look to look are those of one look, and what stands as it stood is the same row', async () => {
  const step = fc.record({
    n: fc.integer({ min: 1, max: 40 }),
    at: fc.integer({ min: 1, max: 20 }).map((tenth) => (tenth * DAY) / 10),
    mine: fc.boolean(),
    firstNew: fc.option(fc.integer({ min: 1, max: 40 }).map(numbered), { nil: undefined }),
    hides: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const layout = new RowLayout();
      let items: readonly ShownItem[] = [];
      for (const { n, at, mine, firstNew, hides } of steps) {
        const event = told(n, at, mine ? { sender: CLERK_ID } : {});
        const item = (await itemsOf([n, at, { sender: event.sender }]))[0];
        const others = items.filter(({ id }) => id !== item?.id);
        items = hides || !item ? others : [...others, item].toSorted((a, b) => itemAt(a) - itemAt(b));
        const before = new Set(layout.of(items, firstNew, sameDay).rows);
        const { rows, keys } = layout.of([...items], firstNew, sameDay);
        assert.deepEqual(rows, layOutRows(items, firstNew, sameDay));
        assert.deepEqual(
          keys,
          rows.map(({ key }) => key),
        );
        assert.ok(rows.every((row) => before.has(row)));
      }
    }),
    { numRuns: 60 },
  );
});

test('a calendar that remembers its answers gives the same ones', () => {
  const quick = remembered(sameDay);
  const times = [0, 1, 14 * MINUTE, 20 * MINUTE, DAY - 1, DAY, DAY + MINUTE, 3 * DAY];
  for (const a of times) for (const b of times) assert.equal(quick(a, b), sameDay(a, b), `${a} ${b}`);
});

test('pages stand before what is loaded, and the beginning is known', async () => {
  const talk = new ScriptedTalk([]);
  await talk.held(...Array.from({ length: 130 }, (_, index) => told(index + 1, index + 1)));
  const timeline = await open(talk);
  assert.equal(numbers(timeline)[0], 91);
  await timeline.loadOlder();
  assert.deepEqual([numbers(timeline)[0], numbers(timeline).at(-1)], [1, 130]);
  await timeline.loadOlder();
  assert.equal(timeline.complete.value, true);
});

test('a message that is far back is reached page by page; one that is not held here is not', async () => {
  const talk = new ScriptedTalk([]);
  await talk.held(...Array.from({ length: 250 }, (_, index) => told(index + 1, index + 1)));
  const timeline = await open(talk);
  assert.equal(await timeline.reach(numbered(3)), true);
  assert.equal(await timeline.reach(numbered(999)), false);
});

test('what says the same stays the same object, and what changed does not', async () => {
  const { talk, timeline, clock } = await withEvents([1, 10], [2, 20]);
  const [first, second] = timeline.view.value.items;
  await talk.comes(
    told(3, 30, { content: { kind: 'reaction', target: numbered(2), emoji: '👍', on: true, sentAt: 30 } }),
  );
  clock.pass(100);
  const [again, changed] = timeline.view.value.items;
  assert.equal(again, first);
  assert.notEqual(changed, second);
  await talk.comes(told(4, 40));
  clock.pass(1000);
  assert.equal(timeline.view.value.items[1], changed);
});

test('what was loaded far back is let go when the person goes back to the end', async () => {
  const talk = new ScriptedTalk([]);
  const clock = new HandClock();
  await talk.held(...Array.from({ length: 1700 }, (_, index) => told(index + 1, index + 1)));
  const timeline = await open(talk, clock);
  await timeline.reach(numbered(1));
  assert.equal(timeline.view.value.items.length, 1700);
  await timeline.renew();
  assert.deepEqual([timeline.view.value.items.length, timeline.complete.value], [40, false]);
  await talk.comes(told(1701, 1701));
  clock.pass(100);
  assert.equal(numbers(timeline).at(-1), 1701);
});

test('an edit, a reaction and a deletion show at once', async () => {
  const { talk, timeline, clock } = await withEvents([1, 10], [2, 20]);
  await talk.comes(told(3, 30, { content: { kind: 'edit', target: numbered(1), text: 'better', sentAt: 30 } }));
  assert.equal(timeline.message(numbered(1))?.text, 'better');
  await talk.comes(
    told(4, 40, { content: { kind: 'reaction', target: numbered(1), emoji: '👍', on: true, sentAt: 40 } }),
  );
  await talk.comes(told(5, 50, { content: { kind: 'delete', targets: [numbered(2)], sentAt: 50 } }));
  clock.pass(100);
  assert.equal(timeline.message(numbered(1))?.reactions[0]?.emoji, '👍');
  assert.equal(timeline.message(numbered(2))?.deletedBy, ENGINEER_ID);
  assert.deepEqual(numbers(timeline), [1, 2]);
});

test('the first of many changes shows at once, the others together a moment later', async () => {
  let looks = 0;
  const talk = new ScriptedTalk([]);
  const clock = new HandClock();
  const timeline = new Timeline(TALK, { client: talk, clock, onView: () => (looks += 1) });
  await timeline.open();
  looks = 0;
  for (let n = 1; n <= 10; n += 1) await talk.comes(told(n, n));
  assert.equal(looks, 1);
  clock.pass(100);
  assert.equal(looks, 2);
  assert.equal(timeline.view.value.items.length, 10);
});

test('what the server refused says why, until it is tried again', async () => {
  const { timeline } = await withEvents([1, 10]);
  const failure = { code: 'trust-scope', params: {} };
  timeline.told({ id: numbered(1), conversation: TALK, state: 'failed', failure });
  assert.deepEqual(timeline.refusals.value.get(numbered(1)), failure);
  timeline.told({ id: numbered(1), conversation: TALK, state: 'queued' });
  assert.equal(timeline.refusals.value.size, 0);
});

test('what was refused before the page was there says why', async () => {
  const talk = new ScriptedTalk([]);
  const failure = { code: 'id-conflict', params: {} };
  talk.refusedBefore.push({ id: numbered(1), conversation: TALK, state: 'failed', failure });
  const timeline = await open(talk);
  assert.deepEqual([...timeline.refusals.value], [[numbered(1), failure]]);
});

test('what was read ahead is shown without reading it again, and with what came meanwhile', async () => {
  const talk = new ScriptedTalk([]);
  await talk.held(told(1, 10));
  let opened = 0;
  const client = {
    timeline: async (id: typeof TALK) => {
      opened += 1;
      return talk.timeline(id);
    },
    refused: () => [],
  };
  const timeline = new Timeline(TALK, { client, clock: new HandClock() });
  await timeline.prepare();
  await timeline.prepare();
  assert.deepEqual([opened, timeline.isOpen.value, numbers(timeline)], [1, false, []]);
  await talk.comes(told(2, 20));
  let atOnce: readonly number[] = [];
  const opening = timeline.open(() => (atOnce = numbers(timeline)));
  assert.deepEqual([timeline.isOpen.value, atOnce], [true, [1, 2]], 'within the call');
  await opening;
  assert.deepEqual([opened, numbers(timeline)], [1, [1, 2]]);
});

test('a conversation that is opened while it is read ahead is read once, and one that could not be read ahead is read anew', async () => {
  const talk = new ScriptedTalk([]);
  await talk.held(told(1, 10));
  let opened = 0;
  const client = {
    timeline: async (id: typeof TALK) => {
      opened += 1;
      if (opened === 1) throw new LocalError('cache-damaged', 'of this test');
      return talk.timeline(id);
    },
    refused: () => [],
  };
  const timeline = new Timeline(TALK, { client, clock: new HandClock() });
  await timeline.prepare();
  const ahead = timeline.prepare();
  await timeline.open();
  await ahead;
  assert.deepEqual([opened, timeline.loading.value, numbers(timeline)], [2, 'none', [1]]);
  await timeline.prepare();
  assert.equal(opened, 2);
});

test('a conversation that could not be read says so and is asked for again', async () => {
  const talk = new ScriptedTalk([]);
  await talk.held(told(1, 10));
  let isDown = true;
  const client = {
    refused: () => [],
    timeline: async (id: typeof TALK) => {
      if (isDown) throw new UnreachableError('cache-away', 'down');
      return talk.timeline(id);
    },
  };
  const timeline = new Timeline(TALK, { client, clock: new HandClock() });
  await timeline.open();
  assert.equal(timeline.loading.value, 'failed');
  isDown = false;
  await timeline.retry();
  assert.deepEqual(numbers(timeline), [1]);
});

test('nothing is shown of a conversation that was closed', async () => {
  const { talk, timeline, clock } = await withEvents([1, 10]);
  timeline.close();
  await talk.comes(told(2, 20));
  clock.pass(100);
  assert.deepEqual(numbers(timeline), [1]);
});
