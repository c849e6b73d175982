// What the home of somebody hidden tells the nodes of other branches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPresence } from '../../../node/presence/presence-service.ts';
import { silentLog } from '../../../src/realm/log.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { never } from '../groups/group-world.ts';
import { HandClock } from '../hand-clock.ts';
import { CLERK, COOK, DEVICE, ENGINEER, KYIV, LVIV, message, receivedBy, until } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { hiddenWorld } from './hidden-world.ts';

const LIMIT = { timeout: 30_000 };

test('one-time key packages go to a branch with which somebody hidden shares a conversation', LIMIT, async (t) => {
  const { at } = await hiddenWorld(t, [KYIV, LVIV]);
  await at(KYIV).keyPackages.put(COOK, DEVICE, { packages: [Uint8Array.of(1)], lastResort: Uint8Array.of(9) });
  // A node that was changed asks all the same.
  const claim = () => at(LVIV).keyPackages.claim(ENGINEER, COOK, never);
  await assert.rejects(claim(), { code: 'user-unknown' });
  await at(KYIV).conversations.submit({ user: COOK, device: DEVICE }, message(1, 'hello', [COOK, ENGINEER]));
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 1);
  assert.deepEqual((await claim())[0]?.keyPackage, Uint8Array.of(1));
});

test('so does presence', LIMIT, async (t) => {
  const { at, users } = await hiddenWorld(t, [KYIV, LVIV]);
  const network = new SimulatedNetwork();
  const clock = new HandClock(1_000_000);
  const open = async (realm: RealmName) => {
    const mayTell = async (to: RealmName, id: typeof COOK) =>
      at(realm).discretion.mayTell(to, users.findById(id) ?? { id, isHidden: true });
    const parts = { realm, clock, random: () => 0, log: silentLog, directory: users, mayTell };
    const presence = createPresence({ ...parts, network: network.node(realm) });
    await presence.start();
    t.after(() => presence.stop());
    return presence;
  };
  const [kyiv, lviv] = [await open(KYIV), await open(LVIV)];
  for (const user of [COOK, CLERK]) kyiv.setOnline(user, DEVICE);
  const look = async () => {
    const seen = new Set<string>();
    const watch = lviv.watch(ENGINEER, (event) => seen.add(event.user));
    watch.set([COOK, CLERK]);
    await until(() => seen.has(CLERK));
    watch.end();
    return seen.has(COOK);
  };
  assert.equal(await look(), false);
  await at(KYIV).conversations.submit({ user: COOK, device: DEVICE }, message(1, 'hello', [COOK, ENGINEER]));
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 1);
  assert.equal(await look(), true);
});
