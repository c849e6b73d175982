// The list of conversations: unread counts, what is read when, the divider, groups, contacts without messages.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { signal } from '@preact/signals';
import { Chats } from '../../../node/web/model/chats.ts';
import { memoryStore } from '../../../node/web/model/local-store.ts';
import { People } from '../../../node/web/model/people.ts';
import { type ConversationId, parseConversationId } from '../../../src/realm/ids.ts';
import { HandClock } from './hand-clock.ts';
import { CLERK, ENGINEER, message, messageId, person, ScriptedClient } from './scripted-client.ts';
import { CLERK_ID, TALK, told } from './scripted-talk.ts';

const GROUP = parseConversationId('60000000-0000-4000-8000-000000000001');
const DRAWING = person(3, 'drawing@lviv.acme.ua');

async function start(t: TestContext, prepare: (client: ScriptedClient) => unknown = () => undefined) {
  const client = new ScriptedClient();
  await prepare(client);
  const clock = new HandClock();
  const attentive = signal(true);
  const place = { current: signal<ConversationId | undefined>(undefined) };
  const store = memoryStore();
  const people = new People({ client, clock, skew: signal(0) });
  const chats = new Chats({ client, clock, store, people, place, attentive, me: CLERK });
  await chats.start();
  t.after(() => chats.stop());
  const open = async (id: ConversationId) => {
    chats.open(id);
    const chat = chats.find(id);
    await until(() => chat !== undefined && chats.timelineOf(chat).isOpen.value);
  };
  return { client, chats, attentive, place, store, clock, people, open };
}

async function until(isSo: () => boolean): Promise<void> {
  // what is decrypted on other threads needs time, however many turns pass here
  for (let turn = 0; turn < 5000 && !isSo(); turn += 1) await setTimeout(1);
}

/** Two messages of the engineer, both unread. */
async function unreadTalk(client: ScriptedClient): Promise<void> {
  client.talks = [{ id: TALK, others: [ENGINEER], last: message(2, 20), unread: 2 }];
  await client.talk.held(told(1, 10), told(2, 20));
}

const seen = (n: number) => ({ first: messageId(1), last: messageId(n) });
const reads = (client: ScriptedClient) => client.asked.filter((what) => what.startsWith('read'));

test('a message to a conversation that is not open counts as unread', async (t) => {
  const { client, chats } = await start(t);
  client.tell('message', message(1, 10));
  assert.equal(chats.unread.value, 1);
  assert.equal(chats.list.value[0]?.last?.text, 'text 1');
});

test('what has gone is no last line any more, where a conversation is not open', async (t) => {
  const { client, chats } = await start(t, unreadTalk);
  client.talks = [{ id: TALK, others: [ENGINEER], unread: 0 }];
  client.tell('removed', { conversation: TALK, id: messageId(1) });
  assert.equal(chats.find(TALK)?.last?.id, messageId(2), 'another one has gone');
  client.tell('removed', { conversation: TALK, id: messageId(2) });
  await until(() => chats.find(TALK)?.last === undefined);
  assert.equal(chats.find(TALK)?.last, undefined);
});

test('what has been on the screen is read, and told once', async (t) => {
  const { client, chats, open } = await start(t, unreadTalk);
  await open(TALK);
  chats.seen(seen(1));
  chats.seen(seen(1));
  chats.seen(seen(2));
  chats.seen(seen(1));
  assert.deepEqual(reads(client), ['read 1', 'read 2']);
  await client.talk.read(20);
  assert.equal(chats.unread.value, 0);
});

test('nothing is read while the page is not looked at', async (t) => {
  const { client, chats, attentive, open } = await start(t, unreadTalk);
  attentive.value = false;
  await open(TALK);
  chats.seen(seen(2));
  assert.deepEqual(reads(client), []);
  attentive.value = true;
  assert.deepEqual(reads(client), ['read 2']);
});

test('what came late and stands above is read when it is seen, not before', async (t) => {
  const { client, chats, open } = await start(t, unreadTalk);
  await client.talk.held(told(3, 5, { arrivedAt: 90 }));
  await client.talk.read(20);
  await open(TALK);
  chats.seen({ first: messageId(1), last: messageId(2) });
  assert.deepEqual(reads(client), []);
  chats.seen({ first: messageId(3), last: messageId(2) });
  assert.deepEqual(reads(client), ['read 3']);
});

test('"New" stands above the first unread message and stays while it is read', async (t) => {
  const { chats, open, client } = await start(t, unreadTalk);
  await open(TALK);
  assert.equal(chats.firstNew.value, messageId(1));
  await client.talk.read(20);
  assert.equal(chats.firstNew.value, messageId(1));
  chats.answered();
  assert.equal(chats.firstNew.value, undefined);
});

test('a long conversation opens where reading ended, however many pages back that is', async (t) => {
  const { chats, open } = await start(t, async (client) => {
    client.talks = [{ id: TALK, others: [ENGINEER], last: message(350, 350), unread: 320 }];
    await client.talk.held(...Array.from({ length: 350 }, (_, index) => told(index + 1, index + 1)));
    await client.talk.read(30);
  });
  await open(TALK);
  await until(() => chats.firstNew.value !== undefined);
  assert.equal(chats.firstNew.value, messageId(31));
});

