// Stamps: they follow the clock, never go back, and come after what was seen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { HybridClock, MAX_AHEAD } from '../../../node/conversations/hybrid-clock.ts';
import { compareStamps, MAX_COUNTER, type Stamp } from '../../../src/crypto/envelope.ts';
import { HandClock } from '../hand-clock.ts';

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('set' as const), ms: fc.nat({ max: 10_000 }) }),
    fc.record({ kind: fc.constant('tick' as const) }),
    fc.record({
      kind: fc.constant('see' as const),
      ms: fc.nat({ max: 200_000 }),
      counter: fc.constantFrom(0, 5, MAX_COUNTER),
    }),
  ),
);

test('whatever the wall clock does, each stamp comes after all given and seen before', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const wall = new HandClock(5000);
      const clock = new HybridClock(wall, { ms: 0, counter: 0 });
      let newest: Stamp = { ms: 0, counter: 0 };
      for (const step of all) {
        if (step.kind === 'set') wall.set(step.ms);
        else if (step.kind === 'see') {
          const { stamp, clockAhead } = clock.see(step);
          assert.equal(clockAhead, step.ms > wall.now() + MAX_AHEAD);
          assert.ok(stamp.ms <= wall.now() + MAX_AHEAD);
          if (compareStamps(stamp, newest) > 0) newest = stamp;
        } else {
          const stamp = clock.tick();
          assert.ok(compareStamps(stamp, newest) > 0 && stamp.counter <= MAX_COUNTER);
          newest = stamp;
        }
      }
    }),
  );
});
