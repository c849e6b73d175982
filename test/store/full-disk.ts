// A program that disk-full.test.ts runs on a small file system of its own: it fills the disk through the store, frees it, and prints
// what it saw as one line of JSON.
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../src/realm/errors.ts';
import { openDatabase } from '../../src/store/database.ts';
import { key, under } from '../../src/store/keys.ts';
import { maskedChecksum } from '../../src/store/log-check.ts';

const [, , mount = ''] = process.argv;
const directory = join(mount, 'db');
const ballast = join(mount, 'ballast');
const value = new Uint8Array(randomBytes(64 * 1024));
const MIB = 1024 * 1024;

await writeFile(ballast, new Uint8Array(24 * MIB));
const database = await openDatabase(directory);
const acknowledged: number[] = [];
const codes = new Set<string>();

async function commit(n: number): Promise<void> {
  try {
    await database.commit([{ type: 'put', key: key('n', n), value }]);
    acknowledged.push(n);
  } catch (error) {
    codes.add(codeOf(error));
  }
}

async function readable(): Promise<number> {
  let rows = 0;
  for await (const [, read] of database.iterate(under('n'))) if (read.length === value.length) rows++;
  return rows;
}

for (let n = 0; n < 600; n++) await commit(n);
const whileFull = { acknowledged: acknowledged.length, codes: [...codes], readable: await readable() };
codes.clear();
await rm(ballast);

async function codeOfRead(): Promise<string> {
  return database.get(key('n', 0)).then((read) => (read?.length === value.length ? 'read' : 'missing'), codeOf);
}

/** A broken place, and behind it a whole record (src/store/log-check.ts). */
function damagedLog(): Buffer {
  const [broken, header, data] = [Buffer.alloc(20, 0xff), Buffer.alloc(7), Buffer.from('synced')];
  header.writeUInt8(1, 6);
  header.writeUInt16LE(data.length, 4);
  header.writeUInt32LE(maskedChecksum(Buffer.concat([header.subarray(6), data])), 0);
  return Buffer.concat([broken, header, data]);
}

/** Room is there again, but for a moment something else keeps the store from being opened: a log as damaged as can be. */
async function tryWhileUnopenable(): Promise<unknown> {
  const log = join(directory, '999999.log');
  await writeFile(log, damagedLog());
  await commit(600_000);
  const during = await codeOfRead();
  await rm(log);
  const reads = await Promise.all([codeOfRead(), codeOfRead(), readable()]);
  return { codes: [...codes], during, reads: [reads[0], reads[1], reads[2] >= acknowledged.length] };
}

const unopenable = await tryWhileUnopenable();
codes.clear();
for (let n = 600; n < 620; n++) await commit(n);
const afterwards = { acknowledged: acknowledged.length, codes: [...codes] };
await database.close();

const again = await openDatabase(directory);
const missing: number[] = [];
for (const n of acknowledged) if ((await again.get(key('n', n)))?.length !== value.length) missing.push(n);
await again.close();
process.stdout.write(`${JSON.stringify({ whileFull, unopenable, afterwards, missing })}\n`);
