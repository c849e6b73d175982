// Messages that disappear: they take the timer of their conversation when they are written, and go from devices and servers with all that
// says what they said. Real clients against a real LAN server.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Client, OpenTimeline, ShownMessage } from '../../../src/client/client.ts';
import type { ConversationId } from '../../../src/realm/ids.ts';
import { type Branch, openBranch } from '../../node/lan/branch-fixture.ts';
import { addUser, quickPasswords } from '../account/people.ts';
import { nextEvent } from '../waiting.ts';
import { clientOf, connected, keptPlace } from './people.ts';

const TIMEOUT = { timeout: 60_000 };
const DEADLINE = 15_000;
const DAY = 24 * 3_600_000;
const COOK = 'cook@kyiv.acme.ua';

async function person(t: TestContext, branch: Branch, login: string) {
  const { id } = await addUser(branch, login, `first-${login}`);
  const place = await keptPlace();
  const client = clientOf(t, branch, { ...place, passwords: quickPasswords });
  await client.login(login, `first-${login}`, { newPassword: `second-${login}` });
  await connected(client);
  // What waits to disappear holds a timer for as long as the client is there.
  t.after(() => client.logout({ keepDevice: true }).catch(() => {}));
  return { client, id, place };
}

async function two(t: TestContext) {
  const branch = await openBranch(t);
  const [clerk, cook] = [await person(t, branch, 'clerk'), await person(t, branch, 'cook')];
  return { branch, clerk, cook };
}

function messagesOf(timeline: OpenTimeline): readonly ShownMessage[] {
  return timeline.view().items.filter((item) => item.kind === 'message');
}

/** Resolves once it shows so; what disappears does so without anybody telling. */
function shows(timeline: OpenTimeline, wish: (timeline: OpenTimeline) => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error(`shown: ${JSON.stringify(timeline.view().items)}`)), DEADLINE);
  const again = setInterval(() => wish(timeline) && resolve(), 25);
  return promise.finally(() => {
    clearTimeout(late);
    clearInterval(again);
  });
}

const says = (text: string) => (timeline: OpenTimeline) => messagesOf(timeline).some((one) => one.text === text);

async function say(from: Client, to: Client, text: string) {
  const heard = nextEvent(to, 'message', (message) => message.text === text);
  await from.send({ to: COOK, text });
  return heard;
}

async function setTimer(from: Client, there: OpenTimeline, expiresAfter: number): Promise<void> {
  await from.act(there.conversation, { kind: 'timer', expiresAfter });
  await shows(there, (timeline) => timeline.view().timer === expiresAfter);
}

test('whatever is said takes the timer as it is then, and nothing that was said before does', TIMEOUT, async (t) => {
  const { clerk, cook } = await two(t);
  const { conversation } = await say(clerk.client, cook.client, 'before');
  const [here, there] = [await clerk.client.timeline(conversation), await cook.client.timeline(conversation)];
  await setTimer(clerk.client, there, 7 * DAY);
  await say(clerk.client, cook.client, 'by name');
  await clerk.client.act(conversation, { kind: 'text', text: 'by conversation' });
  await clerk.client.act(conversation, { kind: 'forward', author: cook.id, writtenAt: 1, text: 'passed on' });
  await shows(there, says('passed on'));
  await setTimer(cook.client, here, 0);
  await clerk.client.act(conversation, { kind: 'text', text: 'after' });
  await clerk.client.drained();
  await shows(here, (timeline) => messagesOf(timeline).every(({ stamp }) => stamp !== undefined));
  // Nobody has told of reading: to the sender it counts as read a day after it was sent.
  const lasts = messagesOf(here).map(({ text, stamp, expiresAt }) => [text, expiresAt && expiresAt - (stamp?.ms ?? 0)]);
  const timed = 8 * DAY;
  assert.deepEqual(lasts, [
    ['before', undefined],
    ['by name', timed],
    ['by conversation', timed],
    ['passed on', timed],
    ['after', undefined],
  ]);
  const lines = there.view().items.flatMap((item) => (item.kind === 'line' ? [[item.what, item.timer, item.by]] : []));
  assert.deepEqual(lines, [
    ['timer', 7 * DAY, clerk.id],
    ['timer', 0, cook.id],
  ]);
});

