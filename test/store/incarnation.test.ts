// The incarnation of a realm's sequences.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRealmName } from '../../src/realm/names.ts';
import { createDatabase } from '../../src/store/database.ts';
import { openIncarnation, storeIncarnation } from '../../src/store/incarnation.ts';
import { ForgetfulDisk } from './forgetful-disk.ts';

const kyiv = parseRealmName('kyiv.acme.ua');

test('the first incarnation is 1 and survives a power cut', async () => {
  const disk = new ForgetfulDisk();
  assert.equal(await openIncarnation(await createDatabase(disk.openEngine()), kyiv), 1);
  disk.powerCut();
  const database = await createDatabase(disk.openEngine());
  assert.equal(await openIncarnation(database, kyiv), 1);
  await storeIncarnation(database, kyiv, 2);
  disk.powerCut();
  assert.equal(await openIncarnation(await createDatabase(disk.openEngine()), kyiv), 2);
});
