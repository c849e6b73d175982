// Conversations of one node on a real level store: acceptance, arrivals, history, marks, expiry.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConversationService, openConversations } from '../../../node/conversations/conversation-service.ts';
import type { Cursor } from '../../../node/conversations/conversations.ts';
import { openOutbox } from '../../../node/delivery/outbox.ts';
import { compareStamps } from '../../../src/crypto/envelope.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { HandClock } from '../hand-clock.ts';
import { CLERK, COOK, DEVICE, directory, ENGINEER, KYIV, LVIV, message, messageId } from '../simulated-branch.ts';

const LIMIT = { timeout: 30_000 };
const FROM = { user: CLERK, device: DEVICE };
const TO_COOK = [CLERK, COOK] as const;
const BEGINNING: Cursor = { incarnation: 0, n: 0 };
const START = Date.UTC(2026, 0, 1);
const LATEST = { ms: Number.MAX_SAFE_INTEGER, counter: 0 };

async function open(database: Database, clock: HandClock, incarnation = 1, status: 'active' | 'disabled' = 'active') {
  const outbox = await openOutbox({ database, incarnation });
  const init = { realm: KYIV, incarnation, database, outbox, directory: directory(status), clock, log: silentLog };
  return { outbox, conversations: await openConversations(init) };
}

async function node(t: TestContext) {
  const path = join(await temporaryFolder(t), 'db');
  const clock = new HandClock(START);
  let database = await openDatabase(path);
  t.after(() => database.close());
  const reopen = async (incarnation = 1) => {
    await database.close();
    database = await openDatabase(path);
    return open(database, clock, incarnation);
  };
  return { clock, reopen, database, ...(await open(database, clock)) };
}

async function eventsOf(conversations: ConversationService, user: typeof CLERK, from: Cursor = BEGINNING) {
  return (await conversations.eventsSince(user, from, 500)).events;
}

test('the same message again is the same answer, with another body a conflict', LIMIT, async (t) => {
  const { conversations, outbox, clock } = await node(t);
  const first = await conversations.submit(FROM, message(1));
  clock.advance(5000);
  assert.deepEqual(await conversations.submit(FROM, message(1)), { ...first, already: true });
  const both = [conversations.submit(FROM, message(2)), conversations.submit(FROM, message(2))];
  assert.deepEqual(
    (await Promise.all(both)).map(({ already }) => already),
    [false, true],
  );
  await assert.rejects(conversations.submit(FROM, message(1, 'other')), { code: 'id-conflict' });
  await assert.rejects(conversations.submit(FROM, message(1, 'hello', TO_COOK)), { code: 'id-conflict' });
  assert.equal(outbox.depth(LVIV), 2);
});

test('what a sender submits without waiting keeps its order, in stamps and in arrivals', LIMIT, async (t) => {
  const { conversations } = await node(t);
  const numbers = Array.from({ length: 200 }, (_, i) => i + 1);
  const repeated = numbers.flatMap((n) => (n % 50 === 0 ? [n, n] : [n]));
  const stored = await Promise.all(repeated.map((n) => conversations.submit(FROM, message(n, 'x', TO_COOK))));
  assert.equal(stored.filter(({ already }) => already).length, 4);
  const fresh = stored.filter(({ already }) => !already);
  assert.ok(fresh.every(({ stamp }, i) => compareStamps(stamp, fresh[i + 1]?.stamp ?? LATEST) < 0));
  assert.deepEqual(
    (await eventsOf(conversations, COOK)).map((event) => event.kind === 'message' && event.message.envelope.id),
    numbers.map(messageId),
  );
});

test('two people of one realm need no outbox, and a third learns nothing', LIMIT, async (t) => {
  const { conversations, outbox } = await node(t);
  await conversations.submit(FROM, message(1, 'soup?', TO_COOK));
  assert.equal(outbox.destinations().length, 0);
  assert.deepEqual(
    (await eventsOf(conversations, COOK)).map(({ kind }) => kind),
    ['message'],
  );
  const { conversation } = message(1, '', TO_COOK);
  await conversations.markRead(COOK, conversation, messageId(1));
  const [, read] = await eventsOf(conversations, CLERK);
  assert.ok(read?.kind === 'state');
  assert.deepEqual([read.ids, read.receipt.user, read.receipt.state], [[messageId(1)], COOK, 'read']);
  assert.equal((await conversations.findMessage(CLERK, messageId(1)))?.state, 'read');
  assert.deepEqual(await eventsOf(conversations, ENGINEER), []);
  await assert.rejects(conversations.history(ENGINEER, conversation, { limit: 10 }), { code: 'conversation-unknown' });
  await assert.rejects(conversations.markRead(ENGINEER, conversation, messageId(1)), { code: 'message-unknown' });
  assert.equal(await conversations.findMessage(ENGINEER, messageId(1)), undefined);
});

test('what does not fit is refused by name, and nothing of it is kept', LIMIT, async (t) => {
  const { conversations, outbox, database, clock } = await node(t);
  const good = message(1);
  const refused = {
    'body-too-long': { ...good, body: new Uint8Array(64 * 1024 + 1) },

    'conversation-unknown': { ...good, conversation: message(1, '', TO_COOK).conversation },
    'message-expired': { ...good, expires: START },
  };
  for (const [code, submission] of Object.entries(refused)) {
    await assert.rejects(conversations.submit(FROM, submission), { code });
  }
  const stranger = message(1, '', [CLERK, parseUserId(DEVICE)]);
  await assert.rejects(conversations.submit(FROM, stranger), { code: 'user-unknown' });
  const disabled = await open(database, clock, 1, 'disabled');
  await assert.rejects(disabled.conversations.submit(FROM, good), { code: 'user-disabled' });
  assert.deepEqual(await eventsOf(conversations, CLERK), []);
  assert.equal(outbox.depth(LVIV), 0);
});

