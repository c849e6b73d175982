// The simulated clock, disk and network by themselves: they break what they should, and only that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLACK_HOLE } from '../../src/overlay/links/liveness.ts';
import { Scope } from '../../src/overlay/scope.ts';
import type { Stream } from '../../src/overlay/seam.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { SimulatedClock } from './clock.ts';
import { SimulatedDisk } from './disk.ts';
import { EventLog } from './event-log.ts';
import { PING } from './link.ts';
import { SimulatedNetwork } from './network.ts';
import type { Place } from './place.ts';
import { randomFor } from './random.ts';
import { Terrain } from './terrain.ts';

const LIMIT = { timeout: 20_000 };
const bytes = (text: string) => new TextEncoder().encode(text);
const [KYIV, LVIV, ACME] = ['kyiv.acme.ua', 'lviv.acme.ua', 'acme.ua'].map(parseRealmName);

test('events run in the order of their times, with all promises between two of them', LIMIT, async () => {
  const clock = new SimulatedClock();
  const seen: string[] = [];
  clock.after(20, () => seen.push(`late ${clock.monotonic()}`));
  clock.after(10, () => {
    void Promise.resolve()
      .then(() => undefined)
      .then(() => seen.push(`promised ${clock.monotonic()}`));
    clock.after(0, () => seen.push('at once'));
  });
  clock.after(15, () => seen.push('cancelled')).cancel();
  await clock.runUntil(100);
  assert.deepEqual(seen, ['promised 10', 'at once', 'late 20']);
  assert.equal(clock.monotonic(), 100);
  assert.equal(clock.waiting, 0);
});

async function diskWith(lazy: boolean): Promise<{ lost: boolean; answered: boolean }> {
  const clock = new SimulatedClock();
  const disk = new SimulatedDisk({ clock, random: () => 0, lazy });
  const engine = disk.openEngine();
  void engine.write([{ type: 'put', key: bytes('a'), value: bytes('1') }]);
  await clock.runUntil(10);
  let answered = false;
  void engine.write([{ type: 'put', key: bytes('a'), value: bytes('2') }]).then(() => (answered = true));
  await clock.runUntil(10);
  disk.powerCut();
  await clock.runUntil(1000);
  const value = await disk.openEngine().get(bytes('a'));
  return { lost: value?.[0] === '1'.charCodeAt(0), answered };
}

test('a power cut takes back what was not synced, and nobody was told that it was', LIMIT, async () => {
  assert.deepEqual(await diskWith(false), { lost: true, answered: false });
});

test('a lazy disk answers before its sync: the bug that it plants', LIMIT, async () => {
  assert.deepEqual(await diskWith(true), { lost: true, answered: true });
});

test('a range is read in the order of the bytes, both ways, up to a limit', LIMIT, async () => {
  const clock = new SimulatedClock();
  const engine = new SimulatedDisk({ clock, random: () => 0 }).openEngine();
  const written = engine.write(
    ['b', 'd', 'a', 'c'].map((key) => ({ type: 'put', key: bytes(key), value: bytes(key) })),
  );
  await clock.runUntil(10);
  await written;
  const read = async (range: { reverse?: boolean; limit?: number }) => {
    const found: string[] = [];
    for await (const [key] of engine.iterate({ gte: bytes('a'), lt: bytes('d'), ...range })) {
      found.push(new TextDecoder().decode(key));
    }
    return found.join('');
  };
  assert.equal(await read({}), 'abc');
  assert.equal(await read({ reverse: true, limit: 2 }), 'cb');
});

interface Pair {
  readonly clock: SimulatedClock;
  readonly terrain: Terrain;
  readonly network: SimulatedNetwork;
  readonly kyiv: Place;
  readonly got: string[];
  readonly ends: string[];
}

function pair(): Pair {
  const clock = new SimulatedClock();
  const terrain = new Terrain({ seed: 1, loss: 0 });
  const log = new EventLog(() => clock.monotonic(), false);
  const network = new SimulatedNetwork({ clock, random: randomFor(1, 'test'), terrain, log });
  const place = (realm = KYIV) => {
    if (!realm) throw new Error('no realm');
    const tier = realm === ACME ? 'enterprise' : 'branch';
    const peer = { realm, tier, role: 'node', peerId: realm } as const;
    return network.place({ peer, scope: new Scope(peer), isAlive: () => true });
  };
  const [kyiv, lviv] = [place(KYIV), place(LVIV)];
  place(ACME);
  const [got, ends]: [string[], string[]] = [[], []];
  lviv.handle('/test/1', { allow: 'family' }, async (stream) => {
    try {
      for (let frame = await stream.read(); frame; frame = await stream.read())
        got.push(new TextDecoder().decode(frame));
      ends.push('end');
    } catch {
      ends.push('reset');
    }
  });
  return { clock, terrain, network, kyiv, got, ends };
}

async function opened({ clock, kyiv }: Pair): Promise<Stream> {
  const opening = kyiv.open(LVIV ?? kyiv.realm, '/test/1', { signal: new AbortController().signal });
  await clock.runUntil(clock.monotonic() + 10_000);
  return opening;
}

test('frames arrive in order and wait while a short break of the way lasts', LIMIT, async () => {
  const all = pair();
  const { clock, terrain, got, ends } = all;
  const stream = await opened(all);
  await stream.write(bytes('one'));
  await clock.runUntil(clock.monotonic() + 1000);
  if (LVIV) terrain.cutOff(LVIV, true);
  await stream.write(bytes('two'));
  await clock.runUntil(clock.monotonic() + 5000);
  assert.deepEqual(got, ['one']);
  if (LVIV) terrain.cutOff(LVIV, false);
  await stream.write(bytes('three'));
  await stream.close();
  await clock.runUntil(clock.monotonic() + 5000);
  assert.deepEqual(got, ['one', 'two', 'three']);
  assert.deepEqual(ends, ['end']);
});

test('a way that stays silent is given up, and its streams are reset', LIMIT, async () => {
  const all = pair();
  const { clock, terrain, ends } = all;
  await opened(all);
  if (LVIV) terrain.cutOff(LVIV, true);
  await clock.runUntil(clock.monotonic() + BLACK_HOLE - 1);
  assert.deepEqual(ends, []);
  await clock.runUntil(clock.monotonic() + PING + 2);
  assert.deepEqual(ends, ['reset']);
});

test('who may open what is decided by the real scope table', LIMIT, async () => {
  const { clock, kyiv } = pair();
  const opening = kyiv.open(LVIV ?? kyiv.realm, '/nobody-handles/1', { signal: new AbortController().signal });
  opening.catch(() => undefined);
  await clock.runUntil(10_000);
  await assert.rejects(opening, { code: 'out-of-scope' });
});
