// Token buckets in bounded memory, against somebody who makes up sources.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateLimiter } from '../../../src/overlay/stun/rate-limit.ts';
import { HandClock } from '../../node/hand-clock.ts';

const LIMIT = { timeout: 10_000 };
const EACH = { perSecond: 1, burst: 3 };
const PLENTY = { perSecond: 1e6, burst: 1e6 };
/** More than are remembered. */
const MANY = 6_000;

function taken(limiter: RateLimiter, source: string, tries: number): number {
  return Array.from({ length: tries }, () => limiter.take(source)).filter(Boolean).length;
}

test('made-up sources without end drive nobody out: who has used up the share gets no new one', LIMIT, () => {
  const limiter = new RateLimiter(new HandClock(0), EACH, PLENTY);
  assert.equal(taken(limiter, 'greedy', 10), 3);
  for (let n = 0; n < MANY; n++) limiter.take(`made up ${n}`);
  assert.equal(taken(limiter, 'greedy', 10), 0);
});

test('those for whom there is no room share one bucket, so many names are worth no more than one', LIMIT, () => {
  const limiter = new RateLimiter(new HandClock(0), EACH, PLENTY);
  const given = Array.from({ length: MANY }, (_, n) => limiter.take(`made up ${n}`)).filter(Boolean).length;
  assert.equal(given, 4096 + EACH.burst);
});

test('buckets that are full again make room', LIMIT, () => {
  const clock = new HandClock(0);
  const limiter = new RateLimiter(clock, EACH, PLENTY);
  for (let n = 0; n < MANY; n++) limiter.take(`made up ${n}`);
  clock.advance(10_000);
  const given = Array.from({ length: 100 }, (_, n) => taken(limiter, `newcomer ${n}`, 10));
  assert.deepEqual(new Set(given), new Set([3]));
});
