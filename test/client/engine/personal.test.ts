// What is the user's own follows the user: read marks, hidden messages, deleted histories, drafts; and what disappears. Real clients
// against a real LAN server.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { cacheStorage } from '../../../src/client/cache/cache-storage.ts';
import type { Client, OpenTimeline, ShownMessage } from '../../../src/client/client.ts';
import { openBranch } from '../../node/lan/branch-fixture.ts';
import { nextEvent } from '../waiting.ts';
import { clientOf, connected, ENGINEER, keptPlace } from './people.ts';

const TIMEOUT = { timeout: 90_000 };
const DEADLINE = 15_000;

/** Two people, of whom the second has two devices. */
async function threeDevices(t: TestContext) {
  const branch = await openBranch(t);
  await branch.addUser('clerk', 'Clerk One', 'first-clerk');
  const { id } = await branch.addUser('engineer', 'Engineer One', 'first-engineer');
  const place = await keptPlace();
  const [clerk, engineer, second] = [clientOf(t, branch), clientOf(t, branch, place), clientOf(t, branch)];
  await clerk.login('clerk', 'first-clerk', { newPassword: 'second-clerk' });
  await engineer.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
  await second.login('engineer', 'second-engineer');
  for (const client of [clerk, engineer, second]) await connected(client);
  return { branch, clerk, engineer, second, place, id };
}

const messagesOf = (timeline: OpenTimeline): ShownMessage[] =>
  timeline.view().items.filter((item) => item.kind === 'message');

/** Resolves once what is shown is as wished. */
function shows(timeline: OpenTimeline, wish: (messages: readonly ShownMessage[]) => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error(`shown: ${JSON.stringify(messagesOf(timeline))}`)), DEADLINE);
  // What disappears does so without anybody telling.
  const again = setInterval(() => look(), 50);
  const look = () => wish(messagesOf(timeline)) && resolve();
  const stop = timeline.onChange(look);
  look();
  return promise.finally(() => {
    clearTimeout(late);
    clearInterval(again);
    stop();
  });
}

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function say(from: Client, to: readonly Client[], text: string) {
  const arrived = Promise.all(to.map((one) => nextEvent(one, 'message', (message) => message.text === text)));
  await from.send({ to: ENGINEER, text });
  const [first] = await arrived;
  if (!first) assert.fail('nobody listens');
  return first;
}

const texts = (timeline: OpenTimeline) => messagesOf(timeline).map(({ text }) => text);

test('what is read on one device is read on the other, and counted as such', TIMEOUT, async (t) => {
  const { clerk, engineer, second } = await threeDevices(t);
  const { conversation, id } = await say(clerk, [engineer, second], 'one');
  const two = await say(clerk, [engineer, second], 'two');
  const [here, there] = await Promise.all([engineer.timeline(conversation), second.timeline(conversation)]);
  assert.deepEqual([there.view().unread, there.view().firstUnread], [2, id]);
  await engineer.markRead(id);
  assert.deepEqual([here.view().unread, here.view().firstUnread], [1, two.id]);
  await shows(there, (shown) => shown.filter(({ unread }) => unread).length === 1);
  const [listed] = await second.conversations();
  assert.deepEqual([listed?.unread, listed?.firstUnread], [1, two.id]);
});

test('delete for me hides on all devices of the user and nowhere else', TIMEOUT, async (t) => {
  const { clerk, engineer, second } = await threeDevices(t);
  await say(clerk, [engineer, second], 'before');
  const { conversation, id } = await say(clerk, [engineer, second], 'only one');
  const timelines = await Promise.all([clerk, engineer, second].map((client) => client.timeline(conversation)));
  const [sender, here, there] = timelines;
  if (!sender || !here || !there) assert.fail('no timelines');
  await engineer.hide(conversation, [id]);
  assert.deepEqual(texts(here), ['before']);
  await shows(there, (shown) => shown.length === 1);
  assert.deepEqual(texts(sender), ['before', 'only one']);
  assert.equal((await clerk.search('only')).length, 1);
  await clerk.act(conversation, { kind: 'edit', target: id, text: 'only changed' });
  await say(clerk, [engineer, second], 'after');
  for (const client of [engineer, second]) {
    assert.deepEqual(await client.search('only'), []);
    assert.ok(!JSON.stringify((await client.history(conversation)).messages).includes('only'));
  }
  assert.equal((await clerk.history(conversation)).messages.length, 3);
});