test('pages of arrivals and of history go through everything once', LIMIT, async (t) => {
  const { conversations } = await node(t);
  for (let n = 1; n <= 25; n++) await conversations.submit(FROM, message(n, 'x', TO_COOK));
  const seen: number[] = [];
  for (let cursor = BEGINNING, more = true; more; ) {
    const page = await conversations.eventsSince(COOK, cursor, 10);
    seen.push(...page.events.map((event) => event.cursor.n));
    ({ cursor, more } = page);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 25 }, (_, i) => i + 1),
  );
  const { conversation } = message(1, '', TO_COOK);
  const ids: string[] = [];
  for (let before: string | undefined, more = true; more; ) {
    const page = await conversations.history(COOK, conversation, { limit: 10, ...(before && { before }) });
    ids.push(...page.messages.map((one) => one.envelope.id));
    before = page.next;
    more = before !== undefined;
  }
  assert.deepEqual(
    ids,
    Array.from({ length: 25 }, (_, i) => messageId(25 - i)),
  );
  await assert.rejects(conversations.history(COOK, conversation, { limit: 1, before: '..' }), { code: 'bad-position' });
});

test(
  'the list of conversations knows members, the last message, what is unread and the read position',
  LIMIT,
  async (t) => {
    const { conversations } = await node(t);
    for (let n = 1; n <= 3; n++) await conversations.submit(FROM, message(n, 'x', TO_COOK));
    const { conversation } = message(1, '', TO_COOK);
    const [before] = await conversations.listConversations(COOK);
    assert.deepEqual([before?.unread, before?.lastRead, before?.last?.envelope.id], [3, undefined, messageId(3)]);
    assert.deepEqual(before?.members, [CLERK, COOK].sort());
    await conversations.markRead(COOK, conversation, messageId(2));
    await conversations.markRead(COOK, conversation, messageId(1));
    const [after] = await conversations.listConversations(COOK);
    assert.deepEqual([after?.unread, after?.lastRead], [1, messageId(2)]);
    assert.equal((await conversations.listConversations(CLERK))[0]?.unread, 0);
  },
);

test('after a start everything is there, numbers and stamps go on, and other cursors are refused', LIMIT, async (t) => {
  const { conversations, clock, reopen } = await node(t);
  const first = await conversations.submit(FROM, message(1, 'x', TO_COOK));
  const head = conversations.head();
  clock.set(0);
  const again = await reopen();
  const second = await again.conversations.submit(FROM, message(2, 'x', TO_COOK));
  assert.ok(second.stamp.ms === first.stamp.ms && second.stamp.counter > first.stamp.counter);
  assert.deepEqual(
    (await eventsOf(again.conversations, COOK, head)).map(({ cursor }) => cursor.n),
    [head.n + 1],
  );
  await assert.rejects(again.conversations.eventsSince(COOK, { incarnation: 1, n: 99 }, 10), {
    code: 'cursor-unknown',
  });
  const restored = await reopen(2);
  await assert.rejects(restored.conversations.eventsSince(COOK, head, 10), { code: 'cursor-unknown' });
  await restored.conversations.submit(FROM, message(3, 'x', TO_COOK));
  const all = await eventsOf(restored.conversations, COOK);
  assert.deepEqual(
    all.map(({ cursor }) => [cursor.incarnation, cursor.n]),
    [
      [1, 1],
      [1, 2],
      [2, 1],
    ],
  );
});

test('an expired message leaves a tombstone, and its id stays taken', LIMIT, async (t) => {
  const { conversations, clock } = await node(t);
  await conversations.submit(FROM, { ...message(1, 'x', TO_COOK), expires: START + 1000 });
  await conversations.submit(FROM, message(2, 'x', TO_COOK));
  clock.advance(1000);
  await conversations.removeExpired();
  const events = await eventsOf(conversations, COOK);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['removed', 'message'],
  );
  const { conversation } = message(1, '', TO_COOK);
  const page = await conversations.history(COOK, conversation, { limit: 10 });
  assert.deepEqual(
    page.messages.map((one) => one.envelope.id),
    [messageId(2)],
  );
  assert.equal((await conversations.listConversations(COOK))[0]?.unread, 1);
  await assert.rejects(conversations.submit(FROM, message(1, 'y', TO_COOK)), { code: 'id-conflict' });
});

test('delivered marks move forward only and tell each sender once', LIMIT, async (t) => {
  const { conversations } = await node(t);
  for (let n = 1; n <= 3; n++) await conversations.submit(FROM, message(n, 'x', TO_COOK));
  await conversations.markDelivered(COOK, { incarnation: 1, n: 2 });
  await conversations.markDelivered(COOK, { incarnation: 1, n: 1 });
  await conversations.markDelivered(COOK, { incarnation: 1, n: 1_000_000 });
  const told = (await eventsOf(conversations, CLERK)).flatMap((event) => (event.kind === 'state' ? [event.ids] : []));
  assert.deepEqual(told, [[messageId(1), messageId(2)], [messageId(3)]]);
  await conversations.submit(FROM, message(4, 'x', TO_COOK));
  const at = await conversations.deliveredUpTo(COOK);
  const missed = await eventsOf(conversations, COOK, at);
  assert.deepEqual(
    missed.map((event) => event.kind === 'message' && event.message.envelope.id),
    [messageId(4)],
  );
});
