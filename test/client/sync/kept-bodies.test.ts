// Bodies that are kept for some days, on devices whose clocks have been anywhere: nothing stays for longer, and what is taken back goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClientCache } from '../../../src/client/cache/cache.ts';
import { memoryCache } from '../../../src/client/cache/memory-cache.ts';
import { KEPT_FOR, KeptBodies } from '../../../src/client/sync/kept-bodies.ts';
import { decodeDays, encodeDays } from '../../../src/client/sync/kept-days.ts';
import type { FrameMessage } from '../../../src/protocols/lan/wire.ts';
import {
  type MessageId,
  parseConversationId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
} from '../../../src/realm/ids.ts';
import { HandClock } from '../../node/hand-clock.ts';

const LIMIT = { timeout: 60_000 };
const DAY = 24 * 3_600_000;
const RIGHT = Date.UTC(2026, 5, 1);
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const CHAT = parseConversationId(id(1));
const message = (n: number): MessageId => parseMessageId(id(100 + n));

/** As it comes at that time. */
function frame(n: number, at: number): FrameMessage {
  const ids = {
    id: message(n),
    conversation: CHAT,
    sender: parseUserId(id(3)),
    device: parseDeviceId(id(4)),
    recipients: [],
  };
  const rest = { expires: 0, state: 'stored', path: 'local', body: new Uint8Array(8).fill(n) } as const;
  return { ...ids, ...rest, stamp: { ms: at, counter: 0 }, arrivedAt: at };
}

/** Runs of one device, and what lies on its disk. */
class Device {
  readonly clock = new HandClock(RIGHT);
  readonly #areas = new Set<string>();
  readonly #cache: ClientCache;
  bodies: KeptBodies;
  calls = 0;

  private constructor(cache: ClientCache) {
    this.#cache = cache;
    this.bodies = this.#begin();
  }

  static async make(): Promise<Device> {
    return new Device(await memoryCache());
  }

  restart(): void {
    this.bodies = this.#begin();
  }

  /** The note of the days can't be read any more. */
  async spoil(): Promise<void> {
    await this.#cache.setRecords('sealed', new Map([['days', new Uint8Array([1, 2, 3])]]));
    this.restart();
  }

  async keep(n: number): Promise<void> {
    this.bodies.keep(frame(n, Math.max(0, this.clock.now())));
    await this.bodies.of(CHAT, message(n));
  }

  /** Which lie there, and under which days. */
  async lie(): Promise<Map<number, number[]>> {
    const lie = new Map<number, number[]>();
    for (const area of this.#areas) {
      for (const name of (await this.#cache.records(area)).keys()) {
        const n = Number(name.slice(-12)) - 100;
        if (name.includes('/')) lie.set(n, [...(lie.get(n) ?? []), Number(area.split('/')[1])]);
      }
    }
    return lie;
  }

  #begin(): KeptBodies {
    const cache = this.#cache;
    const called = <T>(area: string, answer: T): T => {
      this.calls += 1;
      this.#areas.add(area);
      return answer;
    };
    return new KeptBodies(
      {
        record: (area, name) => called(area, cache.record(area, name)),
        records: (area) => called(area, cache.records(area)),
        setRecords: (area, values) => called(area, cache.setRecords(area, values)),
      },
      this.clock,
    );
  }
}

const times = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map((days) => RIGHT + days * DAY),
  fc.integer({ min: 0, max: 40 }).map((days) => days * DAY),
  fc.constantFrom(-DAY, -1, 0, RIGHT + 365 * DAY, Date.UTC(2099, 0, 1), 8.64e15, Number.MAX_SAFE_INTEGER),
);
const step = fc.oneof(
  times.map((to) => ({ kind: 'clock', to }) as const),
  fc.nat({ max: 12 }).map((n) => ({ kind: 'keep', n }) as const),
  fc.nat({ max: 12 }).map((n) => ({ kind: 'forget', n }) as const),
  fc.constant({ kind: 'restart' } as const),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function take(device: Device, one: Step): Promise<void> {
  device.calls = 0;
  switch (one.kind) {
    case 'clock':
      return device.clock.set(one.to);
    case 'keep':
      return device.keep(one.n);
    case 'forget':
      await device.bodies.forget(CHAT, [message(one.n)]);
      return assert.deepEqual((await device.lie()).get(one.n), undefined, 'it is forgotten wherever it lay');
    case 'restart':
      return device.restart();
  }
}

/** The clock is right from now on, and something comes each day. */
async function afterDays(device: Device, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    device.clock.set(RIGHT + 60 * DAY + day * DAY);
    if (day % 3 === 0) device.restart();
    await device.keep(1000 + day);
  }
}

test(
  'whatever a clock did, what is taken back goes, each act is short, and in the end nothing lies there that is too old',
  LIMIT,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const device = await Device.make();
        for (const one of steps) {
          await take(device, one);
          assert.ok(device.calls < 200, `${device.calls} calls`);
        }
        await afterDays(device, 10);
        const today = RIGHT / DAY + 69;
        const days = [...(await device.lie()).values()].flat();
        assert.deepEqual(
          days.filter((day) => day > today || day <= today - KEPT_FOR / DAY - 1),
          [],
        );
        for (let day = 3; day < 10; day++)
          assert.ok(await device.bodies.of(CHAT, message(1000 + day)), 'what is new stays');
      }),
      { numRuns: 60 },
    );
  },
);

test('a clock that begins in 1970 until it is told the time costs nothing of what is kept', LIMIT, async () => {
  const device = await Device.make();
  await device.keep(1);
  for (let start = 0; start < 5; start++) {
    device.clock.set(start * 1000);
    device.restart();
    await device.keep(10 + start);
    device.clock.set(RIGHT + start * DAY);
    await device.keep(20 + start);
  }
  assert.ok(await device.bodies.of(CHAT, message(1)));
});

test('a note of the days that can not be read is as none', LIMIT, async () => {
  const device = await Device.make();
  await device.keep(1);
  await device.spoil();
  await device.bodies.forget(CHAT, [message(1)]);
  assert.deepEqual([...(await device.lie()).keys()], []);
  await device.keep(2);
  await device.spoil();
  device.clock.set(RIGHT + 10 * DAY);
  await device.keep(3);
  assert.deepEqual([...(await device.lie()).keys()], [3]);
});

test('a list of days comes back from its bytes, and no part of one is taken for a whole', LIMIT, () => {
  const days = fc.uniqueArray(
    fc.record({ day: fc.nat(), aheadSince: fc.nat() }, { noNullPrototype: true, requiredKeys: ['day'] }),
    { maxLength: 33, selector: ({ day }) => day },
  );
  const bounded = days.map((list) => list.filter((one) => one.day <= 1e8 && (one.aheadSince ?? 0) <= 1e8));
  fc.assert(
    fc.property(bounded, (list) => {
      const bytes = encodeDays(list);
      assert.deepEqual(decodeDays(bytes), list);
      for (let length = 0; length < bytes.length; length++) assert.throws(() => decodeDays(bytes.subarray(0, length)));
    }),
    { numRuns: 50 },
  );
  assert.equal(
    Buffer.from(encodeDays([{ day: 20_605 }, { day: 47_482, aheadSince: 20_606 }])).toString('hex'),
    '82018282 19507d f6 82 19b97a 19507e'.replaceAll(' ', ''),
  );
  assert.throws(() => decodeDays(encodeDays([{ day: 1 }, { day: 1 }])));
});
