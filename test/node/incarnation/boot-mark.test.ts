// A plain restart is told from a restored copy by a real folder and a real database.
import assert from 'node:assert/strict';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readVerdict, renewMark } from '../../../node/incarnation/boot-mark.ts';
import { openDatabase } from '../../../src/store/database.ts';

const LIMIT = { timeout: 30_000 };

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'canopy-mark-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

/** One start of a node: what it finds, and the mark that it leaves. */
async function boot(path: string) {
  const database = await openDatabase(join(path, 'db'));
  try {
    const verdict = await readVerdict(join(path, 'mark'), database);
    if (verdict !== 'restored') await renewMark(join(path, 'mark'), database);
    return verdict;
  } finally {
    await database.close();
  }
}

test('one start after the other is a plain restart', LIMIT, async (t) => {
  const path = join(await folder(t), 'node');
  assert.deepEqual([await boot(path), await boot(path), await boot(path)], ['first', 'same', 'same']);
});

test('a folder that was only moved is a plain restart', LIMIT, async (t) => {
  const root = await folder(t);
  await boot(join(root, 'node'));
  await rename(join(root, 'node'), join(root, 'elsewhere'));
  assert.equal(await boot(join(root, 'elsewhere')), 'same');
});

test('a copy of the whole folder is a restored copy, beside the original and in its place', LIMIT, async (t) => {
  const root = await folder(t);
  const path = join(root, 'node');
  await boot(path);
  await cp(path, join(root, 'copy'), { recursive: true, preserveTimestamps: true });
  assert.equal(await boot(join(root, 'copy')), 'restored');
  await rm(path, { recursive: true });
  await cp(join(root, 'copy'), path, { recursive: true, preserveTimestamps: true });
  assert.equal(await boot(path), 'restored');
});

test('an older database beside the newer mark is a restored copy, and so is a lost mark', LIMIT, async (t) => {
  const root = await folder(t);
  const path = join(root, 'node');
  await boot(path);
  await cp(join(path, 'db'), join(root, 'backup'), { recursive: true });
  await boot(path);
  await boot(path);
  await rm(join(path, 'db'), { recursive: true });
  await cp(join(root, 'backup'), join(path, 'db'), { recursive: true });
  assert.equal(await boot(path), 'restored');
  await rm(join(path, 'mark'));
  assert.equal(await boot(path), 'restored');
});
