import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from '../../src/realm/patience.ts';
import { SimulatedClock } from '../simulation/clock.ts';

const LIMIT = { timeout: 10_000 };
const DELAY = 1000;
const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

test('each wait has its whole time, and time between two waits does not count', LIMIT, async () => {
  const clock = new SimulatedClock();
  const outer = new AbortController();
  const patience = new Patience(clock, DELAY, 'answer', outer.signal);
  for (let i = 0; i < 3; i++) {
    const waited = patience.for(() => new Promise<number>((resolve) => clock.after(DELAY - 1, () => resolve(i))));
    await clock.runUntil(clock.monotonic() + DELAY - 1);
    assert.equal(await waited, i);
    await clock.runUntil(clock.monotonic() + 5 * DELAY);
  }
  patience.end();
  assert.equal(clock.waiting, 0);
});

test('what does not come in time is named, to the millisecond, and nothing is waited for after it', LIMIT, async () => {
  const clock = new SimulatedClock();
  const patience = new Patience(clock, DELAY, 'answer', new AbortController().signal);
  // The timer of this wait is still set when the next one begins, 400 ms later.
  await patience.for(async () => {});
  await clock.runUntil(400);
  let failedAt: number | undefined;
  const waited = patience.for(never).finally(() => {
    failedAt = clock.monotonic();
  });
  const refused = assert.rejects(waited, { code: 'timeout', message: 'No answer within 1 s' });
  await clock.runUntil(10 * DELAY);
  await refused;
  assert.equal(failedAt, 400 + DELAY);
  await assert.rejects(
    patience.for(async () => {}),
    { code: 'timeout' },
  );
  assert.equal(clock.waiting, 0);
});

test('the outer signal ends a wait with its reason, and forbids the next', LIMIT, async () => {
  const clock = new SimulatedClock();
  const outer = new AbortController();
  const patience = new Patience(clock, DELAY, 'answer', outer.signal);
  const waited = assert.rejects(patience.for(never), { message: 'stopping' });
  outer.abort(new Error('stopping'));
  await waited;
  await assert.rejects(
    patience.for(async () => {}),
    { message: 'stopping' },
  );
  patience.end();
  assert.equal(clock.waiting, 0);
  await assert.rejects(new Patience(clock, DELAY, 'answer', outer.signal).for(never), { message: 'stopping' });
});

test('a wait that fails by itself fails with its own error', LIMIT, async () => {
  const clock = new SimulatedClock();
  const patience = new Patience(clock, DELAY, 'answer', new AbortController().signal);
  await assert.rejects(
    patience.for(async () => {
      throw new Error('reset');
    }),
    { message: 'reset' },
  );
  assert.equal(await patience.for(async () => 7), 7);
  patience.end();
});
