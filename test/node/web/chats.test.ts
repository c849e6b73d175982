// The list of conversations: unread counts, what is read when, the divider, contacts without messages.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { signal } from '@preact/signals';
import { Chats } from '../../../node/web/model/chats.ts';
import { memoryStore } from '../../../node/web/model/local-store.ts';
import { People } from '../../../node/web/model/people.ts';
import { parseConversationId } from '../../../src/realm/ids.ts';
import { HandClock } from './hand-clock.ts';
import { CLERK, ENGINEER, message, messageId, ScriptedClient } from './scripted-client.ts';

const TALK = message(1, 0).conversation;

async function start(t: TestContext, prepare: (client: ScriptedClient) => void = () => undefined) {
  const client = new ScriptedClient();
  prepare(client);
  const clock = new HandClock();
  const attentive = signal(true);
  const place = { current: signal<string | undefined>(undefined) };
  const store = memoryStore();
  const people = new People({ client, clock });
  const chats = new Chats({ client, clock, store, people, place, attentive, me: CLERK });
  await chats.start();
  t.after(() => chats.stop());
  return { client, chats, attentive, place, store, clock, people };
}

/** Two messages of the engineer, both unread. */
function unreadTalk(client: ScriptedClient): void {
  client.talks = [{ id: TALK, others: [ENGINEER], last: message(2, 20), unread: 2 }];
  client.pages = [{ messages: [message(1, 10), message(2, 20)], before: undefined }];
}

test('an arrived message counts as unread until it has been on the screen', async (t) => {
  const { client, chats } = await start(t);
  client.tell('message', message(1, 10));
  assert.equal(chats.unread.value, 1);
  chats.open(TALK);
  await setImmediate();
  chats.seen(messageId(1));
  assert.equal(chats.unread.value, 0);
  assert.ok(client.asked.includes('read 1'));
});

test('a group, which has no page yet, is not shown as a chat with one of its members', async (t) => {
  const group = parseConversationId('60000000-0000-4000-8000-000000000001');
  const { client, chats } = await start(t, (one) => {
    unreadTalk(one);
    one.talks = [...one.talks, { id: group, others: [ENGINEER], last: message(7, 70), unread: 1 }];
  });
  client.tell('message', message(8, 80, { conversation: group }));
  assert.deepEqual(
    chats.list.value.map(({ id }) => id),
    [TALK],
  );
});

test('nothing is read while the page is not looked at', async (t) => {
  const { client, chats, attentive } = await start(t, unreadTalk);
  attentive.value = false;
  chats.open(TALK);
  await setImmediate();
  chats.seen(messageId(2));
  assert.equal(
    client.asked.some((what) => what.startsWith('read')),
    false,
  );
  attentive.value = true;
  assert.deepEqual(
    client.asked.filter((what) => what.startsWith('read')),
    ['read 2'],
  );
});

test('what was read is told once', async (t) => {
  const { client, chats } = await start(t, unreadTalk);
  chats.open(TALK);
  await setImmediate();
  chats.seen(messageId(1));
  chats.seen(messageId(1));
  chats.seen(messageId(2));
  chats.seen(messageId(1));
  assert.deepEqual(
    client.asked.filter((what) => what.startsWith('read')),
    ['read 1', 'read 2'],
  );
});

test('"New" stands above the first unread message and stays while it is read', async (t) => {
  const { chats } = await start(t, unreadTalk);
  chats.open(TALK);
  await setImmediate();
  assert.equal(chats.firstNew.value, messageId(1));
  chats.seen(messageId(2));
  assert.equal(chats.firstNew.value, messageId(1));
  chats.open(undefined);
  assert.equal(chats.firstNew.value, undefined);
});

test('a message that is told again after a reconnect is not counted again', async (t) => {
  const { client, chats } = await start(t, unreadTalk);
  client.tell('message', message(2, 20));
  client.tell('message', message(1, 10));
  assert.equal(chats.unread.value, 2);
});

test('what another device has read is read here', async (t) => {
  const { client, chats } = await start(t, unreadTalk);
  chats.open(TALK);
  await setImmediate();
  client.tell('position', { conversation: TALK, upTo: messageId(2) });
  assert.equal(chats.unread.value, 0);
});

test('an own message shows at once and clears the divider', async (t) => {
  const { client, chats } = await start(t, unreadTalk);
  chats.open(TALK);
  await setImmediate();
  const [chat] = chats.list.value;
  assert.ok(chat);
  await chats.send(chat, 'hello');
  assert.equal(chats.timelineOf(chat).messages.value.at(-1)?.state, 'queued');
  assert.equal(chats.firstNew.value, undefined);
  assert.ok(client.asked.includes('send hello'));
});

test('a colleague who was added stays in the list over a reload, before any message', async (t) => {
  const first = await start(t);
  first.chats.begin(ENGINEER);
  assert.equal(first.chats.current.value?.person, ENGINEER);
  const { client, clock, store, place, attentive, people } = first;
  const again = new Chats({ client, clock, store, people, place, attentive, me: CLERK });
  await again.start();
  t.after(() => again.stop());
  assert.deepEqual(
    again.list.value.map(({ person }) => person),
    [ENGINEER],
  );
});

test('the people of the list are watched', async (t) => {
  const { client, chats } = await start(t);
  chats.begin(ENGINEER);
  assert.equal(client.asked.at(-1), 'watch engineer');
});

test('nothing listens any more after the end', async () => {
  const client = new ScriptedClient();
  const clock = new HandClock();
  const people = new People({ client, clock });
  const place = { current: signal<string | undefined>(undefined) };
  const parts = { client, clock, store: memoryStore(), people, place, attentive: signal(true), me: CLERK };
  const chats = new Chats(parts);
  people.start();
  await chats.start();
  chats.stop();
  people.stop();
  assert.equal(client.listening, 0);
});
