import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signHead } from '../../../src/protocols/ledger/witness.ts';
import { WitnessStore } from '../../../src/protocols/ledger/witness-store.ts';
import { createDatabase } from '../../../src/store/database.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { kyiv, lviv, signerOf } from './ledger-realm.ts';

test('exactly the bytes of the newest statement of a witness are known, after a restart too', async () => {
  const signer = await signerOf(lviv);
  const statement = (n: number) =>
    signHead(
      { realm: kyiv, chain: 'network', witness: lviv, incarnation: 1, n, hash: new Uint8Array(32), time: n },
      signer,
    );
  const [older, newer] = [await statement(1), await statement(2)];
  const disk = new ForgetfulDisk();
  const database = await createDatabase(disk.openEngine());
  const store = new WitnessStore({ database });
  await store.put(older);
  assert.deepEqual([store.has(older.bytes), store.has(newer.bytes)], [true, false]);
  assert.equal(await store.put(newer), true);
  assert.deepEqual([store.has(older.bytes), store.has(newer.bytes)], [false, true]);
  const bent = newer.bytes.slice();
  bent[20] = (bent[20] ?? 0) ^ 1;
  assert.equal(store.has(bent), false);
  const again = new WitnessStore({ database });
  assert.equal((await again.of(newer.head)).length, 1);
  assert.equal(again.has(newer.bytes), true);
  await database.close();
});
