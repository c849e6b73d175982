// The level engine: the conformance suite, and what only a real disk can go through.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDatabase, openDatabase } from '../../src/store/database.ts';
import { key } from '../../src/store/keys.ts';
import { openLevelEngine } from '../../src/store/level-engine.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { conforms, put, text } from './store-conformance.ts';

const LIMIT = { timeout: 60_000 };

conforms('level', async (t) => {
  const directory = join(await temporaryFolder(t), 'db');
  return { open: () => openLevelEngine(directory) };
});

test('a directory in use is refused', LIMIT, async (t) => {
  const directory = await temporaryFolder(t);
  const database = await openDatabase(directory);
  t.after(() => database.close());
  await assert.rejects(openDatabase(directory), { name: 'ConflictError', code: 'dir-in-use' });
});

test('a database of a newer format is refused and left as it is', LIMIT, async (t) => {
  const directory = await temporaryFolder(t);
  const engine = await openLevelEngine(directory);
  const newer = await createDatabase(engine, [{ to: 7, writes: async () => [] }]);
  await newer.close();
  await assert.rejects(openDatabase(directory), { name: 'LocalError', code: 'format-newer' });
  const again = await openLevelEngine(directory);
  t.after(() => again.close());
  assert.deepEqual(await again.get(key('format')), text('7'));
});

test('an older format is brought forward step by step', LIMIT, async (t) => {
  const directory = await temporaryFolder(t);
  const first = await openDatabase(directory);
  await first.commit([put(['greeting'], 'old')]);
  await first.close();
  const steps = [
    { to: 3, writes: async () => [put(['greeting'], 'newest')] },
    { to: 2, writes: async () => [put(['greeting'], 'newer'), put(['two'], 'was here')] },
  ];
  const database = await createDatabase(await openLevelEngine(directory), steps);
  t.after(() => database.close());
  assert.deepEqual(await database.get(key('greeting')), text('newest'));
  assert.deepEqual(await database.get(key('two')), text('was here'));
  assert.deepEqual(await database.get(key('format')), text('3'));
});

/** Flips one bit at the place where `needle` stands in a file of the directory. */
async function damage(directory: string, needle: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const bytes = await readFile(path);
    const at = bytes.indexOf(needle);
    if (at === -1 || !/\.(ldb|log)$/.test(name)) continue;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(path, bytes);
    return;
  }
  assert.fail(`"${needle}" stands in no file`);
}

test('a damaged value in a table is refused, and the error names the repair', LIMIT, async (t) => {
  const directory = await temporaryFolder(t);
  const first = await openDatabase(directory);
  // Bytes that don't compress, so that the value stands in the table as it is.
  const value = 'Kq7ZxP2mVd9LsT4wYbN8cRj5';
  await first.commit([put(['target'], value)]);
  await first.close();
  // Opening and closing moves the log into a table.
  await (await openDatabase(directory)).close();
  await damage(directory, value);
  const database = await openDatabase(directory);
  t.after(() => database.close());
  await assert.rejects(database.get(key('target')), (error: unknown) => {
    assert.ok(error instanceof Error && 'code' in error && 'hint' in error);
    assert.equal(error.code, 'store-damaged');
    assert.match(String(error.hint), /repair\.ts/);
    return true;
  });
});

test('a database whose files do not fit together is named as damaged', LIMIT, async (t) => {
  const directory = await temporaryFolder(t);
  const first = await openDatabase(directory);
  await first.commit([put(['a'], 'a')]);
  await first.close();
  await writeFile(join(directory, 'CURRENT'), 'nonsense\n');
  await assert.rejects(openDatabase(directory), { name: 'LocalError', code: 'store-damaged' });
});
