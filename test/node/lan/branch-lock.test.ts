// A branch that is locked from within: real server, real clients, caches that can be looked into.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BranchLock } from '../../../node/directory/branch-lock.ts';
import { openLockStore } from '../../../node/directory/lock-store.ts';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import type { Client } from '../../../src/client/client.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { clientOf, connected, ENGINEER } from '../../client/engine/people.ts';
import { nextEvent } from '../../client/waiting.ts';
import { until } from '../simulated-branch.ts';
import { openBranch } from './branch-fixture.ts';

const LIMIT = { timeout: 60_000 };
const PASSWORD = 'second-engineer';

/** An engineer with devices that hold a message each. */
async function lockable(t: TestContext) {
  const branch = await openBranch(t);
  await branch.addUser('engineer', 'Engineer One', 'first-engineer');
  const first = await openDevice();
  await first.client.login('engineer', 'first-engineer', { newPassword: PASSWORD });
  await connected(first.client);
  await first.client.send({ to: ENGINEER, text: 'note' });
  await first.client.drained();

  async function openDevice() {
    const [engine, secret, storage] = [new MemoryEngine(), await makeCacheSecret(new Uint8Array(32)), memoryStorage()];
    const openCache = () => SealedCache.open({ engine, secret });
    const again = () => clientOf(t, branch, { storage, openCache });
    const held = async () => (await engine.range({ from: '', to: '~' })).length + (await storage.keys('')).length;
    return { client: again(), again, held, openCache };
  }

  const another = async () => {
    const device = await openDevice();
    const { token } = await device.client.login('engineer', PASSWORD);
    await connected(device.client);
    await device.client.drained();
    assert.ok((await device.held()) > 0);
    return { ...device, token };
  };
  return { branch, first, another, stranger: () => clientOf(t, branch) };
}

const refusedAsLocked = (client: Client) =>
  assert.rejects(client.login('engineer', PASSWORD), { code: 'branch-locked' });

test('a lock ends every session with its reason and lets nobody in until it is taken back', LIMIT, async (t) => {
  const { branch, first, another, stranger } = await lockable(t);
  const second = await another();
  const ended = [first, second].map(({ client }) => nextEvent(client, 'signed-out'));
  const { sessions, devices } = await branch.branchLock.lock(false, 'operator');
  assert.deepEqual(await Promise.all(ended), [{ code: 'branch-locked' }, { code: 'branch-locked' }]);
  assert.deepEqual([sessions, devices], [2, 0]);
  assert.deepEqual([first.client.me, second.client.me], [undefined, undefined]);
  await refusedAsLocked(stranger());
  await assert.rejects(second.again().resume(second.token), { code: 'branch-locked' });
  assert.ok((await second.held()) > 0, 'without --wipe nothing is erased');
  await branch.branchLock.unlock('operator');
  assert.equal(await second.again().resume(second.token), undefined, 'the old session is over for good');
  await second.client.login('engineer', PASSWORD);
  assert.equal(second.client.accountState.kind, 'open');
  const codes = (await branch.audit.tail(20)).map(({ code }) => code).filter((code) => code.startsWith('branch-'));
  assert.deepEqual(codes, ['branch-locked', 'branch-unlocked']);
});

test(
  'a device that was away when the lock came is told in words, and shows nothing even when the server is gone',
  LIMIT,
  async (t) => {
    const { branch, another } = await lockable(t);
    const { client, again, token } = await another();
    const opened = await another();
    for (const one of [client, opened.client]) one.disconnect();
    await branch.branchLock.lock(false, 'operator');
    await assert.rejects(opened.again().resume(opened.token), { code: 'branch-locked' });
    const told = nextEvent(client, 'signed-out');
    client.connect();
    assert.deepEqual(await told, { code: 'branch-locked' });
    await branch.server.stop();
    await assert.rejects(again().resume(token), { code: 'server-unreachable' });
    await assert.rejects(opened.again().resume(opened.token), { code: 'server-unreachable' });
  },
);

test('a login that was under way when the lock came gives no session', LIMIT, async (t) => {
  const { branch, stranger } = await lockable(t);
  const { sessions } = branch.accounts;
  const user = branch.accounts.list()[0] ?? assert.fail();
  const device = { id: (sessions.list(user.id)[0] ?? assert.fail()).device.id, name: 'late' };
  const creating = sessions.create(user.id, device);
  const locking = branch.branchLock.lock(false, 'operator');
  await assert.rejects(creating, { code: 'branch-locked' });
  await locking;
  assert.deepEqual(sessions.list(user.id), []);
  await branch.branchLock.unlock('operator');
  await stranger().login('engineer', PASSWORD);
  assert.equal(sessions.list(user.id).length, 1);
});

