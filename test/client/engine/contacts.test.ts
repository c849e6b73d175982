// People, end to end: who is blocked writes into nothing, in words of two and in groups; earlier messages stay. News, where administrators
// alone write. The picture of a group.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../../src/client/client.ts';
import type { ConversationId } from '../../../src/realm/ids.ts';
import { type Branch, openBranch } from '../../node/lan/branch-fixture.ts';
import { nextEvent } from '../waiting.ts';
import { clientOf, connected } from './people.ts';

const TIMEOUT = { timeout: 90_000 };

async function person(t: TestContext, branch: Branch, login: string) {
  const { id } = await branch.addUser(login, login, `first-${login}`);
  const client = clientOf(t, branch);
  const me = await client.login(login, `first-${login}`, { newPassword: `second-${login}` });
  await connected(client);
  return { client, id, address: me.user.address };
}

async function textsOf(client: Client, conversation: ConversationId): Promise<readonly (string | undefined)[]> {
  const timeline = await client.timeline(conversation);
  const texts = timeline.view().items.flatMap((item) => (item.kind === 'message' ? [item.text] : []));
  timeline.close();
  return texts;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await holds()); await pause(30)) assert.ok(Date.now() < end, 'in vain');
}

const hears = (client: Client, text: string) => nextEvent(client, 'message', (message) => message.text === text);

test('who is blocked is not heard until the block is over, and what was there stays', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  const clerk = await person(t, branch, 'clerk');
  const cook = await person(t, branch, 'cook');
  const first = hears(clerk.client, 'before');
  const { conversation } = await cook.client.send({ to: clerk.address, text: 'before' });
  await first;
  await clerk.client.contacts.block(cook.id);
  assert.deepEqual(
    (await clerk.client.contacts.blocked()).map(({ user }) => user.id),
    [cook.id],
  );
  await cook.client.send({ to: clerk.address, text: 'blocked' });
  await cook.client.drained();
  await clerk.client.contacts.unblock(cook.id);
  assert.deepEqual(await clerk.client.contacts.blocked(), []);
  const after = hears(clerk.client, 'after');
  await cook.client.send({ to: clerk.address, text: 'after' });
  await after;
  await until(async () => (await textsOf(clerk.client, conversation)).length === 2);
  assert.deepEqual(await textsOf(clerk.client, conversation), ['before', 'after']);
});

test(
  'a contact that is removed leaves the list with its history, and comes back with a message',
  TIMEOUT,
  async (t) => {
    const branch = await openBranch(t);
    const clerk = await person(t, branch, 'clerk');
    const cook = await person(t, branch, 'cook');
    const first = hears(clerk.client, 'before');
    const { conversation } = await cook.client.send({ to: clerk.address, text: 'before' });
    await first;
    await clerk.client.contacts.remove(cook.id);
    await until(async () => (await clerk.client.conversations()).length === 0);
    assert.deepEqual(await textsOf(clerk.client, conversation), []);
    const again = hears(clerk.client, 'again');
    await cook.client.send({ to: clerk.address, text: 'again' });
    await again;
    await until(async () => (await clerk.client.conversations()).length === 1);
    assert.deepEqual(await textsOf(clerk.client, conversation), ['again']);
  },
);

test('in news administrators alone write, and everybody reads; its picture goes with its name', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  const clerk = await person(t, branch, 'clerk');
  const cook = await person(t, branch, 'cook');
  const news = await clerk.client.groups.create({ name: 'News', kind: 'news', members: [cook.id] });
  const picture = new Uint8Array(200).fill(7);
  await clerk.client.act(news, { kind: 'profile', picture });
  const heard = hears(cook.client, 'the first');
  await clerk.client.act(news, { kind: 'text', text: 'the first' });
  await heard;
  const shown = await cook.client.timeline(news);
  await until(async () => shown.view().name === 'News' && shown.view().picture !== undefined);
  assert.deepEqual(shown.view().picture, picture);
  const refused = nextEvent(cook.client, 'state', ({ state }) => state === 'failed');
  await cook.client.act(news, { kind: 'text', text: 'me, too' });
  assert.equal((await refused).failure?.code, 'may-not-write');
  assert.equal(await clerk.client.groups.setRole(news, cook.id, 'administrator'), 'done');
  const second = hears(clerk.client, 'the second');
  await until(async () =>
    (await cook.client.groups.members(news)).members.some(
      ({ user, role }) => user === cook.id && role === 'administrator',
    ),
  );
  await cook.client.act(news, { kind: 'text', text: 'the second' });
  await second;
});
