// The cache in memory.
import { test } from 'node:test';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { CACHE_FACTS } from './cache-conformance.ts';

for (const { title, run } of CACHE_FACTS) {
  test(`memory: ${title}`, { timeout: 30_000 }, async () => {
    const secret = await makeCacheSecret(new Uint8Array(32).fill(1));
    const otherSecret = await makeCacheSecret(new Uint8Array(32).fill(2));
    const engine = new MemoryEngine();
    await run({ open: async () => engine, secret, otherSecret });
  });
}
