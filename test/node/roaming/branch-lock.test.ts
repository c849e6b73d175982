// A locked branch and guests: its people are refused in other branches, and visitors are refused here.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { memoryStorage } from '../../../src/client/platform.ts';
import { clientOf, PASSWORDS } from '../../client/account/people.ts';
import { nextEvent } from '../../client/waiting.ts';
import { CLERK, twoBranches } from './two-branches.ts';

const LIMIT = { timeout: 60_000 };
const { first, second } = PASSWORDS;

/** The clerk of kyiv works in lviv, connected. */
async function visiting(t: TestContext) {
  const branches = await twoBranches(t);
  const storage = memoryStorage();
  const clerk = clientOf(t, branches.visited, storage);
  const { token } = await clerk.login(CLERK, first, { newPassword: second });
  const ready = nextEvent(clerk, 'ready');
  clerk.connect();
  await ready;
  return { ...branches, clerk, storage, token };
}

for (const place of ['home', 'visited'] as const) {
  test(`a guest is out, and stays out, while the ${place} branch is locked`, LIMIT, async (t) => {
    const { [place]: locked, visited, clerk, token } = await visiting(t);
    const ended = nextEvent(clerk, 'signed-out');
    await locked.branchLock.lock(false, 'operator');
    assert.deepEqual(await ended, { code: 'branch-locked' });
    await assert.rejects(clientOf(t, visited).login(CLERK, second), { code: 'branch-locked' });
    await assert.rejects(clientOf(t, visited).resume(token), { code: 'branch-locked' });
    await locked.branchLock.unlock('operator');
    assert.equal(await clientOf(t, visited).resume(token), undefined, 'the session of before is over');
    await clientOf(t, visited).login(CLERK, second);
  });

  test(`a guest's device erases what it holds when the ${place} branch is locked with wiping`, LIMIT, async (t) => {
    const { [place]: locked, clerk, storage } = await visiting(t);
    const wiped = nextEvent(clerk, 'wiped');
    await locked.branchLock.lock(true, 'operator');
    await wiped;
    assert.deepEqual(await storage.keys(''), []);
  });

  test(`a guest who was away is told to erase when the ${place} branch was locked with wiping`, LIMIT, async (t) => {
    const { [place]: locked, visited, clerk, storage, token } = await visiting(t);
    clerk.disconnect();
    await locked.branchLock.lock(true, 'operator');
    const later = clientOf(t, visited, storage);
    const wiped = nextEvent(later, 'wiped');
    assert.equal(await later.resume(token), undefined);
    await wiped;
    assert.deepEqual(await storage.keys(''), []);
  });
}

test('a visitor whose login was under way at a branch that is locked meanwhile is not let in', LIMIT, async (t) => {
  const { visited } = await twoBranches(t);
  const client = clientOf(t, visited, memoryStorage(), (fetch) => async (url, init) => {
    if (url.endsWith('/login/finish')) await visited.branchLock.lock(false, 'operator');
    return fetch(url, init);
  });
  await assert.rejects(client.login(CLERK, first, { newPassword: second }), { code: 'branch-locked' });
});