test('what disappears takes along what was changed in it and its sealed body, everywhere', TIMEOUT, async (t) => {
  const { clerk, cook } = await two(t);
  const { conversation } = await say(clerk.client, cook.client, 'stays');
  const [here, there] = [await clerk.client.timeline(conversation), await cook.client.timeline(conversation)];
  await setTimer(clerk.client, there, 500);
  const { id } = await say(clerk.client, cook.client, 'brief');
  const change = await clerk.client.act(conversation, { kind: 'edit', target: id, text: 'briefer' });
  await shows(there, says('briefer'));
  const removed = Promise.all([id, change].map((gone) => nextEvent(cook.client, 'removed', (one) => one.id === gone)));
  await cook.client.markRead(id);
  for (const timeline of [here, there]) await shows(timeline, (shown) => messagesOf(shown).length === 1);
  await removed;
  for (const { client, place, id: user } of [clerk, cook]) {
    for (const word of ['brief', 'briefer']) assert.deepEqual(await client.search(word), []);
    const cache = (await place.openCache?.(user)) ?? assert.fail();
    const kept = [...(await cache.records('sealed')).keys()];
    assert.deepEqual(
      kept.filter((name) => name.endsWith(id) || name.endsWith(change)),
      [],
    );
    const { events, about } = await cache.page(conversation, { limit: 50 });
    assert.ok(!JSON.stringify([events, about]).includes('brief'));
    for (const gone of [id, change]) await assert.rejects(client.explain(gone), { code: 'message-unknown' });
  }
  await assert.rejects(cook.client.evidence(conversation, id), { code: 'evidence-gone' });
});

/** All that a device could tell, as it lies on its disk. */
async function kept({ place, id: user }: Awaited<ReturnType<typeof person>>, conversation: ConversationId) {
  const cache = (await place.openCache?.(user)) ?? assert.fail();
  const { events, about } = await cache.page(conversation, { limit: 50 });
  const day = Math.floor(Date.now() / DAY);
  const sealed = [...(await cache.records(`sealed/${day}`)), ...(await cache.records(`sealed/${day - 1}`))];
  const segments = [...(await cache.records('search')).values()].map((one) => Buffer.from(one).toString('latin1'));
  return { said: JSON.stringify([events, about, segments]), sealed: sealed.map(([name]) => name.split('/')[1]) };
}

test(
  'an edit of what has disappeared is nowhere: not shown, not found, not kept, nor at the servers',
  TIMEOUT,
  async (t) => {
    const { clerk, cook } = await two(t);
    const { conversation } = await say(clerk.client, cook.client, 'stays');
    const [here, there] = [await clerk.client.timeline(conversation), await cook.client.timeline(conversation)];
    await setTimer(clerk.client, there, 500);
    const { id } = await say(clerk.client, cook.client, 'brief');
    const removed = nextEvent(cook.client, 'removed', (one) => one.id === id);
    await cook.client.markRead(id);
    for (const timeline of [here, there]) await shows(timeline, (shown) => messagesOf(shown).length === 1);
    await removed;
    const change = await clerk.client.act(conversation, { kind: 'edit', target: id, text: 'latesecret' });
    await nextEvent(cook.client, 'removed', (one) => one.id === change);
    await say(clerk.client, cook.client, 'and on');
    for (const one of [clerk, cook]) {
      await assert.rejects(one.client.explain(change), { code: 'message-unknown' });
      assert.deepEqual(await one.client.search('latesecret'), []);
      assert.ok(!JSON.stringify(messagesOf(await one.client.timeline(conversation))).includes('latesecret'));
      await one.client.logout({ keepDevice: true });
      const { said, sealed } = await kept(one, conversation);
      assert.ok(said.includes('stays') && !said.includes('latesecret'), said);
      assert.deepEqual(
        sealed.filter((name) => name === change || name === id),
        [],
      );
    }
  },
);