test('the list says what was said last of what is shown, though the server has more', TIMEOUT, async (t) => {
  const { clerk, engineer, second } = await threeDevices(t);
  await say(clerk, [engineer, second], 'before');
  const { conversation, id } = await say(clerk, [engineer, second], 'only one');
  const lastOf = async (client: Client) => (await client.conversations())[0]?.last;
  assert.equal((await lastOf(second))?.text, 'only one');
  await engineer.hide(conversation, [id]);
  await shows(await second.timeline(conversation), (shown) => shown.length === 1);
  for (const client of [engineer, second]) {
    const last = await lastOf(client);
    assert.deepEqual([last?.text, last?.from.name], ['before', 'Clerk One']);
  }
  assert.equal((await lastOf(clerk))?.text, 'only one');
  await engineer.clearHistory(conversation);
  assert.equal((await lastOf(engineer))?.text, undefined);
});

test('a deleted history is gone on all devices, and what comes after it is shown', TIMEOUT, async (t) => {
  const { branch, clerk, engineer, second, place } = await threeDevices(t);
  const { conversation } = await say(clerk, [engineer, second], 'old');
  const [here, there] = await Promise.all([engineer.timeline(conversation), second.timeline(conversation)]);
  await engineer.clearHistory(conversation);
  assert.deepEqual(texts(here), []);
  await shows(there, (shown) => shown.length === 0);
  await say(clerk, [engineer, second], 'new');
  for (const timeline of [here, there]) await shows(timeline, ([first]) => first?.text === 'new');
  assert.deepEqual(await engineer.search('old'), []);
  engineer.disconnect();
  await engineer.logout({ keepDevice: true });
  const again = clientOf(t, branch, place);
  await again.login('engineer', 'second-engineer');
  assert.deepEqual(texts(await again.timeline(conversation)), ['new']);
});

test('a server alone deletes no history here: only the user’s vault does', TIMEOUT, async (t) => {
  const { branch, clerk, engineer, second, id } = await threeDevices(t);
  const { conversation } = await say(clerk, [engineer, second], 'stays');
  const timeline = await engineer.timeline(conversation);
  const told = nextEvent(engineer, 'cleared');
  await branch.components.conversations.clear(id, conversation, false);
  await told;
  assert.deepEqual(texts(timeline), ['stays']);
});

test('drafts are kept, follow the user, and end', TIMEOUT, async (t) => {
  const { branch, clerk, engineer, second, place } = await threeDevices(t);
  const { conversation } = await say(clerk, [engineer, second], 'hello');
  const heard = nextEvent(second, 'draft');
  await engineer.setDraft(conversation, 'half a thou');
  assert.equal((await heard).draft?.text, 'half a thou');
  assert.equal(second.draft(conversation)?.text, 'half a thou');
  const ended = nextEvent(engineer, 'draft');
  await second.setDraft(conversation, '');
  assert.equal((await ended).draft, undefined);
  await engineer.setDraft(conversation, 'kept');
  await engineer.logout({ keepDevice: true });
  const again = clientOf(t, branch, place);
  await again.login('engineer', 'second-engineer');
  assert.equal(again.draft(conversation)?.text, 'kept');
});