test(
  'with wiping, devices erase what they hold: connected ones, later ones, and those that were signed out',
  LIMIT,
  async (t) => {
    const { branch, first, another } = await lockable(t);
    const [online, away, late] = [await another(), await another(), await another()];
    for (const { client } of [away, late]) client.disconnect();
    const { device } = first.client.me ?? assert.fail();
    const before = await first.openCache();
    await first.client.logout({ keepDevice: true });
    assert.ok((await before.records('group')).size > 0);
    const wiped = nextEvent(online.client, 'wiped');
    const { devices } = await branch.branchLock.lock(true, 'operator');
    assert.equal(devices, 4);
    await wiped;
    assert.equal(await online.held(), 0);

    const client = away.again();
    const heard = nextEvent(client, 'wiped');
    assert.equal(await client.resume(away.token), undefined);
    await heard;
    assert.equal(await away.held(), 0, 'it came while the branch was locked');

    await branch.branchLock.unlock('operator');
    const afterwards = late.again();
    const told = nextEvent(afterwards, 'wiped');
    assert.equal(await afterwards.resume(late.token), undefined);
    await told;
    assert.equal(await late.held(), 0, 'it came after the branch was unlocked');

    assert.notEqual((await first.again().login('engineer', PASSWORD)).device, device, 'it is another device');
    assert.equal((await before.records('group')).size, 0, 'and what it had held is gone');
  },
);

test('wiping can follow a lock, and reaches the devices that the lock had signed out', LIMIT, async (t) => {
  const { branch, another } = await lockable(t);
  const { again, held, token } = await another();
  const { since } = await branch.branchLock.lock(false, 'operator');
  const then = await branch.branchLock.lock(true, 'operator');
  assert.deepEqual([then.since, then.sessions, then.devices], [since, 0, 2]);
  await branch.branchLock.unlock('operator');
  const client = again();
  const wiped = nextEvent(client, 'wiped');
  assert.equal(await client.resume(token), undefined);
  await wiped;
  assert.equal(await held(), 0);
});

test('devices that are wiped count for nobody any more', LIMIT, async (t) => {
  const { branch, first, another } = await lockable(t);
  const { client } = await another();
  const { user } = first.client.me ?? assert.fail();
  assert.equal(branch.identities.keysOf(user.id).devices.length, 2);
  client.disconnect();
  await branch.branchLock.lock(true, 'operator');
  await until(() => branch.identities.keysOf(user.id).devices.length === 0);
});

test('a device that the directory has not taken off yet comes back as a new one all the same', LIMIT, async (t) => {
  const { branch, first } = await lockable(t);
  const { device } = first.client.me ?? assert.fail();
  await first.client.logout({ keepDevice: true });
  branch.identities.removeDevice = async () => Promise.reject(new Error('the ledger is not written'));
  await branch.branchLock.lock(true, 'operator');
  await branch.branchLock.unlock('operator');
  assert.notEqual((await first.again().login('engineer', PASSWORD)).device, device);
});

test('devices that a crash left in the directory are taken off with the next start', LIMIT, async (t) => {
  const { branch, first } = await lockable(t);
  const { user } = first.client.me ?? assert.fail();
  const { accounts, audit, database, devices, identities } = branch;
  const removeDevice = async () => Promise.reject(new Error('the process is dead'));
  const parts = { sessions: accounts.sessions, devices, deviceStore: accounts.devices, audit };
  const rest = { ...parts, clock: systemClock, log: silentLog };
  const keysOf = (of: UserId) => identities.keysOf(of);
  const store = await openLockStore(database);
  const crashed = new BranchLock({ ...rest, store, identities: { keysOf, removeDevice } });
  await crashed.lock(true, 'operator');
  await crashed.stop();
  assert.equal(identities.keysOf(user.id).devices.length, 1);
  const kept = await openLockStore(database);
  assert.deepEqual([kept.current, kept.due.length], [store.current, 1]);
  const next = new BranchLock({ ...rest, store: kept, identities });
  next.start();
  await until(() => identities.keysOf(user.id).devices.length === 0 && kept.due.length === 0);
  await next.stop();
});

test('a lock that the disk does not take is in force all the same, and says that it is not kept', LIMIT, async (t) => {
  const { branch, first } = await lockable(t);
  const ended = nextEvent(first.client, 'signed-out');
  await branch.database.close();
  await assert.rejects(branch.branchLock.lock(false, 'operator'), { code: 'lock-not-kept' });
  assert.deepEqual(await ended, { code: 'branch-locked' });
  await refusedAsLocked(first.client);
});