test('a message that comes while nobody looks stands below "New"', async (t) => {
  const { client, chats, open, attentive } = await start(t, unreadTalk);
  await client.talk.read(20);
  await open(TALK);
  assert.equal(chats.firstNew.value, undefined);
  attentive.value = false;
  await client.talk.comes(told(3, 30));
  assert.equal(chats.firstNew.value, messageId(3));
});

test('a message that is told again after a reconnect is not counted again', async (t) => {
  const { client, chats } = await start(t, unreadTalk);
  client.tell('message', message(2, 20));
  client.tell('message', message(1, 10));
  assert.equal(chats.unread.value, 2);
});

test('what another device has read is read here', async (t) => {
  const { client, chats } = await start(t, unreadTalk);
  client.tell('position', { conversation: TALK, upTo: messageId(2) });
  assert.equal(chats.unread.value, 0);
});

test('a group stands in the list with the name that its members gave it, and its unread messages', async (t) => {
  const { client, chats } = await start(t, async (one) => {
    one.talk.kind = 'group';
    one.talks = [{ id: GROUP, others: [ENGINEER, DRAWING], unread: 1 }];
    await one.talk.held(
      told(1, 10, { conversation: GROUP, content: { kind: 'profile', name: 'Works', sentAt: 10 } }),
      told(2, 20, { conversation: GROUP }),
    );
  });
  await until(() => chats.list.value[0]?.title !== undefined);
  const [chat] = chats.list.value;
  assert.deepEqual([chat?.person, chat?.title, chat?.unread], [undefined, 'Works', 1]);
  await client.talk.comes(
    told(3, 30, { conversation: GROUP, content: { kind: 'text', text: '@clerk', mentions: [CLERK_ID], sentAt: 30 } }),
  );
  assert.deepEqual([chats.list.value[0]?.unread, chats.list.value[0]?.mentions], [2, 1]);
});

test('whoever is brought into a group sees it when the client tells so', async (t) => {
  const { client, chats } = await start(t);
  client.talks = [{ id: GROUP, others: [ENGINEER, DRAWING], unread: 0 }];
  client.tell('members', { conversation: GROUP });
  await setImmediate();
  assert.deepEqual(
    chats.list.value.map(({ id }) => id),
    [GROUP],
  );
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
    again.list.value.map(({ person: one }) => one),
    [ENGINEER],
  );
  again.drop(TALK);
  assert.deepEqual([again.list.value, again.current.value], [[], undefined]);
});

test('the people of the list are watched', async (t) => {
  const { client, chats } = await start(t);
  chats.begin(ENGINEER);
  assert.ok(client.asked.includes('watch engineer'));
});

test('nothing listens any more after the end', async () => {
  const client = new ScriptedClient();
  const clock = new HandClock();
  const people = new People({ client, clock, skew: signal(0) });
  const place = { current: signal<ConversationId | undefined>(undefined) };
  const parts = { client, clock, store: memoryStore(), people, place, attentive: signal(true), me: CLERK };
  const chats = new Chats(parts);
  people.start();
  await chats.start();
  chats.stop();
  people.stop();
  assert.equal(client.listening, 0);
});

test('pinned conversations stand above the others and keep their places, whatever is said in which', async (t) => {
  const { client, chats, clock } = await start(t);
  const others = [DRAWING, person(4, 'accounts@kyiv.acme.ua'), ENGINEER];
  for (const one of others) chats.begin(one);
  const [drawing, accounts, engineer] = others.map((one) => client.conversationWith(one));
  assert.ok(drawing && accounts && engineer);
  chats.setPinned({ id: drawing }, true);
  chats.setPinned({ id: accounts }, true);
  client.tell('message', message(1, clock.now() + 1));
  assert.deepEqual(
    chats.list.value.map(({ id }) => id),
    [drawing, accounts, engineer],
  );
  chats.setPinned({ id: drawing }, false);
  assert.deepEqual(
    chats.list.value.map(({ id, pin }) => [id, pin]),
    [
      [accounts, 0],
      [engineer, undefined],
      [drawing, undefined],
    ],
  );
});

test('a group has the picture that was chosen last, until it is taken away', async (t) => {
  const { client, chats, clock } = await start(t, async (client) => {
    client.talk.kind = 'group';
    client.talks = [{ id: GROUP, others: [ENGINEER, DRAWING], unread: 0 }];
    await client.talk.held(told(1, 10, { conversation: GROUP }));
  });
  await until(() => chats.find(GROUP) !== undefined && chats.timelineOf({ id: GROUP }).isOpen.value);
  const picture = new Uint8Array([1, 2, 3]);
  await client.talk.comes(told(2, 20, { conversation: GROUP, content: { kind: 'profile', picture, sentAt: 20 } }));
  await until(() => chats.find(GROUP)?.picture !== undefined);
  assert.deepEqual(chats.find(GROUP)?.picture, picture);
  const none = { kind: 'profile', picture: new Uint8Array(), sentAt: 30 } as const;
  await client.talk.comes(told(3, 30, { conversation: GROUP, content: none }));
  clock.pass(1000);
  await until(() => chats.find(GROUP)?.picture?.length === 0);
  assert.equal(chats.find(GROUP)?.picture?.length, 0);
});
