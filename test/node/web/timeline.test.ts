// What the timeline holds and how it is laid out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layOutDays } from '../../../node/web/model/rows.ts';
import { Timeline } from '../../../node/web/model/timeline.ts';
import { message, messageId, ScriptedClient } from './scripted-client.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const sameDay = (a: number, b: number): boolean => Math.floor(a / DAY) === Math.floor(b / DAY);

function timelineWith(...pages: ScriptedClient['pages']): Timeline {
  const client = new ScriptedClient();
  client.pages = pages;
  return new Timeline(message(1, 0).conversation, client);
}

function numbers(timeline: Timeline): number[] {
  return timeline.messages.value.map(({ id }) => Number(id.slice(-12)));
}

test('messages of one sender stand together for five minutes', () => {
  const [day] = layOutDays(
    [message(1, 0), message(2, 5 * MINUTE), message(3, 11 * MINUTE), message(4, 11 * MINUTE, { mine: true })],
    undefined,
    sameDay,
  );
  const rows = day?.rows.filter((row) => row.kind === 'message') ?? [];
  assert.deepEqual(
    rows.map(({ leads }) => leads),
    [true, false, true, true],
  );
  assert.deepEqual(
    rows.map(({ ends }) => ends),
    [false, true, true, true],
  );
});

test('each day has its own part, and the divider stands above the first new message', () => {
  const days = layOutDays([message(1, 0), message(2, DAY), message(3, DAY + 1)], messageId(3), sameDay);
  assert.deepEqual(
    days.map(({ rows }) => rows.map(({ kind }) => kind)),
    [['message'], ['message', 'new', 'message']],
  );
});

test('pages of history stand before what is loaded, without doubles', async () => {
  const timeline = timelineWith(
    { messages: [message(3, 30), message(4, 40)], before: 'x' },
    { messages: [message(1, 10), message(2, 20), message(3, 30)], before: undefined },
  );
  await timeline.load();
  assert.equal(timeline.complete.value, false);
  await timeline.loadOlder();
  assert.deepEqual(numbers(timeline), [1, 2, 3, 4]);
  assert.equal(timeline.complete.value, true);
});

test('a message told twice is shown once', async () => {
  const timeline = timelineWith({ messages: [message(1, 10)], before: undefined });
  await timeline.load();
  timeline.add(message(1, 10));
  assert.deepEqual(numbers(timeline), [1]);
});

test('a late message takes the place of its stamp, and one that waits stays last', async () => {
  const timeline = timelineWith({ messages: [message(1, 10), message(3, 30)], before: undefined });
  await timeline.load();
  timeline.add(message(2, 20));
  assert.deepEqual(numbers(timeline), [1, 2, 3]);
});

test('a message older than everything loaded waits for its page', async () => {
  const timeline = timelineWith({ messages: [message(5, 50)], before: 'x' });
  await timeline.load();
  timeline.add(message(1, 10));
  assert.deepEqual(numbers(timeline), [5]);
});

test('what arrives while the first page travels is kept', async () => {
  const timeline = timelineWith({ messages: [message(1, 10)], before: undefined });
  const loading = timeline.load();
  timeline.add(message(2, 20));
  await loading;
  assert.deepEqual(numbers(timeline), [1, 2]);
});

test('a state never goes back', async () => {
  const timeline = timelineWith({ messages: [message(1, 10, { mine: true, state: 'read' })], before: undefined });
  await timeline.load();
  timeline.apply({ ...message(1, 10), state: 'delivered' });
  timeline.add(message(1, 10, { mine: true, state: 'stored' }));
  assert.equal(timeline.messages.value[0]?.state, 'read');
});

test('a failed message is queued again by a retry, and its failure is gone', () => {
  const timeline = timelineWith();
  timeline.add(message(1, 10, { mine: true, state: 'queued' }));
  const { id, conversation } = message(1, 10);
  timeline.apply({ id, conversation, state: 'failed', failure: { code: 'trust-scope', params: {} } });
  assert.equal(timeline.messages.value[0]?.failure?.code, 'trust-scope');
  timeline.apply({ id, conversation, state: 'queued' });
  assert.equal(timeline.messages.value[0]?.state, 'queued');
  assert.equal(timeline.messages.value[0]?.failure, undefined);
});

test('what was read covers the own messages before it, but not the failed ones', async () => {
  const mine = (n: number, state: 'stored' | 'failed') => message(n, n, { mine: true, state });
  const timeline = timelineWith({
    messages: [mine(1, 'stored'), mine(2, 'failed'), mine(3, 'stored')],
    before: undefined,
  });
  await timeline.load();
  timeline.apply({ id: messageId(3), conversation: timeline.id, state: 'read' });
  assert.deepEqual(
    timeline.messages.value.map(({ state }) => state),
    ['read', 'failed', 'read'],
  );
});

test('a page that could not be loaded says so and is asked for again', async () => {
  let isDown = true;
  const page = { messages: [message(1, 10)], before: undefined };
  const history = async () => (isDown ? Promise.reject(new Error('down')) : page);
  const timeline = new Timeline(message(1, 0).conversation, { history });
  await timeline.load();
  assert.equal(timeline.loading.value, 'failed');
  await timeline.loadOlder();
  assert.equal(timeline.loading.value, 'failed');
  isDown = false;
  await timeline.retry();
  assert.deepEqual(numbers(timeline), [1]);
});
