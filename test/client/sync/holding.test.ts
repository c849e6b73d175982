// What goes from a device goes from the search with it, is told, and comes back by no way; nobody's word ends what another wrote.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { type CacheEngine, type CacheWrite, cacheFull } from '../../../src/client/cache/engine.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import { SearchIndex } from '../../../src/client/search/search-index.ts';
import { type Going, Holding, type HoldingComponents } from '../../../src/client/sync/holding.ts';
import type { OpenedEvent } from '../../../src/client/timeline/events.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { CHAT, said } from '../cache/cache-conformance.ts';

const MALLORY = parseUserId('00000000-0000-4000-8000-00000000000a');
const SECRET = 'hiddenword';
const never = { after: () => ({ cancel: () => {} }) };
const text = (n: number, words = SECRET) => said(n, { kind: 'text', text: words, sentAt: n });
const editOf = (target: OpenedEvent, n: number) =>
  said(n, { kind: 'edit', target: target.id, text: `${SECRET} ${n}`, sentAt: n });
const end = ({ content: _gone, ...event }: OpenedEvent): OpenedEvent => ({ ...event, problem: 'erased' });

/** Its writes fail once there are no more left. */
class Disk implements CacheEngine {
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

async function device(disk: Disk, more: Partial<HoldingComponents> = {}) {
  const cache = await SealedCache.open({ engine: disk, secret: await makeCacheSecret(new Uint8Array(32)) });
  const index = await SearchIndex.open(cache);
  const told: [Going, string][] = [];
  const onGone: HoldingComponents['onGone'] = async (_conversation, events, how) => {
    for (const { id } of events) told.push([how, id]);
  };
  const holding = new Holding({ cache, index, clock: never, onTrouble: () => {}, onGone, ...more });
  await holding.open();
  const found = () => index.search(SECRET, { limit: 9 }).length;
  /** What lies in the cache and in the written index. */
  const lies = async () => {
    const { events, about } = await cache.page(CHAT, { limit: 50 });
    const segments = [...(await cache.records('search')).values()].map((one) => Buffer.from(one).toString('latin1'));
    return JSON.stringify([events, about, segments]);
  };
  return { cache, holding, told, found, lies };
}

test('a deleted history takes along what came later and changed it', async () => {
  const { holding, told, found, lies } = await device(new Disk());
  const [old, late] = [text(1), editOf(text(1), 5)];
  await holding.hold(CHAT, { events: [old, text(2, 'stays'), late] });
  await holding.clear(CHAT, old.arrivedAt ?? assert.fail());
  assert.equal(found(), 0);
  assert.deepEqual(told, [
    ['removed', old.id],
    ['removed', late.id],
  ]);
  await holding.close();
  const left = await lies();
  assert.ok(left.includes('stays') && !left.includes(SECRET), left);
});

test('what the user has hidden is held without what it says, and its changes as well', async () => {
  const hidden = text(1);
  const { holding, told, found, lies } = await device(new Disk(), { isHidden: ({ id }) => id === hidden.id });
  await holding.hold(CHAT, { events: [editOf(hidden, 2)] });
  assert.equal(found(), 1, 'nobody knows yet of what');
  await holding.hold(CHAT, { events: [hidden] });
  await holding.hold(CHAT, { events: [editOf(hidden, 3), text(4, 'stays')] });
  assert.equal(found(), 0);
  assert.deepEqual(new Set(told.map(([, id]) => id)), new Set([1, 2, 3].map((n) => said(n).id)));
  await holding.close();
  const left = await lies();
  assert.ok(left.includes('stays') && !left.includes(SECRET), left);
});

test('an end that somebody forges for what another wrote ends nothing: not its text, nor the search for it, nor what is kept', async () => {
  const { holding, told, found, lies } = await device(new Disk());
  await holding.hold(CHAT, { events: [text(1)] });
  const forged = { ...end(text(1)), sender: MALLORY };
  await holding.hold(CHAT, { events: [forged, { ...forged, stamp: { ms: 1, counter: 1 } }] });
  // Their change of the forged one under the id of a real one.
  const { stamp: _own, ...ids } = text(2);
  await holding.hold(CHAT, { events: [text(2)] });
  await holding.hold(CHAT, {
    events: [{ ...editOf(text(1), 9), ...ids, content: editOf(text(1), 9).content ?? assert.fail(), sender: MALLORY }],
  });
  assert.equal(found(), 2);
  assert.ok(!told.some(([, id]) => id === text(1).id));
  assert.equal((await lies()).split(SECRET).length - 1, 2);
});

test('what is erased leaves the written index though the power goes before that is written anew', async () => {
  for (let writes = 0; writes < 8; writes++) {
    const disk = new Disk();
    const first = await device(disk);
    await first.holding.hold(CHAT, { events: [text(1), text(2, 'stays'), editOf(text(1), 3)] });
    await first.holding.close();
    disk.left = writes;
    const second = await device(disk);
    const isDone = await second.holding.erase(CHAT, [text(1)]);
    await second.holding.close();
    disk.left = Number.POSITIVE_INFINITY;
    const third = await device(disk);
    // Whoever is not told that it is done tries again.
    if (!isDone) await third.holding.erase(CHAT, [text(1)]);
    await third.holding.close();
    const left = await (await device(disk)).lies();
    assert.ok(left.includes('stays') && !left.includes(SECRET), `after ${writes} writes: ${left}`);
    assert.deepEqual((await third.cache.records('unfindable')).size, 0);
  }
});

test('an erasure without room waits for some, once, and the cursor with it', async () => {
  const disk = new Disk();
  const { holding, lies, told } = await device(disk);
  await holding.hold(CHAT, { events: [text(1)] });
  disk.left = 0;
  for (let times = 0; times < 3; times++) assert.equal(await holding.erase(CHAT, [text(1)]), false);
  assert.equal(await holding.isStored(), false);
  disk.left = Number.POSITIVE_INFINITY;
  await holding.hold(CHAT, { events: [text(2, 'stays')] });
  assert.equal(await holding.isStored(), true);
  assert.deepEqual(told, [['erased', text(1).id]]);
  await holding.close();
  assert.ok(!(await lies()).includes(SECRET));
});
