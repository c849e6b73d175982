// What is deleted leaves the files, whoever reads meanwhile.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { openLevelEngine } from '../../src/store/level-engine.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const SECRET = 'Solomiia-Unmistakable';
const utf8 = new TextEncoder();
const key = (n: number) => utf8.encode(`person ${String(n).padStart(4, '0')}`);
const RANGE = { gte: utf8.encode('person '), lt: Uint8Array.of(...utf8.encode('person '), 0xff) };

async function isOnDisk(folder: string): Promise<boolean> {
  const files = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file))));
  return files.some((bytes) => bytes.includes(SECRET));
}

for (const how of ['an iterator', 'a snapshot'] as const) {
  test(`${how} that is open when a value is deleted does not keep it on the disk`, { timeout: 30_000 }, async (t) => {
    const folder = await temporaryFolder(t);
    const engine = await openLevelEngine(folder);
    t.after(() => engine.close());
    await engine.write(
      Array.from({ length: 50 }, (_, n) => ({ type: 'put', key: key(n), value: utf8.encode(n === 7 ? SECRET : 'x') })),
    );
    const snapshot = how === 'a snapshot' ? engine.snapshot() : undefined;
    const rows = (snapshot ?? engine).iterate(RANGE)[Symbol.asyncIterator]();
    assert.deepEqual((await rows.next()).value?.[0], key(0));
    await engine.write([{ type: 'del', key: key(7) }]);
    const compacted = engine.compact?.(RANGE);
    // as long as it takes where nobody waits
    await Promise.race([compacted, setTimeout(1_000)]);
    let seen = 1;
    while (!(await rows.next()).done) seen += 1;
    await snapshot?.close();
    assert.equal(seen, 50, 'who reads goes on in what was there');
    await compacted;
    assert.equal(await isOnDisk(folder), false);
  });
}

test('a reader that never ends holds nobody up for long', { timeout: 30_000 }, async (t) => {
  const engine = await openLevelEngine(await temporaryFolder(t));
  await engine.write([{ type: 'put', key: key(1), value: utf8.encode('x') }]);
  const snapshot = engine.snapshot();
  t.after(async () => {
    await snapshot.close();
    await engine.close();
  });
  await engine.compact?.(RANGE);
});
