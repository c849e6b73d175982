// Members of a group change it while the realm that keeps its order is out of reach: what they want is pending, everybody writes on, and it is
// done by itself once the two reach each other again. A device that is new behind the cut queues.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { registerUser } from '../../cli/register-user.ts';
import { type Client, createClient } from '../../src/client/client.ts';
import type { ConversationId, UserId } from '../../src/realm/ids.ts';
import { nextEvent } from '../client/waiting.ts';
import { type Branch, startTwoBranches, type TwoBranches } from './two-branches.ts';

const LIMIT = { timeout: 180_000 };

describe('groups whose home is out of reach', LIMIT, () => {
  let branches: TwoBranches;
  const closing: (() => Promise<void>)[] = [];

  before(async () => {
    branches = await startTwoBranches(new AbortController().signal);
  }, LIMIT);
  after(async () => {
    for (const close of closing) await close();
    await branches?.stop();
  });

  const clientAt = async ({ url }: Branch, user: string, secrets: { password: string; newPassword?: string }) => {
    const platform = nodePlatform();
    const client = createClient({ server: url, ...platform });
    closing.push(async () => {
      client.disconnect();
      await platform.close();
    });
    const { password, ...options } = secrets;
    const me = await client.login(user, password, options);
    const ready = nextEvent(client, 'ready');
    client.connect();
    await ready;
    return { client, id: me.user.id, address: me.user.address };
  };
  const person = async (branch: Branch, login: string) => {
    const password = `first word of ${login}`;
    await registerUser(branch.admin, { login, name: login, password });
    const newPassword = `second word of ${login}`;
    return clientAt(branch, `${login}@${branch.realm}`, { password, newPassword });
  };

  test('a removal and an invitation are pending while home is away, and done when it is back', LIMIT, async () => {
    const { kyiv, lviv } = branches;
    const [owner, cook, smith] = [await person(kyiv, 'owner'), await person(lviv, 'cook'), await person(lviv, 'smith')];
    const guest = await person(lviv, 'guest');
    for (const { address } of [owner, cook, smith])
      await until('everybody is known', async () => known(guest.client, address));
    await until('everybody is known', async () => known(owner.client, cook.address));
    await until('everybody is known', async () => known(owner.client, smith.address));
    const conversation = await owner.client.groups.create({ name: 'Kitchen', members: [cook.id, smith.id] });
    await until('the cook is in it', async () => (await membersOf(cook.client, conversation)).includes(cook.id));
    assert.equal(await owner.client.groups.setRole(conversation, cook.id, 'administrator'), 'done');
    await until('the cook may', async () => (await roleOf(cook.client, conversation, cook.id)) === 'administrator');
    await until('the smith is in it', async () => (await membersOf(smith.client, conversation)).length === 3);
    await say(smith.client, conversation, 'before');

    await lviv.program('relay').stop();
    await until(
      'the cut is told',
      async () => cook.client.islands.realms.length > 0 || cook.client.islands.alone !== undefined,
    );
    assert.equal(await cook.client.groups.remove(conversation, smith.id), 'pending');
    assert.equal(await cook.client.groups.invite(conversation, [guest.id]), 'pending');
    await assert.rejects(smith.client.groups.remove(conversation, cook.id), { code: 'not-allowed' });
    await until('the smith sees what is pending', async () => {
      const { pending } = await smith.client.groups.members(conversation);
      return pending.map(({ act }) => act).join() === 'remove,add';
    });
    const lines = (await smith.client.timeline(conversation))
      .view()
      .items.flatMap((item) => (item.kind === 'line' ? [item.what] : []));
    assert.ok(lines.includes('remove-asked') && lines.includes('add-asked'), String(lines));

    // Another device of the cook comes while home is away: what it writes waits.
    const second = await clientAt(lviv, cook.address, { password: 'second word of cook' });
    const waits = nextEvent(second.client, 'waiting', (one) => one.conversation === conversation);
    await say(second.client, conversation, 'written by a new device');
    await waits;
    await say(cook.client, conversation, 'written behind the cut');

    await lviv.start('relay');
    const heard = ['written behind the cut', 'written by a new device'];
    await until('what was written comes', async () => {
      const texts = (await owner.client.timeline(conversation))
        .view()
        .items.flatMap((item) => (item.kind === 'message' ? [item.text] : []));
      return heard.every((text) => texts.includes(text));
    });
    await until('the pending changes are made', async () => {
      const users = await membersOf(owner.client, conversation);
      return !users.includes(smith.id) && users.includes(guest.id);
    });
    await until(
      'nothing is pending',
      async () => (await cook.client.groups.members(conversation)).pending.length === 0,
    );
    for (const { client } of [owner, cook, second]) assert.equal(client.counters()['unable-to-decrypt'], 0);
  });
});

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; ; await pause(100)) {
    if (await holds().catch(() => false)) return;
    assert.ok(Date.now() < end, `${what}: not within a minute`);
  }
}

async function known(client: Client, address: string): Promise<boolean> {
  return (await client.findUser(address)) !== undefined;
}

async function membersOf(client: Client, conversation: ConversationId): Promise<readonly UserId[]> {
  return (await client.groups.members(conversation)).members.map(({ user }) => user);
}

async function roleOf(client: Client, conversation: ConversationId, wanted: UserId) {
  return (await client.groups.members(conversation)).members.find(({ user }) => user === wanted)?.role;
}

async function say(client: Client, conversation: ConversationId, text: string): Promise<void> {
  await client.act(conversation, { kind: 'text', text });
}
