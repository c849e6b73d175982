// Fault case 17 for custodians: the power of one goes at each of its writes, before or after the disk has it. What was accepted
// arrives once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RealmName } from '../../../src/realm/names.ts';
import { CrashingBranch, type CutPoint } from '../crashing-branch.ts';
import { type Branch, CLERK, message, messageId, until } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { ACME, BETA, everybody, FROM_CLERK, KYIV, ODESA, SMITH, UA } from './tree-of-branches.ts';

const COUNT = 6;
const WAY = [KYIV, ACME, UA, BETA, ODESA];

async function arrived(odesa: Branch): Promise<string[]> {
  const page = await odesa.conversations.eventsSince(SMITH, { incarnation: 0, n: 0 }, 500);
  return page.events.flatMap((event) => (event.kind === 'message' ? [event.message.envelope.id] : []));
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** True when the cut happened. */
async function runWithCut(victim: RealmName, at: number, point: CutPoint): Promise<boolean> {
  const network = new SimulatedNetwork();
  const options = { directory: everybody() };
  const realms = new Map(WAY.map((realm) => [realm, new CrashingBranch(network, realm, { options })]));
  const site = (realm: RealmName) => realms.get(realm) ?? assert.fail();
  await Promise.all([...realms.values()].map((one) => one.start()));
  site(victim).cutAt(at, point);
  for (let n = 1; n <= COUNT; n++) {
    await site(KYIV).branch.conversations.submit(FROM_CLERK, message(n, `text ${n}`, [CLERK, SMITH]));
    if (n % 2 === 0) await turns(8);
  }
  const isSettled = () => site(KYIV).branch.outbox.depth(ODESA) === 0;
  await until(() => isSettled() || !site(victim).isUp);
  await turns(10);
  const crashed = site(victim).crashes > 0;
  site(victim).disarm();
  if (!site(victim).isUp) await site(victim).start();
  network.up(victim);
  await until(isSettled);
  const expected = Array.from({ length: COUNT }, (_, i) => messageId(i + 1));
  assert.deepEqual((await arrived(site(ODESA).branch)).sort(), expected);
  await Promise.all([...realms.values()].map((one) => one.branch.stop()));
  return crashed;
}

for (const [name, victim] of [
  ['a custodian', UA],
  ['the destination', ODESA],
] as const) {
  for (const point of ['before', 'after'] as const) {
    test(`${name} may lose its power ${point} any write`, { timeout: 120_000 }, async () => {
      let at = 1;
      while (await runWithCut(victim, at, point)) at++;
      assert.ok(at > 3, `only ${at - 1} writes were cut`);
    });
  }
}