test('in a group its administrators set the timer, and a member who tries is refused', TIMEOUT, async (t) => {
  const { clerk, cook } = await two(t);
  const heard = nextEvent(cook.client, 'message', ({ text }) => text === 'welcome');
  const conversation = await clerk.client.groups.create({ name: 'Kitchen', members: [cook.id] });
  await clerk.client.act(conversation, { kind: 'text', text: 'welcome' });
  await heard;
  const [here, there] = [await clerk.client.timeline(conversation), await cook.client.timeline(conversation)];
  await assert.rejects(cook.client.act(conversation, { kind: 'timer', expiresAfter: DAY }), { code: 'not-allowed' });
  await cook.client.act(conversation, { kind: 'text', text: 'stays all the same' });
  for (const timeline of [here, there]) {
    await shows(timeline, says('stays all the same'));
    assert.equal(timeline.view().timer, 0);
  }
  await setTimer(clerk.client, there, DAY);
  await cook.client.act(conversation, { kind: 'text', text: 'goes' });
  await shows(there, (timeline) => messagesOf(timeline).at(-1)?.expiresAt !== undefined);
  assert.equal(messagesOf(there).find(({ text }) => text === 'stays all the same')?.expiresAt, undefined);
});

test('a note to oneself counts as read when it is written', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  const cook = await person(t, branch, 'cook');
  const { client } = cook;
  const { user } = client.me ?? assert.fail();
  const notes = client.conversationWith(user);
  await client.send({ to: user, text: 'kept' });
  await client.drained();
  const timeline = await client.timeline(notes);
  await setTimer(client, timeline, 300);
  await client.send({ to: user, text: 'not for long' });
  await shows(timeline, says('not for long'));
  await shows(timeline, (shown) => messagesOf(shown).length === 1);
  assert.deepEqual(await client.search('long'), []);
});

test(
  'what the user deletes for himself, and what a group’s owner deletes of others, leaves the device',
  TIMEOUT,
  async (t) => {
    const { clerk, cook } = await two(t);
    const heard = nextEvent(cook.client, 'message', ({ text }) => text === 'stays');
    const conversation = await clerk.client.groups.create({ name: 'Kitchen', members: [cook.id] });
    await clerk.client.act(conversation, { kind: 'text', text: 'stays' });
    await heard;
    const [here, there] = [await clerk.client.timeline(conversation), await cook.client.timeline(conversation)];
    const rude = await cook.client.act(conversation, { kind: 'text', text: 'rudeword' });
    await cook.client.act(conversation, { kind: 'edit', target: rude, text: 'ruderword' });
    await clerk.client.act(conversation, { kind: 'text', text: 'dullword' });
    for (const timeline of [here, there]) {
      await shows(timeline, (shown) => says('ruderword')(shown) && says('dullword')(shown));
    }
    await cook.client.hide(conversation, [
      messagesOf(there).find(({ text }) => text === 'dullword')?.id ?? assert.fail(),
    ]);
    await clerk.client.act(conversation, { kind: 'delete', targets: [rude] });
    for (const timeline of [here, there]) {
      await shows(timeline, (shown) => messagesOf(shown).some(({ deletedBy }) => deletedBy === clerk.id));
    }
    await clerk.client.drained();
    for (const one of [clerk, cook]) {
      await one.client.logout({ keepDevice: true });
      const { said, sealed } = await kept(one, conversation);
      assert.ok(said.includes('stays'));
      assert.ok(!said.includes('rude') && sealed.every((name) => name !== rude), said);
      assert.equal(said.includes('dullword'), one === clerk);
    }
  },
);
