// Conversations of two, end to end: real clients against a real LAN server that keeps accounts and groups.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import type { Client, HttpFetch, OpenTimeline, ShownMessage } from '../../../src/client/client.ts';
import type { ConversationId } from '../../../src/realm/ids.ts';
import { openBranch } from '../../node/lan/branch-fixture.ts';
import { nextEvent } from '../waiting.ts';
import { clientOf, connected, ENGINEER } from './people.ts';

const TIMEOUT = { timeout: 60_000 };
const DEADLINE = 15_000;

async function twoPeople(t: TestContext) {
  const branch = await openBranch(t);
  await branch.addUser('clerk', 'Clerk One', 'first-clerk');
  await branch.addUser('engineer', 'Engineer One', 'first-engineer');
  const [clerk, engineer] = [clientOf(t, branch), clientOf(t, branch)];
  await clerk.login('clerk', 'first-clerk', { newPassword: 'second-clerk' });
  await engineer.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
  await connected(clerk);
  await connected(engineer);
  return { branch, clerk, engineer };
}

/** Resolves once what is shown is as wished. */
function shows(
  timeline: OpenTimeline,
  wish: (messages: readonly ShownMessage[]) => boolean,
): Promise<readonly ShownMessage[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly ShownMessage[]>();
  const messages = () => timeline.view().items.filter((item) => item.kind === 'message');
  const late = setTimeout(
    () => reject(new Error(`shown: ${JSON.stringify(messages().map(({ text }) => text))}`)),
    DEADLINE,
  );
  const look = () => wish(messages()) && resolve(messages());
  const stop = timeline.onChange(look);
  look();
  return promise.finally(() => {
    clearTimeout(late);
    stop();
  });
}

const texts = (messages: readonly ShownMessage[]) => messages.map(({ text }) => text);

async function say(from: Client, to: Client, text: string): Promise<ConversationId> {
  const arrived = nextEvent(to, 'message', (message) => message.text === text);
  await from.send({ to: ENGINEER, text });
  return (await arrived).conversation;
}

test('the first message makes the group, the other side joins by its welcome, and both read', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoPeople(t);
  const conversation = await say(clerk, engineer, 'Доброго дня');
  const answered = nextEvent(clerk, 'message', (message) => !message.mine);
  await engineer.act(conversation, { kind: 'text', text: 'Вітаю' });
  assert.equal((await answered).text, 'Вітаю');
  for (const client of [clerk, engineer]) assert.equal(client.counters()['unable-to-decrypt'], 0);
});

test(
  'whoever writes to somebody away waits for nobody: what follows the first is queued, and shown, at once',
  TIMEOUT,
  async (t) => {
    const branch = await openBranch(t);
    await branch.addUser('clerk', 'Clerk One', 'first-clerk');
    await branch.addUser('engineer', 'Engineer One', 'first-engineer');
    const asked = Promise.withResolvers<void>();
    const engineer = clientOf(t, branch);
    await engineer.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
    await connected(engineer);
    // As a node whose other branch is away: it is still trying when the next text is written.
    const away = Promise.withResolvers<void>();
    const platform = nodePlatform();
    t.after(() => platform.close());
    const fetch: HttpFetch = async (url, init) => {
      if (url.endsWith('/key-packages/claim')) {
        asked.resolve();
        await away.promise;
      }
      return platform.fetch(url, init);
    };
    const clerk = clientOf(t, branch, { ...platform, fetch });
    await clerk.login('clerk', 'first-clerk', { newPassword: 'second-clerk' });
    await connected(clerk);
    const { conversation } = await clerk.send({ to: ENGINEER, text: 'first' });
    await asked.promise;
    await clerk.send({ to: ENGINEER, text: 'second' });
    await clerk.act(conversation, { kind: 'text', text: 'third' });
    const mine = await clerk.timeline(conversation);
    assert.deepEqual(texts(await shows(mine, (shown) => shown.length === 3)), ['first', 'second', 'third']);
    const last = nextEvent(engineer, 'message', ({ text }) => text === 'third');
    away.resolve();
    await last;
  },
);

test('edits, reactions and deletions reach the other side’s timeline', TIMEOUT, async (t) => {
  const { clerk, engineer } = await twoPeople(t);
  const conversation = await say(clerk, engineer, 'first');
  const [mine, theirs] = await Promise.all([clerk.timeline(conversation), engineer.timeline(conversation)]);
  const [first] = await shows(theirs, (shown) => shown.length === 1);
  if (!first) assert.fail('nothing is shown');
  await clerk.act(conversation, { kind: 'edit', target: first.id, text: 'second' });
  await engineer.act(conversation, { kind: 'reaction', target: first.id, emoji: '👍', on: true });
  await shows(theirs, ([shown]) => shown?.text === 'second' && shown.editedAt !== undefined);
  await shows(mine, ([shown]) => shown?.reactions[0]?.emoji === '👍');
  assert.equal((await engineer.search('seco'))[0]?.id, first.id);
  assert.deepEqual(await engineer.search('first'), []);
  await clerk.act(conversation, { kind: 'delete', targets: [first.id] });
  const [gone] = await shows(theirs, ([shown]) => shown?.deletedBy !== undefined);
  assert.equal(gone?.text, undefined);
  mine.close();
  theirs.close();
});

test('a second device reads the history by the keys in the vault, and both go on', TIMEOUT, async (t) => {
  const { branch, clerk, engineer } = await twoPeople(t);
  const conversation = await say(clerk, engineer, 'before');
  const second = clientOf(t, branch);
  await second.login('engineer', 'second-engineer');
  await connected(second);
  const timeline = await second.timeline(conversation);
  assert.deepEqual(texts(await shows(timeline, (shown) => shown.length === 1)), ['before']);
  await second.act(conversation, { kind: 'text', text: 'from the second' });
  const [onFirst, onClerk] = await Promise.all([engineer.timeline(conversation), clerk.timeline(conversation)]);
  for (const shown of [onFirst, onClerk, timeline]) {
    assert.deepEqual(texts(await shows(shown, (messages) => messages.length === 2)), ['before', 'from the second']);
  }
  await say(clerk, engineer, 'after');
  const all = await shows(timeline, (shown) => shown.length === 3);
  assert.deepEqual(texts(all), ['before', 'from the second', 'after']);
  for (const client of [clerk, engineer, second]) assert.equal(client.counters()['unable-to-decrypt'], 0);
});
