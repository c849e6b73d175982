// Delivery between two branches over a fake network: what is stored arrives, once, and its sender learns what became of it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../src/realm/log.ts';
import { createDatabase, openDatabase } from '../../../src/store/database.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { HandClock } from '../hand-clock.ts';
import {
  type Branch,
  type BranchOptions,
  CLERK,
  DEVICE,
  ENGINEER,
  KYIV,
  LVIV,
  message,
  messageId,
  receivedBy,
  startBranch,
  until,
} from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';

const LIMIT = { timeout: 60_000 };
const FROM = { user: CLERK, device: DEVICE };

async function branch(t: TestContext, network: SimulatedNetwork, options: Partial<BranchOptions>): Promise<Branch> {
  const database = options.database ?? (await createDatabase(new ForgetfulDisk().openEngine()));
  const started = await startBranch({ realm: KYIV, ...options, network, database });
  t.after(() => started.stop());
  return started;
}

async function pair(t: TestContext) {
  const network = new SimulatedNetwork();
  const kyiv = await branch(t, network, { realm: KYIV });
  const lviv = await branch(t, network, { realm: LVIV });
  return { network, kyiv, lviv };
}

const stateOf = async (where: Branch, n: number) => (await where.conversations.findMessage(CLERK, messageId(n)))?.state;

test('a message goes from stored to delivered to read, and shows its way at both ends', LIMIT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  assert.equal((await kyiv.conversations.submit(FROM, message(1))).state, 'stored');
  await until(() => receivedBy(lviv, ENGINEER).length === 1);
  await lviv.conversations.markDelivered(ENGINEER, lviv.conversations.head());
  await until(async () => (await stateOf(kyiv, 1)) === 'delivered');
  const { conversation } = message(1);
  await lviv.conversations.markRead(ENGINEER, conversation, messageId(1));
  await until(async () => (await stateOf(kyiv, 1)) === 'read');
  const states = () =>
    kyiv.announced.flatMap(({ user, event }) => (event.kind === 'state' ? [[user, event.receipt.state]] : []));
  // Told once it is on disk, where it was looked for just now.
  await until(() => states().length === 2);
  assert.deepEqual(states(), [
    [CLERK, 'delivered'],
    [CLERK, 'read'],
  ]);
  await until(() => kyiv.outbox.depth(LVIV) === 0 && lviv.outbox.depth(KYIV) === 0);
  for (const [where, user] of [
    [kyiv, CLERK],
    [lviv, ENGINEER],
  ] as const) {
    const route = await where.delivery.explain(user, messageId(1));
    const hops = route?.legs[0]?.path?.hops.map(({ realm, role }) => `${role} ${realm}`);
    assert.deepEqual(hops, [`node ${KYIV}`, `relay ${KYIV}`, `relay ${LVIV}`, `node ${LVIV}`]);
  }
});

test('a stop in the middle of a delivery warns of nothing, at neither end', LIMIT, async (t) => {
  const network = new SimulatedNetwork();
  const warned: string[] = [];
  const warn = (_: object, phrase: string): void => void warned.push(phrase);
  const log = { ...silentLog, warn, error: warn };
  const kyiv = await branch(t, network, { realm: KYIV, log });
  const lviv = await branch(t, network, { realm: LVIV, log });
  await Promise.all([
    kyiv.conversations.submit(FROM, message(1)),
    until(() => receivedBy(lviv, ENGINEER).length === 1),
  ]);
  await lviv.stop();
  await kyiv.conversations.submit(FROM, message(2));
  await kyiv.stop();
  assert.deepEqual(warned, []);
});

test('what waited while the other branch was down flows by itself, in order', LIMIT, async (t) => {
  const network = new SimulatedNetwork();
  const kyiv = await branch(t, network, { realm: KYIV });
  network.down(LVIV);
  for (let n = 1; n <= 200; n++) await kyiv.conversations.submit(FROM, message(n));
  const lviv = await branch(t, network, { realm: LVIV });
  assert.equal((await kyiv.delivery.queues())[0]?.depth, 200);
  assert.equal((await kyiv.delivery.explain(CLERK, messageId(7)))?.legs[0]?.state, 'queued');
  network.up(LVIV);
  await until(() => receivedBy(lviv, ENGINEER).length === 200);
  assert.deepEqual(
    receivedBy(lviv, ENGINEER),
    Array.from({ length: 200 }, (_, i) => messageId(i + 1)),
  );
});

test('a stream that breaks again and again loses and doubles nothing', LIMIT, async (t) => {
  const { network, kyiv, lviv } = await pair(t);
  for (let n = 1; n <= 300; n++) {
    await kyiv.conversations.submit(FROM, message(n));
    if (n % 25 === 0) network.cut(LVIV);
    if (n % 25 === 5) network.up(LVIV);
  }
  await until(() => receivedBy(lviv, ENGINEER).length >= 300 && kyiv.outbox.depth(LVIV) === 0);
  assert.equal(new Set(receivedBy(lviv, ENGINEER)).size, 300);
  assert.equal(receivedBy(lviv, ENGINEER).length, 300);
});

