// Whole clients against a node with its own code changed: it adds a device, replays a commit, rolls a vault back, forges a sender. Each of
// them is refused, and what is honest goes on.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { UserEvent } from '../../../node/conversations/conversations.ts';
import type { LanComponents } from '../../../node/lan/components.ts';
import type { Client } from '../../../src/client/client.ts';
import { issueDeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import type { Envelope } from '../../../src/crypto/envelope.ts';
import { generateHpkeKey } from '../../../src/crypto/hpke.ts';
import { newSigningKey } from '../../../src/crypto/identity.ts';
import { type ConversationId, idText, parseDeviceId } from '../../../src/realm/ids.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { type Branch, openBranch } from '../../node/lan/branch-fixture.ts';
import { changedNode, replaced } from '../../node/lan/changed-node.ts';
import { addUser, quickPasswords } from '../account/people.ts';
import { nextEvent } from '../waiting.ts';
import { clientOf, connected, type DevicePlace, keptPlace } from './people.ts';

const TIMEOUT = { timeout: 90_000 };
type Server = Pick<Branch, 'server'>;

async function person(t: TestContext, branch: Branch, at: Server, login: string, place?: DevicePlace) {
  const { id } = await addUser(branch, login, `first-${login}`);
  const client = clientOf(t, at, { ...place, passwords: quickPasswords });
  const me = await client.login(login, `first-${login}`, { newPassword: `second-${login}` });
  await connected(client);
  return { client, id, device: me.device, token: me.token };
}

const hears = (client: Client, text: string) => nextEvent(client, 'message', (message) => message.text === text);
const say = (client: Client, where: ConversationId, text: string) => client.act(where, { kind: 'text', text });

test('a device that the node adds is in no group, and gets nothing', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  const planted = parseDeviceId(idText(systemRandom(16)));
  const claimed: string[] = [];
  const node = await changedNode(t, branch, ({ account, keyPackages }, state) => {
    assert.ok(account && keyPackages);
    const identity = newSigningKey(systemRandom);
    const keys: typeof account.keys = async (id, asker) => {
      const known = await account.keys(id, asker);
      const [model] = known.devices;
      if (!state.isLying || !model) return known;
      const claims = { ...model, device: planted, sequence: 1, signatureKey: identity.publicKey };
      const own = issueDeviceCertificate(identity, { ...claims, hpkeKey: (await generateHpkeKey(false)).publicKey });
      // One by an identity of its own, and one that names the right identity and has its signature from elsewhere.
      const grafted = Uint8Array.from(model.bytes, (byte, at) => (at > 20 && at < 36 ? byte ^ 1 : byte));
      return { ...known, devices: [...known.devices, own, { ...model, device: planted, bytes: grafted }] };
    };
    const claim: typeof keyPackages.claim = (...args) => {
      claimed.push(JSON.stringify(args));
      return keyPackages.claim(...args);
    };
    return { account: { ...account, keys }, keyPackages: replaced(keyPackages, { claim }) };
  });
  node.isLying = true;
  const clerk = await person(t, branch, node, 'clerk');
  const cook = await person(t, branch, branch, 'cook');
  const conversation = await clerk.client.groups.create({ name: 'Kitchen', members: [cook.id] });
  const heard = hears(cook.client, 'hello');
  await say(clerk.client, conversation, 'hello');
  await heard;
  const { devices } = (await clerk.client.account?.keysOf(cook.id)) ?? assert.fail();
  assert.deepEqual(
    devices.map(({ device }) => device),
    [cook.device],
  );
  assert.ok(claimed.length > 0);
  assert.ok(!claimed.some((args) => args.includes(planted)));
});

test('a commit that is shown once more under another number brings nobody back', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  const node = await changedNode(t, branch, ({ groups }, state) => {
    assert.ok(groups);
    const { reader } = groups;
    const commits: typeof reader.commits = async (user, conversation, query) => {
      const page = await reader.commits(user, conversation, query);
      if (!state.isLying || page.commits.length > 0) return page;
      const all = await reader.commits(user, conversation, { ...query, after: 0 });
      // All there was, from the first on, as if it came now.
      const again = all.commits.map((one, at) => ({ ...one, epoch: query.after + at }));
      return { ...page, commits: again };
    };
    return { groups: replaced(groups, { reader: replaced(reader, { commits }) }) };
  });
  const clerk = await person(t, branch, branch, 'clerk');
  const cook = await person(t, branch, node, 'cook');
  const guard = await person(t, branch, branch, 'guard');
  const conversation = await clerk.client.groups.create({ name: 'Kitchen', members: [cook.id] });
  await clerk.client.groups.invite(conversation, [guard.id]);
  const first = Promise.all([hears(cook.client, 'three'), hears(guard.client, 'three')]);
  await say(clerk.client, conversation, 'three');
  await first;
  await clerk.client.groups.remove(conversation, guard.id);
  const second = hears(cook.client, 'two');
  await say(clerk.client, conversation, 'two');
  await second;
  node.isLying = true;
  const overheard: unknown[] = [];
  guard.client.on('message', ({ text }) => overheard.push(text));
  cook.client.disconnect();
  await connected(cook.client);
  await assert.rejects(cook.client.groups.members(conversation), { code: 'epoch-past' });
  node.isLying = false;
  const third = hears(cook.client, 'still two');
  await say(clerk.client, conversation, 'still two');
  assert.equal((await third).problem, undefined);
  const { members } = await cook.client.groups.members(conversation);
  assert.deepEqual(members.map(({ user }) => user).sort(), [clerk.id, cook.id].sort());
  assert.deepEqual(overheard, []);
  assert.equal(cook.client.counters()['unable-to-decrypt'], 0);
});

