// Pinned conversations: in the order in which they were pinned, on each device of the user, also those that were pinned without a server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryCache } from '../../../src/client/cache/memory-cache.ts';
import { Pins } from '../../../src/client/personal/pins.ts';
import { UnreachableError } from '../../../src/realm/errors.ts';
import { type ConversationId, parseConversationId } from '../../../src/realm/ids.ts';
import { HandClock } from '../../node/hand-clock.ts';
import { begin, newDevice, openService, openVault } from '../../node/vault/vault-world.ts';

const LIMIT = { timeout: 20_000 };
const ONE = parseConversationId('60000000-0000-4000-8000-000000000001');
const TWO = parseConversationId('60000000-0000-4000-8000-000000000002');

async function twoDevices() {
  const world = await openService();
  const devices = [await newDevice('1'), await newDevice('2')] as const;
  await begin(world, devices);
  const open = async (index: 0 | 1, cache = memoryCache()) => {
    const vault = await openVault(world, devices[index]);
    const told: (readonly ConversationId[])[] = [];
    const clock = new HandClock(1000 + index);
    const pins = new Pins({ vault, cache: await cache, clock, onChange: (pinned) => told.push(pinned) });
    await pins.open();
    return { vault, cache: await cache, clock, pins, told };
  };
  return { open };
}

test(
  'what is pinned stands in the order of pinning, is told at once and comes to the other device',
  LIMIT,
  async () => {
    const { open } = await twoDevices();
    const [here, there] = [await open(0), await open(1)];
    await here.pins.set(TWO, true);
    here.clock.advance(1);
    await here.pins.set(ONE, true);
    assert.deepEqual(here.told, [[TWO], [TWO, ONE]]);
    await here.vault.flush();
    await there.vault.refresh();
    assert.deepEqual(there.told.at(-1), [TWO, ONE]);
    await there.pins.set(TWO, false);
    await there.vault.flush();
    await here.vault.refresh();
    assert.deepEqual(here.pins.list(), [ONE]);
  },
);

test(
  'what is pinned while the server is away is written by the next run, and needs no place on the disk then',
  LIMIT,
  async () => {
    const { open } = await twoDevices();
    const here = await open(0);
    here.vault.putAll = async () => {
      throw new UnreachableError('server-unreachable', 'away');
    };
    await here.pins.set(ONE, true);
    here.pins.close();
    const again = await open(0, Promise.resolve(here.cache));
    assert.deepEqual(again.pins.list(), [ONE]);
    await again.vault.flush();
    const there = await open(1);
    assert.deepEqual(there.pins.list(), [ONE]);
    await again.pins.set(ONE, false);
    await again.vault.flush();
    for (let turn = 0; turn < 50 && (await again.cache.records('on-top')).size > 0; turn += 1) await Promise.resolve();
    assert.equal((await again.cache.records('on-top')).size, 0);
  },
);

test('pinned and let go at one go is not pinned', LIMIT, async () => {
  const { open } = await twoDevices();
  const here = await open(0);
  await Promise.all([here.pins.set(ONE, true), here.pins.set(ONE, false)]);
  await here.vault.flush();
  assert.deepEqual(here.pins.list(), []);
  const there = await open(1);
  assert.deepEqual(there.pins.list(), []);
});

test('what is known of people and what a newer client keeps is no conversation', LIMIT, async () => {
  const { open } = await twoDevices();
  const here = await open(0);
  await here.pins.set(ONE, true);
  await here.vault.put('pin', TWO, new Uint8Array(32));
  await here.vault.put('on-top', TWO, new Uint8Array([0x82, 2, 0]));
  await here.vault.put('on-top', 'folder', new Uint8Array([1]));
  assert.deepEqual(here.pins.list(), [ONE]);
});
