// Writes of a cache that go together: their order, how few they become, and that one without room spoils no other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CacheWrite } from '../../../src/client/cache/engine.ts';
import { GroupedWrites } from '../../../src/client/cache/grouped-writes.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';

const LIMIT = { timeout: 10_000 };
const FULL = 'full';

/** A place that takes a turn of the event loop for each write, and has no room for one key. */
class SlowEngine extends MemoryEngine {
  commits = 0;

  override async write(writes: readonly CacheWrite[]): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.commits += 1;
    if (writes.some((write) => 'put' in write && write.put === FULL)) throw new Error('no room');
    await super.write(writes);
  }
}

const put = (key: string, value: number): CacheWrite[] => [{ put: key, value: Uint8Array.of(value) }];
const keysOf = async (engine: MemoryEngine) => (await engine.range({ from: '', to: '~' })).map(([key]) => key);

test('what is asked for while one is written goes together in the next', LIMIT, async () => {
  const engine = new SlowEngine();
  const writes = new GroupedWrites(engine);
  const names = Array.from({ length: 50 }, (_, n) => `k${String(n).padStart(2, '0')}`);
  await Promise.all(names.map((name, n) => writes.write(put(name, n))));
  assert.deepEqual(await keysOf(engine), names);
  assert.equal(engine.commits, 2);
});

test('of two writes of one key the later stays, also when nobody waited between them', LIMIT, async () => {
  const engine = new SlowEngine();
  const writes = new GroupedWrites(engine);
  await Promise.all([1, 2, 3].map((value) => writes.write(put('k', value))));
  assert.deepEqual((await engine.range({ from: '', to: '~' }))[0]?.[1], Uint8Array.of(3));
});

test('one that fails fails alone, and the next go on', LIMIT, async () => {
  const engine = new SlowEngine();
  const writes = new GroupedWrites(engine);
  const all = ['a', 'b', FULL, 'c'].map((key, n) => writes.write(put(key, n)));
  const ends = await Promise.allSettled(all);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  );
  await writes.write(put('d', 9));
  assert.deepEqual(await keysOf(engine), ['a', 'b', 'c', 'd']);
});

test('who waits for the end has everything written', LIMIT, async () => {
  const engine = new SlowEngine();
  const writes = new GroupedWrites(engine);
  for (const key of ['a', 'b', 'c']) void writes.write(put(key, 1));
  await writes.settled();
  assert.deepEqual(await keysOf(engine), ['a', 'b', 'c']);
});