test(
  'a vault that the node rolls back is refused by the device that wrote it, in the same run and in the next',
  TIMEOUT,
  async (t) => {
    const branch = await openBranch(t);
    let old: { readonly head: Uint8Array; readonly wraps: Uint8Array } | undefined;
    const node = await changedNode(t, branch, ({ account }, state) => {
      assert.ok(account);
      const { vaults } = account;
      const stateOf: typeof vaults.state = async (user) => (state.isLying && old) || vaults.state(user);
      return { account: { ...account, vaults: replaced(vaults, { state: stateOf }) } };
    });
    const place = await keptPlace();
    const clerk = await person(t, branch, node, 'clerk', place);
    const account = clerk.client.account ?? assert.fail();
    old = await branch.accounts.vaults.state(clerk.id);
    await account.vault.put('draft', 'a', Uint8Array.of(1));
    node.isLying = true;
    await assert.rejects(account.vault.refresh(), { code: 'vault-rolled-back' });
    assert.deepEqual(account.vault.get('draft', 'a'), Uint8Array.of(1));
    clerk.client.disconnect();
    const later = clientOf(t, node, place);
    await later.resume(clerk.token);
    assert.deepEqual(later.accountState, { kind: 'refused', code: 'vault-rolled-back' });
    node.isLying = false;
    const honest = clientOf(t, node, { ...(await keptPlace()), passwords: quickPasswords });
    await honest.login('clerk', 'second-clerk');
    assert.deepEqual(honest.account?.vault.get('draft', 'a'), Uint8Array.of(1));
  },
);

/** All messages of somebody, on every way that the LAN side has, as `bend` makes them. */
function bent({ conversations }: LanComponents, bend: (envelope: Envelope) => Envelope): Partial<LanComponents> {
  const bendEvent = (event: UserEvent): UserEvent =>
    event.kind === 'message'
      ? { ...event, message: { ...event.message, envelope: bend(event.message.envelope) } }
      : event;
  const eventsSince: typeof conversations.eventsSince = async (...args) => {
    const page = await conversations.eventsSince(...args);
    return { ...page, events: page.events.map(bendEvent) };
  };
  const onEvent: typeof conversations.onEvent = (listener) =>
    conversations.onEvent((user, event) => listener(user, bendEvent(event)));
  const history: typeof conversations.history = async (...args) => {
    const page = await conversations.history(...args);
    return { ...page, messages: page.messages.map((one) => ({ ...one, envelope: bend(one.envelope) })) };
  };
  return { conversations: replaced(conversations, { eventsSince, onEvent, history }) };
}

test(
  'a sender that the node forges is none, nor is a message that it tells twice or writes itself',
  TIMEOUT,
  async (t) => {
    const branch = await openBranch(t);
    let bend: (envelope: Envelope) => Envelope = (envelope) => envelope;
    const node = await changedNode(t, branch, (real) => bent(real, (envelope) => bend(envelope)));
    const clerk = await person(t, branch, branch, 'clerk');
    const cook = await person(t, branch, node, 'cook');
    const guard = await person(t, branch, branch, 'guard');
    const conversation = await clerk.client.groups.create({ name: 'Kitchen', members: [cook.id, guard.id] });
    const honest = hears(cook.client, 'before');
    const earlier = await say(clerk.client, conversation, 'before');
    await honest;
    const { envelope: old } = (await branch.components.conversations.findMessage(clerk.id, earlier)) ?? assert.fail();
    const lies: readonly (readonly [string, (envelope: Envelope) => Envelope])[] = [
      ['by another member', (one) => ({ ...one, sender: guard.id, device: guard.device })],
      ['by another person with the same device', (one) => ({ ...one, sender: guard.id })],
      ['by another device', (one) => ({ ...one, device: guard.device })],
      ['an old one once more', (one) => ({ ...old, id: one.id })],
      ['in clear', (one) => ({ ...one, body: Uint8Array.of(0, 104, 105) })],
      ['of no known form', (one) => ({ ...one, body: systemRandom(200) })],
    ];
    for (const [how, lie] of lies) {
      const known = new Set((await cook.client.history(conversation)).messages.map(({ id }) => id));
      bend = (envelope) => (envelope.kind === 'message' && !known.has(envelope.id) ? lie(envelope) : envelope);
      const told = nextEvent(cook.client, 'message', (message) => !known.has(message.id));
      const id = await say(clerk.client, conversation, how);
      const { text, problem, id: shown } = await told;
      assert.deepEqual([text, shown], [undefined, id], how);
      assert.equal(typeof problem, 'string', how);
    }
    bend = (envelope) => envelope;
    const after = hears(cook.client, 'after');
    await say(clerk.client, conversation, 'after');
    assert.equal((await after).problem, undefined);
  },
);
