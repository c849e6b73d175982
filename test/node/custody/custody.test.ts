// Custody with real stores: mail goes through the tiers, waits where it must, and arrives once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IDLE_CUSTODY } from '../../../src/protocols/custody/index.ts';
import { HandClock } from '../hand-clock.ts';
import { CLERK, message, messageId, receivedBy, until } from '../simulated-branch.ts';
import { HostileCustodian } from './hostile-custodian.ts';
import { ACME, BETA, ENGINEER, FROM_CLERK, KYIV, LVIV, ODESA, plantTree, SMITH, UA } from './tree-of-branches.ts';

const LIMIT = { timeout: 60_000 };
const toSmith = (n: number) => message(n, `text ${n}`, [CLERK, SMITH]);
const toEngineer = (n: number) => message(n, `text ${n}`, [CLERK, ENGINEER]);

test(
  'a message to another enterprise goes through the tiers, and the outbox forgets it when its destination has it',
  LIMIT,
  async (t) => {
    const tree = await plantTree(t);
    const [kyiv, , ua, , odesa] = await tree.up(KYIV, ACME, UA, BETA, ODESA);
    assert.ok(kyiv && ua && odesa);
    for (let n = 1; n <= 20; n++) await kyiv.conversations.submit(FROM_CLERK, toSmith(n));
    await until(() => kyiv.outbox.depth(ODESA) === 0);
    assert.deepEqual(
      receivedBy(odesa, SMITH),
      Array.from({ length: 20 }, (_, i) => messageId(i + 1)),
    );
    await until(() => ua.delivery.custody.load().batches === 0);
    assert.equal(ua.delivery.custody.load().bytes, 0);
  },
);

test('a sender that shuts down at night still gets its mail delivered', LIMIT, async (t) => {
  const tree = await plantTree(t);
  const [kyiv, acme] = await tree.up(KYIV, ACME);
  assert.ok(kyiv && acme);
  for (let n = 1; n <= 5; n++) await kyiv.conversations.submit(FROM_CLERK, toEngineer(n));
  await until(() => acme.delivery.custody.counters().held > 0 && kyiv.delivery.custody.obstacle(LVIV) === undefined);
  await tree.site(KYIV).stop();
  const lviv = await tree.site(LVIV).start();
  await until(() => receivedBy(lviv, ENGINEER).length === 5 && acme.delivery.custody.load().batches === 0);
  await tree.site(LVIV).stop();
  const again = await tree.site(KYIV).start();
  await until(() => again.outbox.depth(LVIV) === 0);
});

test('what custodians took survives the end of every one of them', LIMIT, async (t) => {
  const tree = await plantTree(t);
  const [kyiv, acme, ua, beta] = await tree.up(KYIV, ACME, UA, BETA);
  assert.ok(kyiv && acme && ua && beta);
  for (let n = 1; n <= 30; n++) await kyiv.conversations.submit(FROM_CLERK, toSmith(n));
  // Custodians pass on in order: who has the last one has all.
  await until(async () => (await beta.delivery.custody.trace(KYIV, ODESA, 1, 30)) !== undefined);
  const held = beta.delivery.custody.load().batches;
  for (const realm of [KYIV, ACME, UA, BETA]) await tree.site(realm).stop({ killed: true });
  const [returned] = await tree.up(BETA);
  assert.equal(returned?.delivery.custody.load().batches, held);
  const odesa = await tree.site(ODESA).start();
  await until(() => receivedBy(odesa, SMITH).length === 30);
  await tree.up(UA, ACME);
  const sender = await tree.site(KYIV).start();
  await until(() => sender.outbox.depth(ODESA) === 0);
  assert.equal(odesa.delivery.counters().duplicates, 0);
});

test('a neighbour that comes back and speaks first is handed at once what waits for it', LIMIT, async (t) => {
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const tree = await plantTree(t, { clock });
  const [kyiv, acme] = await tree.up(KYIV, ACME);
  assert.ok(kyiv && acme);
  await kyiv.conversations.submit(FROM_CLERK, toSmith(1));
  await until(async () => (await acme.delivery.custody.trace(KYIV, ODESA, 1, 1))?.code !== undefined);
  tree.network.isSilent = true;
  const ua = new HostileCustodian(tree.network, UA);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(ua.batches.length, 0, 'nobody told of a way, and no time has passed');
  await ua.open(ACME);
  await until(() => ua.batches.length === 1);
});

test('a stream on which nothing more is handed on is ended, also while mail waits to be settled', LIMIT, async (t) => {
  const clock = new HandClock(Date.UTC(2026, 0, 1));
  const tree = await plantTree(t, { clock });
  const ua = new HostileCustodian(tree.network, UA);
  const [acme, kyiv] = await tree.up(ACME, KYIV);
  assert.ok(acme && kyiv);
  await kyiv.conversations.submit(FROM_CLERK, toSmith(1));
  await until(() => ua.batches.length === 1);
  await until(() => {
    clock.advance(IDLE_CUSTODY / 10);
    return ua.ended === 1;
  });
  assert.equal(kyiv.outbox.depth(ODESA), 1);
});
