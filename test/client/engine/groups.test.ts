// Groups, end to end: real clients of one branch make one, write in it, and change who is in it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../../src/client/client.ts';
import { type Branch, openBranch } from '../../node/lan/branch-fixture.ts';
import { nextEvent } from '../waiting.ts';
import { clientOf, connected } from './people.ts';

const TIMEOUT = { timeout: 90_000 };

async function person(t: TestContext, branch: Branch, login: string): Promise<{ client: Client; id: Id }> {
  const { id } = await branch.addUser(login, login, `first-${login}`);
  const client = clientOf(t, branch);
  await client.login(login, `first-${login}`, { newPassword: `second-${login}` });
  await connected(client);
  return { client, id };
}
type Id = Awaited<ReturnType<Branch['addUser']>>['id'];

const hears = (client: Client, text: string) => nextEvent(client, 'message', (message) => message.text === text);

test(
  'a group is made, everybody reads, who is removed reads no more, who is invited reads from then on',
  TIMEOUT,
  async (t) => {
    const branch = await openBranch(t);
    const clerk = await person(t, branch, 'clerk');
    const cook = await person(t, branch, 'cook');
    const guard = await person(t, branch, 'guard');
    const conversation = await clerk.client.groups.create({ name: 'Kitchen', members: [cook.id, guard.id] });
    const both = Promise.all([hears(cook.client, 'hello'), hears(guard.client, 'hello')]);
    await clerk.client.act(conversation, { kind: 'text', text: 'hello' });
    await both;
    const shown = await cook.client.timeline(conversation);
    assert.equal(shown.view().name, 'Kitchen');

    await assert.rejects(cook.client.groups.remove(conversation, guard.id), { code: 'not-allowed' });
    await clerk.client.groups.remove(conversation, guard.id);
    const overheard: unknown[] = [];
    guard.client.on('message', (message) => overheard.push(message.text));
    const left = hears(cook.client, 'without guard');
    await clerk.client.act(conversation, { kind: 'text', text: 'without guard' });
    await left;
    await assert.rejects(guard.client.act(conversation, { kind: 'text', text: 'still here' }));

    const smith = await person(t, branch, 'smith');
    await clerk.client.groups.invite(conversation, [smith.id]);
    const welcomed = hears(smith.client, 'welcome');
    await cook.client.act(conversation, { kind: 'text', text: 'welcome' });
    assert.equal((await welcomed).problem, undefined);
    // The name was said before smith came, and is said again for him; nobody else is shown that.
    const named = await smith.client.timeline(conversation);
    for (const end = Date.now() + 20_000; named.view().name === undefined && Date.now() < end; ) await pause(50);
    assert.equal(named.view().name, 'Kitchen');
    assert.equal(shown.view().items.filter((item) => item.kind === 'line' && item.what === 'profile').length, 1);
    const { members } = await smith.client.groups.members(conversation);
    assert.deepEqual(members.map(({ user }) => user).sort(), [clerk.id, cook.id, smith.id].sort());
    assert.ok(!overheard.includes('without guard'));
    for (const { client } of [clerk, cook]) assert.equal(client.counters()['unable-to-decrypt'], 0);
  },
);

test(
  'a second device that never wrote in a group shows it by the rules of a group: its name, and the same messages',
  TIMEOUT,
  async (t) => {
    const branch = await openBranch(t);
    const clerk = await person(t, branch, 'clerk');
    const cook = await person(t, branch, 'cook');
    const conversation = await clerk.client.groups.create({ name: 'Kitchen', members: [cook.id] });
    const heard = hears(cook.client, 'hello');
    await clerk.client.act(conversation, { kind: 'text', text: 'hello' });
    await heard;
    const second = clientOf(t, branch);
    await second.login('cook', 'second-cook');
    await connected(second);
    const shown = await second.timeline(conversation);
    for (const end = Date.now() + 20_000; shown.view().name !== 'Kitchen' && Date.now() < end; ) await pause(50);
    assert.equal(shown.view().name, 'Kitchen');
    const texts = shown.view().items.flatMap((item) => (item.kind === 'message' ? [item.text] : []));
    assert.deepEqual(texts, ['hello']);
  },
);