test('what is deleted for all leaves a tombstone, and no body at the server or in any cache', TIMEOUT, async (t) => {
  const { branch, clerk, engineer, second } = await threeDevices(t);
  const { conversation, id } = await say(clerk, [engineer, second], 'take it back');
  const timelines = await Promise.all([clerk, engineer, second].map((client) => client.timeline(conversation)));
  const removed = Promise.all([clerk, engineer, second].map((client) => nextEvent(client, 'removed')));
  await clerk.act(conversation, { kind: 'delete', targets: [id] });
  await removed;
  for (const timeline of timelines) await shows(timeline, ([shown]) => shown?.deletedBy !== undefined);
  await assert.rejects(engineer.explain(id), { code: 'message-unknown' });
  for (const client of [clerk, engineer, second]) {
    const again = await client.timeline(conversation);
    assert.deepEqual(
      messagesOf(again).map(({ text, deletedBy }) => [text, deletedBy !== undefined]),
      [[undefined, true]],
    );
    assert.deepEqual(await client.search('back'), []);
  }
  const quick = await clerk.act(conversation, { kind: 'text', text: 'at once' });
  await clerk.act(conversation, { kind: 'delete', targets: [quick] });
  await clerk.drained();
  // Nobody has more of it for a device that comes now.
  const late = clientOf(t, branch);
  await late.login('engineer', 'second-engineer');
  await connected(late);
  await shows(await late.timeline(conversation), (shown) => {
    const gone = shown.flatMap((message) => (message.deletedBy === undefined ? [] : [message.id]));
    return isDeepStrictEqual(gone, [id, quick]);
  });
});

test('a disappearing message goes on every device after it was read, and at the server', TIMEOUT, async (t) => {
  const { clerk, engineer, second } = await threeDevices(t);
  const { conversation } = await say(clerk, [engineer, second], 'stays');
  const heard = Promise.all([engineer, second].map((one) => nextEvent(one, 'message', ({ text }) => text === 'brief')));
  const id = await clerk.act(conversation, { kind: 'text', text: 'brief', expiresAfter: 300 });
  await heard;
  const timelines = await Promise.all([clerk, engineer, second].map((client) => client.timeline(conversation)));
  assert.deepEqual(
    timelines.map((timeline) => messagesOf(timeline).length),
    [2, 2, 2],
  );
  const removed = nextEvent(engineer, 'removed', (gone) => gone.id === id);
  await engineer.markRead(id);
  for (const timeline of timelines) await shows(timeline, (shown) => shown.length === 1);
  await removed;
  for (const client of [clerk, engineer, second]) assert.deepEqual(await client.search('brief'), []);
});

test('what is over is not told once more to a device that ended before it wrote down its place', TIMEOUT, async (t) => {
  const { branch, clerk, engineer, second, place, id: user } = await threeDevices(t);
  const { conversation } = await say(clerk, [engineer, second], 'stays');
  const storage = cacheStorage((await place.openCache?.(user)) ?? assert.fail('nothing is kept'));
  const before = await eventually(async () => storage.get(`${user}/cursor`));
  const heard = nextEvent(engineer, 'message', ({ text }) => text === 'brief');
  await clerk.act(conversation, { kind: 'text', text: 'brief', expiresAfter: 200 });
  const { id } = await heard;
  await say(clerk, [engineer], 'after');
  // The servers keep it: nobody tells its sender of the reading.
  await clerk.logout({ keepDevice: true });
  await engineer.markRead(id);
  await shows(await engineer.timeline(conversation), (shown) => shown.length === 2);
  await engineer.logout({ keepDevice: true });
  await storage.set(`${user}/cursor`, before);
  const again = clientOf(t, branch, place);
  await again.login('engineer', 'second-engineer');
  const told: (string | undefined)[] = [];
  again.on('message', ({ text }) => void told.push(text));
  const toldAgain = nextEvent(again, 'message', ({ text }) => text === 'to come');
  await connected(again);
  await second.act(conversation, { kind: 'text', text: 'to come' });
  await toldAgain;
  assert.ok(told.includes('after') && !told.includes('brief'), String(told));
  assert.ok((await again.explain(id)).legs, 'it is at the server');
  assert.deepEqual(await again.search('brief'), []);
  for (const client of [again, second]) await client.logout({ keepDevice: true });
});
