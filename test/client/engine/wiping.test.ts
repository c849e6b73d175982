// What is left on a device when its user leaves: nothing, be it that he logs out or that another of his devices signs this one out.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import { openBranch } from '../../node/lan/branch-fixture.ts';
import { nextEvent } from '../waiting.ts';
import { clientOf, connected, ENGINEER } from './people.ts';

const TIMEOUT = { timeout: 60_000 };

/** An engineer with a kept device that holds a message, and another device. */
async function keptDevice(t: TestContext) {
  const branch = await openBranch(t);
  await branch.addUser('engineer', 'Engineer One', 'first-engineer');
  const [engine, secret, storage] = [new MemoryEngine(), await makeCacheSecret(new Uint8Array(32)), memoryStorage()];
  const openCache = () => SealedCache.open({ engine, secret });
  const [kept, other] = [clientOf(t, branch, { storage, openCache }), clientOf(t, branch)];
  const { device } = await kept.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
  await other.login('engineer', 'second-engineer');
  for (const client of [kept, other]) await connected(client);
  const { id } = await kept.send({ to: ENGINEER, text: 'note' });
  await kept.drained();
  const rows = () => engine.range({ from: '', to: '~' });
  assert.ok((await rows()).length > 0);
  return { branch, kept, other, device, storage, rows, openCache, id };
}

test('a logout takes the device off and leaves neither messages nor keys', TIMEOUT, async (t) => {
  const { branch, kept, other, device, storage, rows, openCache } = await keptDevice(t);
  await kept.logout();
  assert.deepEqual([await rows(), await storage.keys('')], [[], []]);
  assert.ok(!(await other.account?.devices())?.some(({ id }) => id === device));
  const again = clientOf(t, branch, { storage, openCache });
  assert.notEqual((await again.login('engineer', 'second-engineer')).device, device);
});

test('a session that ends alone keeps the device and what it holds', TIMEOUT, async (t) => {
  const { branch, kept, device, storage, rows, openCache } = await keptDevice(t);
  await kept.logout({ keepDevice: true });
  assert.ok((await rows()).length > 0);
  const again = clientOf(t, branch, { storage, openCache });
  assert.equal((await again.login('engineer', 'second-engineer')).device, device);
});

test('a device that another signs out wipes itself at once', TIMEOUT, async (t) => {
  const { kept, other, device, storage, rows } = await keptDevice(t);
  const wiped = nextEvent(kept, 'wiped');
  await other.account?.removeDevice(device);
  await wiped;
  assert.deepEqual([await rows(), await storage.keys('')], [[], []]);
});

test(
  'a device that was signed out while it was off wipes itself at its next login, and is another then',
  TIMEOUT,
  async (t) => {
    const { branch, kept, other, device, storage, openCache, id } = await keptDevice(t);
    kept.disconnect();
    await other.account?.removeDevice(device);
    const before = await openCache();
    assert.ok((await before.records('group')).size > 0);
    const again = clientOf(t, branch, { storage, openCache });
    assert.notEqual((await again.login('engineer', 'second-engineer')).device, device);
    assert.equal((await before.records('group')).size, 0);
    await connected(again);
    assert.equal((await again.history((await again.conversations())[0]?.id ?? assert.fail())).messages[0]?.id, id);
  },
);
