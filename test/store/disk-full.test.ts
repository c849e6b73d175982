// A disk that really is full: a file system of 48 MiB in a mount namespace of its own.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryFolder } from '../temporary-folder.ts';

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, 'full-disk.ts');
const ENTER = ['-rm', ...(process.getuid?.() === 0 ? [] : ['-U'])];
const mayMount = spawnSync('unshare', [...ENTER, 'true']).status === 0;
const skip = mayMount ? false : 'needs mount namespaces (unshare)';

test('a full disk refuses writes by name, reads go on, and nothing acknowledged is lost once it has room again', {
  timeout: 120_000,
  skip,
}, async (t) => {
  const mount = await temporaryFolder(t);
  const script = 'mount -t tmpfs -o size=48m none "$1" && exec "$2" "$3" "$1"';
  const { stdout } = await run('unshare', [...ENTER, 'sh', '-c', script, 'sh', mount, process.execPath, PROGRAM]);
  const seen = JSON.parse(stdout);
  assert.deepEqual(seen.whileFull.codes, ['disk-full']);
  assert.ok(seen.whileFull.acknowledged > 0);
  assert.ok(seen.whileFull.readable >= seen.whileFull.acknowledged);
  const { codes, during, reads } = seen.unopenable;
  assert.deepEqual([codes, during, reads], [['store-damaged'], 'store-damaged', ['read', 'read', true]]);
  assert.deepEqual(seen.afterwards.codes, []);
  assert.equal(seen.afterwards.acknowledged, seen.whileFull.acknowledged + 20);
  assert.deepEqual(seen.missing, []);
});
