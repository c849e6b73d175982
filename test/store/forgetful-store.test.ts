// The forgetful disk: it keeps the store's contract, and with it the order of sync and acknowledgement shows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createDatabase } from '../../src/store/database.ts';
import { key, under } from '../../src/store/keys.ts';
import { ForgetfulDisk } from './forgetful-disk.ts';
import { conforms, put, rowsOf, text } from './store-conformance.ts';

const LIMIT = { timeout: 30_000 };

conforms('forgetful disk', async () => {
  const disk = new ForgetfulDisk();
  return { open: async () => disk.openEngine() };
});

/** Commits while syncs are held, cuts the power, and says which of the acknowledged commits are gone. */
async function lostAfterPowerCut(disk: ForgetfulDisk): Promise<number[]> {
  const database = await createDatabase(disk.openEngine(), []);
  const acknowledged: number[] = [];
  for (let n = 0; n < 20; n++) {
    if (n === 10) disk.holdSyncs();
    const commit = database.commit([put(['m', n], 'x')]).then(() => acknowledged.push(n));
    if (n < 10) await commit;
  }
  for (let i = 0; i < 5; i++) await turn();
  disk.powerCut();
  const after = await createDatabase(disk.openEngine(), []);
  const there = await Promise.all(acknowledged.map((n) => after.get(key('m', n))));
  return acknowledged.filter((_, i) => there[i] === undefined);
}

test('no acknowledged commit is lost at a power cut', LIMIT, async () => {
  assert.deepEqual(await lostAfterPowerCut(new ForgetfulDisk()), []);
});

test('a store that acknowledges before the sync would be found out', LIMIT, async () => {
  const lost = await lostAfterPowerCut(new ForgetfulDisk({ lazy: true }));
  assert.ok(lost.length > 0);
});

test('commits that gather while a sync runs share the next one', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const database = await createDatabase(disk.openEngine(), []);
  disk.holdSyncs();
  const first = database.commit([put(['first'], '1')]);
  await turn();
  const crowd = Array.from({ length: 100 }, (_, n) => database.commit([put(['crowd', n], 'x')]));
  const before = disk.syncs;
  disk.releaseSyncs();
  await Promise.all([first, ...crowd]);
  assert.equal(disk.syncs - before, 2);
});

test('a full disk refuses writes, reads go on, and writing resumes by itself', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const database = await createDatabase(disk.openEngine(), []);
  await database.commit([put(['a'], 'a')]);
  disk.full = true;
  await assert.rejects(database.commit([put(['b'], 'b')]), { code: 'disk-full' });
  assert.deepEqual(await database.get(key('a')), text('a'));
  disk.full = false;
  await database.commit([put(['c'], 'c')]);
  assert.equal((await rowsOf(database, under())).length, 3);
});
