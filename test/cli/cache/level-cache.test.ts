// The cache of a program in Node, on a real disk, by the contract that all engines keep.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLevelEngine } from '../../../cli/cache/level-engine.ts';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { CACHE_FACTS } from '../../client/cache/cache-conformance.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

for (const { title, run } of CACHE_FACTS) {
  test(`level: ${title}`, { timeout: 30_000 }, async (t) => {
    const folder = join(await temporaryFolder(t), 'cache');
    const secret = await makeCacheSecret(new Uint8Array(32).fill(1));
    const otherSecret = await makeCacheSecret(new Uint8Array(32).fill(2));
    await run({ open: () => openLevelEngine(folder), secret, otherSecret });
  });
}

test('two clients do not share one folder', { timeout: 30_000 }, async (t) => {
  const folder = join(await temporaryFolder(t), 'cache');
  const engine = await openLevelEngine(folder);
  t.after(() => engine.close());
  await assert.rejects(openLevelEngine(folder), { code: 'cache-failed' });
});
