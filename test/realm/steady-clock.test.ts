// Which time is used while the host's clock is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOCK_LEEWAY, SETTLE_TIME, SteadyClock } from '../../src/realm/steady-clock.ts';

const DAY = 24 * 60 * 60 * 1000;
const MINUTE = 60_000;
const FLOOR = Date.UTC(2026, 10, 22);

/** A host's clock whose hands are moved. */
class Host {
  time: number;
  ran = 5_000;

  constructor(time: number) {
    this.time = time;
  }

  now = (): number => this.time;
  monotonic = (): number => this.ran;
  after = () => ({ cancel: () => {} });

  pass(milliseconds: number): void {
    this.time += milliseconds;
    this.ran += milliseconds;
  }
}

test('a clock that goes right is followed, small steps too', () => {
  const host = new Host(FLOOR + DAY);
  const clock = new SteadyClock(host, FLOOR);
  host.pass(DAY);
  host.time += 5 * MINUTE;
  assert.equal(clock.now(), host.time);
  host.time -= 9 * MINUTE;
  assert.equal(clock.now(), host.time);
  assert.equal(clock.skew, 0);
});

test('at 1970 time goes on from the floor, at its own pace, and the skew is named', () => {
  const host = new Host(0);
  const clock = new SteadyClock(host, FLOOR);
  assert.equal(clock.now(), FLOOR);
  host.pass(3 * MINUTE);
  host.ran += 0.5;
  assert.equal(clock.now(), FLOOR + 3 * MINUTE);
  assert.equal(clock.skew, -FLOOR);
});

test('a clock that was set right is believed again', () => {
  const host = new Host(0);
  const clock = new SteadyClock(host, FLOOR);
  host.pass(MINUTE);
  host.time = FLOOR + 2 * MINUTE;
  assert.equal(clock.now(), host.time);
  assert.equal(clock.skew, 0);
});

test('a leap of a day forward is not followed at once, and later only when nobody objects', () => {
  const host = new Host(FLOOR + DAY);
  const clock = new SteadyClock(host, FLOOR);
  host.time += DAY;
  host.pass(1_000);
  assert.equal(clock.now(), FLOOR + DAY + 1_000);
  assert.equal(clock.skew, DAY);
  host.pass(SETTLE_TIME);
  assert.equal(clock.now(), host.time);
  assert.equal(clock.skew, 0);
});

test('others who say that it did not leap keep it from being followed; others who leapt along have it followed', () => {
  const host = new Host(FLOOR + DAY);
  const clock = new SteadyClock(host, FLOOR);
  host.time += DAY;
  for (let asked = 0; asked < 10; asked++) {
    host.pass(MINUTE);
    clock.heard(host.time - DAY + 5_000);
    assert.equal(clock.skew, DAY);
  }
  clock.heard(host.time + CLOCK_LEEWAY / 2);
  assert.equal(clock.now(), host.time);
});

test('a leap of a day back is not followed, until others confirm it, and never below the floor', () => {
  const host = new Host(FLOOR + 3 * DAY);
  const clock = new SteadyClock(host, FLOOR);
  host.time -= DAY;
  host.pass(10 * SETTLE_TIME);
  assert.equal(clock.now(), host.time + DAY);
  clock.heard(host.time);
  assert.equal(clock.now(), host.time);
  host.time -= 10 * DAY;
  const before = clock.now();
  clock.heard(host.time);
  assert.ok(clock.now() >= before);
});

test('a newer signed entry raises the floor; what others say takes a clock further that has only the floor', () => {
  const host = new Host(0);
  const clock = new SteadyClock(host, FLOOR);
  clock.raiseFloor(FLOOR + DAY);
  assert.equal(clock.now(), FLOOR + DAY);
  clock.heard(FLOOR + 9 * DAY);
  assert.equal(clock.now(), FLOOR + 9 * DAY);
  assert.notEqual(clock.skew, 0);
});