test('a better way is taken by the next message, while the stream is idle', LIMIT, async (t) => {
  const { network, kyiv, lviv } = await pair(t);
  await kyiv.conversations.submit(FROM, message(1));
  await until(() => kyiv.outbox.depth(LVIV) === 0 && receivedBy(lviv, ENGINEER).length === 1);
  network.change('direct-tcp');
  await kyiv.conversations.submit(FROM, message(2));
  await until(() => kyiv.outbox.depth(LVIV) === 0);
  assert.equal((await kyiv.delivery.explain(CLERK, messageId(1)))?.legs[0]?.path?.kind, 'relayed');
  assert.equal((await kyiv.delivery.explain(CLERK, messageId(2)))?.legs[0]?.path?.kind, 'direct-tcp');
});

test('a message that expires while its destination is away is never delivered and fails', LIMIT, async (t) => {
  const network = new SimulatedNetwork();
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const kyiv = await branch(t, network, { realm: KYIV, clock });
  const lviv = await branch(t, network, { realm: LVIV, clock });
  network.down(LVIV);
  await kyiv.conversations.submit(FROM, { ...message(1), expires: clock.now() + 50 });
  await kyiv.conversations.submit(FROM, message(2));
  clock.advance(60);
  network.up(LVIV);
  await until(async () => (await stateOf(kyiv, 1)) === 'failed');
  await until(() => kyiv.outbox.depth(LVIV) === 0);
  assert.deepEqual(receivedBy(lviv, ENGINEER), [messageId(2)]);
  assert.deepEqual((await kyiv.delivery.explain(CLERK, messageId(1)))?.legs[0]?.code, 'expired');
});

test(
  'a black hole is noticed by the missing acknowledgement, and what it swallowed is sent again',
  LIMIT,
  async (t) => {
    const network = new SimulatedNetwork();
    const clock = new HandClock(Date.UTC(2026, 0, 1));
    const kyiv = await branch(t, network, { realm: KYIV, clock });
    const lviv = await branch(t, network, { realm: LVIV, clock });
    await kyiv.conversations.submit(FROM, message(1));
    await until(() => kyiv.outbox.depth(LVIV) === 0);
    network.tap = async () => undefined;
    await kyiv.conversations.submit(FROM, message(2));
    await until(async () => (await kyiv.delivery.queues())[0]?.state === 'sending');
    network.tap = async (frame) => frame;
    clock.advance(15_000);
    await until(async () => (await kyiv.delivery.queues())[0]?.state === 'waiting');
    assert.equal((await kyiv.delivery.queues())[0]?.code, 'ack-missing');
    clock.advance(1000);
    await until(() => receivedBy(lviv, ENGINEER).length === 2);
  },
);

test('tries are further and further apart, and one comes at once when a way opens up', LIMIT, async (t) => {
  const network = new SimulatedNetwork();
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const kyiv = await branch(t, network, { realm: KYIV, clock, random: () => 0 });
  await kyiv.conversations.submit(FROM, message(1));
  const waiting = () => until(async () => (await kyiv.delivery.queues())[0]?.state === 'waiting');
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  await waiting();
  for (const pause of [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]) {
    const before = network.triedTo(LVIV);
    clock.advance(pause - 1);
    await turn();
    assert.equal(network.triedTo(LVIV), before, `no try before ${pause} ms`);
    clock.advance(1);
    await until(() => network.triedTo(LVIV) === before + 1);
    await waiting();
  }
  const before = network.triedTo(LVIV);
  const lviv = await branch(t, network, { realm: LVIV, clock });
  await turn();
  assert.equal(network.triedTo(LVIV), before);
  network.up(LVIV);
  await until(() => receivedBy(lviv, ENGINEER).length === 1);
});

test('a destination that comes to us is tried at once, in the middle of a pause', LIMIT, async (t) => {
  const network = new SimulatedNetwork();
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const kyiv = await branch(t, network, { realm: KYIV, clock });
  await kyiv.conversations.submit(FROM, message(1));
  await until(async () => (await kyiv.delivery.queues())[0]?.state === 'waiting');
  const lviv = await branch(t, network, { realm: LVIV, clock });
  await lviv.conversations.submit({ user: ENGINEER, device: DEVICE }, message(2, 'hello', [ENGINEER, CLERK]));
  await until(() => receivedBy(lviv, ENGINEER).length === 1);
});

test('on real stores, closed and opened again in between, everything arrives once', LIMIT, async (t) => {
  const network = new SimulatedNetwork();
  const paths = [join(await temporaryFolder(t), 'db'), join(await temporaryFolder(t), 'db')] as const;
  const run = async (from: number, to: number, seen: (lviv: Branch) => Promise<boolean>) => {
    const stores = [await openDatabase(paths[0]), await openDatabase(paths[1])] as const;
    const kyiv = await startBranch({ realm: KYIV, network, database: stores[0] });
    const lviv = await startBranch({ realm: LVIV, network, database: stores[1] });
    await Promise.all(Array.from({ length: to - from }, (_, i) => kyiv.conversations.submit(FROM, message(from + i))));
    await until(() => seen(lviv));
    await Promise.all([kyiv.stop(), lviv.stop()]);
    await Promise.all(stores.map((store) => store.close()));
  };
  const arrived = async (lviv: Branch) =>
    (await lviv.conversations.eventsSince(ENGINEER, { incarnation: 0, n: 0 }, 500)).events.length;
  await run(1, 201, async () => true);
  await run(201, 401, async (lviv) => (await arrived(lviv)) >= 400);
  await run(401, 401, async (lviv) => (await arrived(lviv)) === 400);
});
