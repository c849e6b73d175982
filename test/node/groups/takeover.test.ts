// A home that was restored, or that is gone for good: no epoch is given out twice in one term, and members give back what they have.
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { issueDeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import { newSigningKey } from '../../../src/crypto/identity.ts';
import { sealMessage } from '../../../src/crypto/sealed-message.ts';
import { askOrder } from '../../../src/protocols/order/client.ts';
import { encodeCommit } from '../../../src/protocols/order/commit-body.ts';
import type { OrderAnswer } from '../../../src/protocols/order/frames.ts';
import { OrderServer } from '../../../src/protocols/order/server.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { directConversationId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import {
  CLERK,
  COOK,
  DEVICE,
  ENGINEER,
  KYIV,
  LVIV,
  messageId,
  ODESA,
  PORTER,
  receivedBy,
  startBranch,
  until,
} from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { author, CONVERSATION, change, epochAt, GROUP, groupMessage, never, world } from './group-world.ts';

const LIMIT = { timeout: 30_000 };
const BOTH = [
  [CLERK, 'owner'],
  [ENGINEER, 'owner'],
] as const;
const LOCAL = [
  [CLERK, 'owner'],
  [COOK, 'member'],
] as const;
const [clerk, engineer] = [author(CLERK, KYIV), author(ENGINEER, LVIV)];

test('a restored home takes the newest from its members and counts a new term', LIMIT, async (t) => {
  const network = new SimulatedNetwork();
  const [folder, lvivFolder] = [await temporaryFolder(t), await temporaryFolder(t)];
  const lvivDatabase = await openDatabase(join(lvivFolder, 'db'));
  const lviv = await startBranch({ realm: LVIV, database: lvivDatabase, network });
  const open = async (name: string, incarnation: number) => {
    const database = await openDatabase(join(folder, name));
    const branch = await startBranch({ realm: KYIV, database, network, incarnation });
    return { branch, close: () => branch.stop().then(() => database.close()) };
  };
  const step = (epoch: number, text = `commit ${epoch}`) => change({ epoch, home: KYIV, members: BOTH, text });
  const first = await open('db', 1);
  await first.branch.groups.propose(clerk, step(0), never);
  await until(async () => (await epochAt(lviv)) === 1);
  await first.close();
  await cp(join(folder, 'db'), join(folder, 'copy'), { recursive: true });
  const second = await open('db', 1);
  await second.branch.groups.propose(clerk, step(1), never);
  await second.branch.groups.propose(clerk, step(2), never);
  await until(async () => (await epochAt(lviv)) === 3);
  await second.close();
  const restored = await open('copy', 2);
  t.after(async () => {
    await Promise.all([restored.close(), lviv.stop().then(() => lvivDatabase.close())]);
  });
  assert.equal(await epochAt(restored.branch), 1);
  await assert.rejects(restored.branch.groups.propose(clerk, step(1, 'another for the same epoch'), never), {
    code: 'commit-lost',
    epoch: 3,
  });
  assert.deepEqual(await restored.branch.groups.propose(clerk, step(3), never), { epoch: 4 });
  await until(async () => (await epochAt(lviv)) === 4);
  const terms = async (branch: typeof lviv, user: typeof CLERK) =>
    (await branch.groups.reader.commits(user, CONVERSATION, { after: 0 })).commits.map(({ epoch, term }) => [
      epoch,
      term,
    ]);
  assert.deepEqual(await terms(lviv, ENGINEER), [
    [0, 0],
    [1, 0],
    [2, 0],
    [3, 1],
  ]);
  assert.deepEqual(await terms(restored.branch, CLERK), await terms(lviv, ENGINEER));
});

test('a realm that was retired: its successor goes on, and what it said after that is void', LIMIT, async (t) => {
  let retired = false;
  const homeOf = (realm: RealmName): RealmName => (retired && realm === KYIV ? ODESA : realm);
  const { at, network } = await world(t, [KYIV, LVIV, ODESA], { homeOf });
  const three = [...BOTH, [PORTER, 'member']] as const;
  const step = (epoch: number, text = `commit ${epoch}`) => change({ epoch, home: KYIV, members: three, text });
  await at(KYIV).groups.propose(clerk, step(0), never);
  await until(async () => (await epochAt(at(LVIV))) === 1 && (await epochAt(at(ODESA))) === 1);
  network.down(KYIV);
  await at(KYIV).groups.propose(clerk, step(1, 'nobody saw this'), never);
  await assert.rejects(at(LVIV).groups.propose(engineer, step(1), never), { code: 'home-away' });
  retired = true;
  assert.deepEqual(await at(LVIV).groups.propose(engineer, step(1), never), { epoch: 2 });
  await until(async () => (await epochAt(at(LVIV))) === 2);
  const state = await at(LVIV).rosters.find(CONVERSATION);
  assert.deepEqual([state?.home, state?.term], [ODESA, 1]);
  network.up(KYIV);
  await until(async () => (await at(KYIV).rosters.find(CONVERSATION))?.term === 1);
  const [, won] = (await at(KYIV).groups.reader.commits(CLERK, CONVERSATION, { after: 0 })).commits;
  assert.equal(new TextDecoder().decode(won?.commit), 'commit 1');
  assert.equal(await epochAt(at(LVIV)), 2);
  await at(KYIV).conversations.submit({ user: CLERK, device: DEVICE }, groupMessage(1));
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 1);
});

