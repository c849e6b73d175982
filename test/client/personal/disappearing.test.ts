// What is to disappear does, with all that says what it said, whichever write of a device was its last before the power went.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { type CacheEngine, type CacheWrite, cacheFull } from '../../../src/client/cache/engine.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import { Disappearing } from '../../../src/client/personal/disappearing.ts';
import { SearchIndex } from '../../../src/client/search/search-index.ts';
import { CatchingUp } from '../../../src/client/sync/catching-up.ts';
import { Holding } from '../../../src/client/sync/holding.ts';
import { KeptBodies } from '../../../src/client/sync/kept-bodies.ts';
import type { OpenedEvent } from '../../../src/client/timeline/events.ts';
import type { Content } from '../../../src/crypto/content.ts';
import type { FrameMessage } from '../../../src/protocols/lan/wire.ts';
import { parseConversationId, parseDeviceId, parseMessageId, parseUserId } from '../../../src/realm/ids.ts';
import { HandClock } from '../../node/hand-clock.ts';

const LIMIT = { timeout: 60_000 };
const NOW = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const CHAT = parseConversationId(uuid(1));
const [ME, CLERK] = [parseUserId(uuid(2)), parseUserId(uuid(3))];
const SECRET = 'hiddenword';

function said(n: number, content: Content): OpenedEvent {
  const ids = { id: parseMessageId(uuid(100 + n)), conversation: CHAT, sender: CLERK, device: parseDeviceId(uuid(4)) };
  const rest = { recipients: [ME], role: 'member', state: 'stored' } as const;
  return { ...ids, ...rest, stamp: { ms: NOW + n, counter: 0 }, arrivedAt: NOW + n, content };
}
const STAYS = said(0, { kind: 'text', text: 'stays', sentAt: NOW });
const GOES = said(1, { kind: 'text', text: SECRET, sentAt: NOW, expiresAfter: HOUR });
const edit = (n: number) => said(n, { kind: 'edit', target: GOES.id, text: `${SECRET} ${n}`, sentAt: NOW });

function frameOf({ id, conversation, sender, device, stamp, arrivedAt = NOW }: OpenedEvent): FrameMessage {
  const rest = { expires: 0, state: 'stored', path: 'local' } as const;
  const body = new TextEncoder().encode(`sealed ${id}`);
  return {
    ...rest,
    recipients: [ME],
    id,
    conversation,
    sender,
    device,
    stamp: stamp ?? assert.fail(),
    arrivedAt,
    body,
  };
}

/** What a device has on its disk. The power goes with a chosen write: that one and all after it fail. */
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

/** One run of a device of a user who reads what comes at once; its server has these. With bodies its writes come in any order. */
async function run(disk: Disk, clock: HandClock, events: readonly OpenedEvent[], keepsBodies = true) {
  const cache = await SealedCache.open({ engine: disk, secret: await makeCacheSecret(new Uint8Array(32)) });
  const bodies = new KeptBodies(cache, clock);
  const index = await SearchIndex.open(cache);
  const holding = new Holding({
    cache,
    index,
    clock,
    onTrouble: () => {},
    note: (held) => disappearing.note(held),
    onHeld: (held) => void disappearing.held(held),
    onGone: (conversation, gone) =>
      bodies.forget(
        conversation,
        gone.map(({ id }) => id),
      ),
  });
  const disappearing = new Disappearing({
    cache,
    clock,
    me: ME,
    settled: () => [{ kind: 'read', mark: { arrivedAt: NOW + HOUR, at: NOW + HOUR } }],
    members: async () => [ME, CLERK],
    erase: (conversation, gone) => holding.erase(conversation, gone),
    forgetSealed: (conversation, ids) => bodies.forget(conversation, ids),
    eraseForAll: async () => {},
  });
  const frames = [...events].sort((a, b) => (b.stamp?.ms ?? 0) - (a.stamp?.ms ?? 0)).map(frameOf);
  const catchingUp = new CatchingUp({
    cache,
    holding,
    source: {
      heads: async () => [{ id: CHAT, ...(frames[0] && { last: frames[0] }) }],
      page: async () => ({ events: frames }),
    },
    open: async (message) => {
      if (keepsBodies) bodies.keep(message);
      return events.find(({ id }) => id === message.id) ?? assert.fail();
    },
    onHeld: async () => {},
  });
  await holding.open();
  await catchingUp.open();
  await disappearing.open();
  const ended = async () => {
    await disappearing.read(CHAT);
    await holding.close();
    await disappearing.close();
  };
  return { cache, index, holding, catchingUp, disappearing, ended };
}

type Run = Awaited<ReturnType<typeof run>>;
const { signal } = new AbortController();

/** Whatever a power cut throws, as the device would throw it. */
async function catchUp({ catchingUp }: Run): Promise<void> {
  await catchingUp.look(signal);
  await catchingUp.fill(signal);
}

/** All that this device could tell of what was said. */
async function told({ cache, index }: Run, clock: HandClock): Promise<string> {
  const { events, about } = await cache.page(CHAT, { limit: 100 });
  const found = index.search(SECRET, { limit: 9 });
  const segments = [...(await cache.records('search')).values()];
  const bodies = [...(await cache.records(`sealed/${Math.floor(clock.now() / (24 * HOUR))}`)).values()];
  const bytes = [...segments, ...bodies].map((one) => Buffer.from(one).toString('latin1'));
  return JSON.stringify([events, about, found, bytes]);
}

