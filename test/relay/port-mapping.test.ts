// Which mapped port is told, when the router is asked again, and what the operator reads when it refuses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIFETIME, type MappingWay, PortMapping } from '../../relay/port-mapping.ts';
import type { Endpoint } from '../../src/overlay/stun/message.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { silentLog } from '../../src/realm/log.ts';

const PORT = 4443;
const HOUR = 3_600_000;

/** Time that passes when it is told to. */
class HandClock implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly callback: () => void }[] = [];

  now = (): number => this.#now;
  monotonic = (): number => this.#now;

  after(delay: number, callback: () => void): { cancel(): void } {
    const timer = { at: this.#now + delay, callback };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.at - b.at);
      if (!next || next.at > end) break;
      this.#now = next.at;
      this.#timers = this.#timers.filter((other) => other !== next);
      next.callback();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#now = end;
  }
}

/** A router that answers what the test says. */
class Router implements MappingWay {
  readonly name: string;
  readonly asked: number[] = [];
  readonly #clock: Clock;
  answer: Endpoint | Error;

  constructor(name: string, clock: Clock, answer: Endpoint | Error) {
    this.name = name;
    this.#clock = clock;
    this.answer = answer;
  }

  async map(port: number, lifetime: number): Promise<Endpoint> {
    assert.deepEqual([port, lifetime], [PORT, LIFETIME]);
    this.asked.push(this.#clock.now());
    if (this.answer instanceof Error) throw this.answer;
    return this.answer;
  }

  async unmap(): Promise<void> {}
}

const PUBLIC = { host: '60.0.1.1', port: PORT };
const no = (): Error => new Error('refused');

function mappingOver(clock: Clock, ways: readonly MappingWay[]): { mapping: PortMapping; changes: number[] } {
  const changes: number[] = [];
  const onChange = () => void changes.push(clock.now());
  return { mapping: new PortMapping({ ways, clock, log: silentLog, onChange }, PORT), changes };
}

test('a mapping is renewed at half of its life, and told once', async () => {
  const clock = new HandClock();
  const router = new Router('upnp', clock, PUBLIC);
  const { mapping, changes } = mappingOver(clock, [router]);
  await mapping.renew();
  await clock.pass(2 * HOUR);
  assert.deepEqual(mapping.mapped, [PUBLIC]);
  assert.deepEqual(changes, [0]);
  assert.deepEqual(
    router.asked,
    [0, 1, 2, 3, 4].map((halves) => (halves * LIFETIME) / 2),
  );
  await mapping.stop();
});

test('the next way is asked where one is refused', async () => {
  const clock = new HandClock();
  const { mapping } = mappingOver(clock, [new Router('upnp', clock, no()), new Router('nat-pmp', clock, PUBLIC)]);
  await mapping.renew();
  assert.deepEqual(mapping.report, { allowed: true, outer: '60.0.1.1:4443' });
  await mapping.stop();
});

test('a router behind another one maps nothing that others reach, and the operator is told', async () => {
  const clock = new HandClock();
  const { mapping, changes } = mappingOver(clock, [new Router('upnp', clock, { host: '100.64.3.2', port: PORT })]);
  await mapping.renew();
  assert.deepEqual([mapping.mapped, changes], [[], []]);
  assert.match(mapping.report.error ?? '', /upnp: .*behind another one \(100\.64\.3\.2\)/);
  await mapping.stop();
});

test('a router that refuses is asked later and later, and not after the end', async () => {
  const clock = new HandClock();
  const router = new Router('upnp', clock, no());
  const { mapping } = mappingOver(clock, [router]);
  await mapping.renew();
  await clock.pass(24 * HOUR);
  const gaps = router.asked.slice(1).map((at, index) => at - (router.asked[index] ?? 0));
  assert.deepEqual(gaps.slice(0, 4), [120_000, 240_000, 480_000, 960_000]);
  assert.equal(Math.max(...gaps), HOUR / 2);
  await mapping.stop();
  const count = router.asked.length;
  await clock.pass(24 * HOUR);
  assert.equal(router.asked.length, count);
});

test('a mapping that is lost is no longer told', async () => {
  const clock = new HandClock();
  const router = new Router('upnp', clock, PUBLIC);
  const { mapping, changes } = mappingOver(clock, [router]);
  await mapping.renew();
  router.answer = no();
  await clock.pass(HOUR / 2);
  assert.deepEqual([mapping.mapped, changes], [[], [0, HOUR / 2]]);
  await mapping.stop();
});