test('a successor in which nobody is a member learns the group from whoever asks', LIMIT, async (t) => {
  let retired = false;
  const homeOf = (realm: RealmName): RealmName => (retired && realm === KYIV ? ODESA : realm);
  const { at, network } = await world(t, [KYIV, LVIV, ODESA], { homeOf });
  await at(KYIV).groups.propose(clerk, change({ epoch: 0, home: KYIV, members: BOTH }), never);
  await until(async () => (await epochAt(at(LVIV))) === 1);
  network.down(KYIV);
  retired = true;
  assert.deepEqual(await at(LVIV).groups.propose(engineer, change({ epoch: 1, home: KYIV, members: BOTH }), never), {
    epoch: 2,
  });
  await until(async () => (await epochAt(at(LVIV))) === 2);
});

test(
  'after a restore clients give back commits and messages; what no certified device signed is refused',
  LIMIT,
  async (t) => {
    const identity = newSigningKey(systemRandom);
    const signature = newSigningKey(systemRandom);
    const claims = { user: COOK, device: DEVICE, signatureKey: signature.publicKey, hpkeKey: new Uint8Array(32) };
    const validity = { sequence: 1, notBefore: 1_790_000_000_000, notAfter: 1_800_000_000_000 };
    const certificate = issueDeviceCertificate(identity, { ...claims, ...validity });
    const keys = { keysOf: () => ({ identity: undefined, devices: [certificate], removed: [] }) };
    const { at } = await world(t, [KYIV], { keys, incarnation: 2 });
    const { groups, conversations } = at(KYIV);
    const given = [0, 1].map((epoch) => {
      const { commit, rosterBytes } = change({ epoch, home: KYIV, members: LOCAL });
      return { epoch, sender: CLERK, device: DEVICE, commit, rosterBytes };
    });
    const where = { conversation: CONVERSATION, group: GROUP };
    await assert.rejects(groups.givingBack.commits(ENGINEER, where, given), { code: 'not-a-member' });
    assert.equal(await groups.givingBack.commits(CLERK, where, given), 2);
    const context = { conversation: CONVERSATION, message: messageId(1), sender: COOK, device: DEVICE };
    const sealing = { group: GROUP, epoch: 2, seq: 1, contentKey: new Uint8Array(32), signature };
    const body = await sealMessage(new Uint8Array(4), context, sealing);
    const message = { id: messageId(1), sender: COOK, device: DEVICE, stamp: { ms: 5, counter: 0 }, expires: 0, body };
    const forged = { ...message, id: messageId(2) };
    const others = { ...message, sender: CLERK };
    assert.deepEqual(await groups.givingBack.missing(CLERK, CONVERSATION, [message]), [messageId(1)]);
    assert.deepEqual(await groups.givingBack.messages(CLERK, CONVERSATION, [message, forged, others, message]), [
      messageId(2),
      messageId(1),
    ]);
    const { messages } = await conversations.history(COOK, CONVERSATION, { limit: 10 });
    assert.deepEqual(
      messages.map(({ envelope }) => [envelope.id, envelope.sender]),
      [[messageId(1), COOK]],
    );
    assert.deepEqual(await groups.givingBack.missing(CLERK, CONVERSATION, [message]), []);
    await assert.rejects(groups.givingBack.messages(ENGINEER, CONVERSATION, [message]), {
      code: 'conversation-unknown',
    });
  },
);

test('a node that was never restored takes nothing back', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  await assert.rejects(at(KYIV).groups.givingBack.missing(CLERK, CONVERSATION, []), { code: 'not-restored' });
});

test('a home that has forgotten nothing is told of no group by whoever asks', LIMIT, async (t) => {
  const { at, network } = await world(t, [KYIV]);
  const conversation = directConversationId(CLERK, COOK);
  const made = change({
    epoch: 0,
    home: KYIV,
    kind: 'direct',
    conversation,
    members: [
      [CLERK, 'owner'],
      [COOK, 'owner'],
    ],
  });
  const body = encodeCommit({ ...made, term: 0, homes: [LVIV, LVIV] });
  const hostile = network.node(LVIV);
  let asked = 0;
  const answer = async (): Promise<OrderAnswer> => {
    asked++;
    return { kind: 'commits', home: KYIV, term: 0, commits: [{ sender: CLERK, device: DEVICE, body }], more: false };
  };
  const server = new OrderServer({ network: hostile, clock: systemClock, log: silentLog, answer });
  server.start();
  t.after(() => server.stop());
  const { commit, rosterBytes } = made;
  const proposal = { kind: 'propose', conversation, group: GROUP, epoch: 1, commit, rosterBytes } as const;
  const by = { user: ENGINEER, device: DEVICE, groupInfo: undefined };
  const said = await askOrder({ network: hostile, clock: systemClock }, KYIV, { ...proposal, ...by }, never);
  assert.equal(said.kind, 'refused');
  assert.equal(asked, 1);
  assert.equal(await at(KYIV).rosters.find(conversation), undefined);
  assert.deepEqual(await at(KYIV).groups.propose(clerk, made, never), { epoch: 1 });
});
