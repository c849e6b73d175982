// Holding and catching up: a device ends with everything, wherever it was interrupted, and survives one without room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { placeOf } from '../../../src/client/cache/cache.ts';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import type { CacheEngine, CacheWrite } from '../../../src/client/cache/engine.ts';
import { cacheFull } from '../../../src/client/cache/engine.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import { SearchIndex } from '../../../src/client/search/search-index.ts';
import { CatchingUp, type HistorySource } from '../../../src/client/sync/catching-up.ts';
import { Holding } from '../../../src/client/sync/holding.ts';
import { decode, encode } from '../../../src/client/sync/holes.ts';
import type { OpenedEvent } from '../../../src/client/timeline/events.ts';
import type { FrameMessage } from '../../../src/protocols/lan/wire.ts';
import { CHAT, numbersOf, said } from '../cache/cache-conformance.ts';

const never = { after: () => ({ cancel: () => {} }) };

/** An engine whose writes fail from a chosen one on, until it is mended. */
class Fragile implements CacheEngine {
  readonly #engine = new MemoryEngine();
  left = Number.POSITIVE_INFINITY;

  range: CacheEngine['range'] = (range) => this.#engine.range(range);
  wipe = () => this.#engine.wipe();
  close = async () => {};

  async write(writes: readonly CacheWrite[]): Promise<void> {
    if (this.left <= 0) throw cacheFull();
    this.left -= 1;
    await this.#engine.write(writes);
  }
}

async function device(engine: CacheEngine) {
  const cache = await SealedCache.open({ engine, secret: await makeCacheSecret(new Uint8Array(32)) });
  const index = await SearchIndex.open(cache);
  const troubles: string[] = [];
  const holding = new Holding({ cache, index, clock: never, onTrouble: (code) => troubles.push(code) });
  await holding.open();
  return { cache, index, holding, troubles };
}

function frameOf({ id, conversation, sender, device, stamp = { ms: 0, counter: 0 } }: OpenedEvent): FrameMessage {
  const ids = { id, conversation, sender, device, stamp, recipients: [sender] };
  return { ...ids, expires: 0, state: 'stored', path: 'local', body: new Uint8Array() };
}

/** A server with these events; each page is counted, and the call after the last allowed one fails. */
function serverWith(numbers: readonly number[], allowed: { pages: number }): HistorySource {
  const sorted = [...numbers].sort((a, b) => b - a);
  return {
    heads: async () => [{ id: CHAT, last: frameOf(said(sorted[0] ?? 0)) }],
    page: async (_conversation, { before, limit }) => {
      if (allowed.pages-- <= 0) throw new Error('the line is cut');
      const size = Math.min(limit, 7);
      const rest = sorted.filter((n) => before === '' || n < Number(before));
      const page = rest.slice(0, size);
      const last = page.at(-1);
      const next = last !== undefined && rest.length > size ? { next: String(last) } : {};
      return { events: page.map((n) => frameOf(said(n))), ...next };
    },
  };
}

test('holes come back from their bytes', () => {
  const holes = fc.array(
    fc.record({ before: fc.string({ maxLength: 20 }), until: fc.string({ maxLength: 20 }) }, { noNullPrototype: true }),
    { maxLength: 9 },
  );
  fc.assert(
    fc.property(holes, (holes) => {
      const bytes = encode(holes);
      assert.deepEqual(decode(bytes), holes);
      for (let length = 0; length < bytes.length; length++) assert.throws(() => decode(bytes.subarray(0, length)));
    }),
    { numRuns: 50 },
  );
});

test('a device ends with all of a history, newest first, wherever the line is cut and whenever it was away', {
  timeout: 60_000,
}, async () => {
  const rounds = fc.array(fc.record({ more: fc.nat({ max: 40 }), pages: fc.nat({ max: 4 }) }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(rounds, async (rounds) => {
      const engine = new Fragile();
      let count = 0;
      const visit = async (pages: number) => {
        const { cache, holding } = await device(engine);
        const source = serverWith(
          Array.from({ length: count }, (_, n) => n),
          { pages },
        );
        const open = async ({ stamp }: FrameMessage) => said(stamp.ms - 1_000_000);
        const catching = new CatchingUp({ source, cache, holding, open, onHeld: async () => {} });
        await catching.open();
        const signal = new AbortController().signal;
        await catching.look(signal);
        await catching.fill(signal).catch(() => {});
        return { cache, unfinished: catching.unfinished };
      };
      for (const { more, pages } of rounds) {
        count += more + 1;
        await visit(pages);
      }
      const { cache, unfinished } = await visit(1000);
      assert.deepEqual(unfinished, []);
      assert.deepEqual(
        await numbersOf(cache),
        Array.from({ length: count }, (_, n) => count - 1 - n),
      );
    }),
    { numRuns: 40 },
  );
});

test('what comes live before a new device has looked does not hide the history below it, also when the device is restarted', async () => {
  const engine = new Fragile();
  const numbers = Array.from({ length: 30 }, (_, n) => n);
  const open = async ({ stamp }: FrameMessage) => said(stamp.ms - 1_000_000);
  const start = async () => {
    const { cache, holding } = await device(engine);
    const source = serverWith(numbers, { pages: 100 });
    const catching = new CatchingUp({ source, cache, holding, open, onHeld: async () => {} });
    await catching.open();
    return { cache, holding, catching };
  };
  await (await start()).holding.hold(CHAT, { events: [said(29)] });
  const { cache, catching } = await start();
  const { signal } = new AbortController();
  await catching.look(signal);
  await catching.fill(signal);
  assert.deepEqual(await numbersOf(cache), numbers.toReversed());
});

test('without room it is told once, what came is kept in memory, and stored when there is room again', async () => {
  const engine = new Fragile();
  const { cache, holding, troubles, index } = await device(engine);
  await holding.hold(CHAT, { events: [said(1)] });
  assert.equal(await holding.isStored(), true);
  engine.left = 0;
  await holding.hold(CHAT, { events: [said(2)] });
  await holding.hold(CHAT, { events: [said(3)] });
  assert.deepEqual(troubles, ['cache-full']);
  assert.equal(await holding.isStored(), false);
  assert.deepEqual(await numbersOf(cache), [1]);
  engine.left = 1000;
  await holding.hold(CHAT, { events: [said(4)] });
  assert.equal(await holding.isStored(), true);
  assert.deepEqual(await numbersOf(cache), [4, 3, 2, 1]);
  assert.equal(index.search('message', { limit: 9 }).length, 4);
});

test('what a client that ended did not index is indexed by the next, whichever write was its last', async () => {
  for (let writes = 0; writes < 14; writes++) {
    const engine = new Fragile();
    engine.left = writes;
    const first = await device(engine);
    for (const n of [5, 3, 9]) await first.holding.hold(CHAT, { events: [said(n)] });
    await first.holding.close();
    engine.left = 1000;
    const second = await device(engine);
    const held = await numbersOf(second.cache);
    const found = second.index.search('message', { limit: 9 }).map(({ place }) => place);
    assert.deepEqual(
      found,
      held.map((n) => placeOf(said(n))),
      `after ${writes} writes`,
    );
  }
});

test('what is erased has its place alone, and is not found', async () => {
  const { cache, holding, index } = await device(new Fragile());
  await holding.hold(CHAT, { events: [said(1), said(2)] });
  await holding.erase(CHAT, [said(1)]);
  const { events } = await cache.page(CHAT, { limit: 9 });
  assert.deepEqual(
    events.map(({ content, problem }) => content?.kind ?? problem),
    ['text', 'erased'],
  );
  assert.equal(index.search('message', { limit: 9 }).length, 1);
});