function assertSilent(text: string, why: string): void {
  assert.ok(!text.includes(SECRET), `${why}: ${text}`);
  for (const { id } of [GOES, edit(2), edit(3)]) assert.ok(!text.includes(`sealed ${id}`), `${why}: ${text}`);
  assert.ok(text.includes('stays'));
}

test(
  'what a page of history brought disappears in its time, whichever write was the last before a power cut',
  LIMIT,
  async () => {
    for (let writes = 0, isWhole = false; !isWhole; writes++) {
      const [disk, clock] = [new Disk(), new HandClock(NOW + HOUR)];
      disk.left = writes;
      const first = await run(disk, clock, [STAYS, GOES, edit(2)], false);
      await catchUp(first).catch(() => {});
      isWhole = disk.left > 0;
      disk.left = Number.POSITIVE_INFINITY;
      // Also when the server has nothing to tell any more of what is held.
      const second = await run(disk, clock, [STAYS, GOES, edit(2)], false);
      await catchUp(second);
      assert.ok((await told(second, clock)).includes(SECRET));
      clock.advance(2 * HOUR);
      await second.ended();
      assertSilent(await told(second, clock), `after ${writes} writes`);
    }
  },
);

test(
  'it is gone with its changes whichever write was the last before a power cut, and what comes late of it is too',
  LIMIT,
  async () => {
    for (let writes = 0, isWhole = false; !isWhole; writes++) {
      const [disk, clock] = [new Disk(), new HandClock(NOW + HOUR)];
      const first = await run(disk, clock, [STAYS, GOES, edit(2)]);
      await catchUp(first);
      await first.ended();
      clock.advance(2 * HOUR);
      disk.left = writes;
      const second = await run(disk, clock, []);
      await second.ended();
      const third = await run(disk, clock, [STAYS, GOES, edit(2), edit(3)]);
      await catchUp(third).catch(() => {});
      await third.ended();
      isWhole = disk.left > 0;
      disk.left = Number.POSITIVE_INFINITY;
      const last = await run(disk, clock, [STAYS, GOES, edit(2), edit(3)]);
      await catchUp(last);
      await last.ended();
      assertSilent(await told(last, clock), `after ${writes} writes`);
    }
  },
);

test('a message that comes while a device has no room is held once it is noted, and disappears', LIMIT, async () => {
  const [disk, clock] = [new Disk(), new HandClock(NOW + HOUR)];
  const device = await run(disk, clock, []);
  await device.holding.hold(CHAT, { events: [STAYS] });
  device.holding.rest();
  await device.holding.isStored();
  disk.left = 0;
  await device.holding.hold(CHAT, { events: [GOES] });
  assert.equal(await device.holding.isStored(), false);
  disk.left = 1;
  clock.advance(5_000);
  await device.holding.isStored();
  assert.deepEqual(
    [...(await device.cache.records('timed')).keys()],
    [`${GOES.id}/${NOW + 1}.0`],
    'noted, and not yet held',
  );
  await device.disappearing.read(CHAT);
  disk.left = Number.POSITIVE_INFINITY;
  clock.advance(5_000);
  assert.equal(await device.holding.isStored(), true);
  assert.ok((await told(device, clock)).includes(SECRET));
  clock.advance(2 * HOUR);
  await device.ended();
  assertSilent(await told(device, clock), 'in its time');
});

test('what finds no room to be erased is shown as not erased, and goes as soon as there is some', LIMIT, async () => {
  const [disk, clock] = [new Disk(), new HandClock(NOW + HOUR)];
  const device = await run(disk, clock, []);
  await device.holding.hold(CHAT, { events: [STAYS, GOES, edit(2)] });
  device.holding.rest();
  await device.holding.isStored();
  // The note of what goes along, and no more.
  disk.left = 1;
  clock.advance(2 * HOUR);
  await device.disappearing.read(CHAT);
  assert.equal(await device.holding.isStored(), false);
  assert.deepEqual(
    [...(await device.cache.records('timed')).keys()],
    [`${GOES.id}/${NOW + 1}.0`],
    'it is not forgotten that it has to go',
  );
  disk.left = Number.POSITIVE_INFINITY;
  clock.advance(60_000);
  await device.ended();
  assertSilent(await told(device, clock), 'with room');
});

test('whoever writes under the id of another’s message keeps that from nothing', LIMIT, async () => {
  const [disk, clock] = [new Disk(), new HandClock(NOW + HOUR)];
  const device = await run(disk, clock, []);
  const content = { kind: 'text', text: 'forged', sentAt: NOW, expiresAfter: 1000 * HOUR } as const;
  const forged = { ...said(7, content), id: GOES.id, sender: parseUserId(uuid(9)) };
  await device.holding.hold(CHAT, { events: [STAYS, forged] });
  await device.holding.hold(CHAT, { events: [GOES, edit(2)] });
  clock.advance(2 * HOUR);
  await device.ended();
  const left = await told(device, clock);
  assertSilent(left, 'in its time');
  assert.ok(left.includes('forged'));
});
