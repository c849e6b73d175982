// Damage in LevelDB's log is told from the torn end that a power cut leaves.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDatabase } from '../../src/store/database.ts';
import { key } from '../../src/store/keys.ts';
import { isLogDamaged, maskedChecksum } from '../../src/store/log-check.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const LIMIT = { timeout: 60_000 };
const WRITER = join(import.meta.dirname, 'killed-writer.ts');

/** A database whose writer was killed with -9 after five acknowledged commits, and its log. */
async function killed(t: TestContext): Promise<{ directory: string; path: string; log: Buffer }> {
  const directory = await temporaryFolder(t);
  await once(fork(WRITER, [directory]), 'exit');
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const log = name.endsWith('.log') ? await readFile(path) : Buffer.alloc(0);
    if (log.includes('marker-4')) return { directory, path, log };
  }
  return assert.fail('no log holds what was written');
}

test('the checksum is that of LevelDB', () => {
  // leveldb/util/crc32c_test.cc: 32 zero bytes have the CRC 8a9136aa.
  const crc = 0x8a9136aa;
  assert.equal(maskedChecksum(new Uint8Array(32)), (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
});

test('what was acknowledged before kill -9 is there', LIMIT, async (t) => {
  const { directory, log } = await killed(t);
  assert.equal(isLogDamaged(log), false);
  const database = await openDatabase(directory);
  t.after(() => database.close());
  for (let n = 0; n < 5; n++) assert.ok(await database.get(key('m', n)));
});

test('any broken byte before the last record is found, and the database is not opened', LIMIT, async (t) => {
  const { directory, path, log } = await killed(t);
  const last = log.indexOf('marker-3') + 'marker-3'.length + 10_000 + 4;
  for (let at = 0; at < last; at += 97) {
    const broken = Buffer.from(log);
    broken[at] = (broken[at] ?? 0) ^ 0x10;
    assert.equal(isLogDamaged(broken), true, `byte ${at}`);
  }
  const broken = Buffer.from(log);
  broken.write('MARKER', log.indexOf('marker-1'));
  await writeFile(path, broken);
  await assert.rejects(openDatabase(directory), { name: 'LocalError', code: 'store-damaged' });
});

test('a log torn at any place of its last record is no damage', LIMIT, async (t) => {
  const { log } = await killed(t);
  const begin = log.indexOf('marker-3') + 'marker-3'.length + 10_000 + 4;
  for (let length = begin; length < log.length; length += 97) {
    assert.equal(isLogDamaged(log.subarray(0, length)), false, `${length} bytes`);
    const zeroed = Buffer.from(log).fill(0, length);
    assert.equal(isLogDamaged(zeroed), false, `zero from ${length}`);
  }
});

test('the end of a torn batch may have reached the disk before its beginning', LIMIT, async (t) => {
  const { log } = await killed(t);
  const begin = log.indexOf('marker-3') + 'marker-3'.length + 10_000 + 4;
  const torn = Buffer.from(log).fill(0, begin, begin + 500);
  assert.equal(isLogDamaged(torn), false);
});
