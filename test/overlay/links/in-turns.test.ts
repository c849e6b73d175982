// Which of many addresses are dialled.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { inTurns } from '../../../src/overlay/links/in-turns.ts';

test('each of many has its turn, the likeliest always, and never more than so many at once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 2, max: 8 }), (count, max) => {
      const all = Array.from({ length: count }, (_, at) => at);
      const rounds = Array.from({ length: count + 1 }, (_, turn) => inTurns(all, max, turn));
      for (const round of rounds) {
        assert.equal(new Set(round).size, Math.min(count, max));
        assert.deepEqual(round.slice(0, Math.floor(max / 2)), all.slice(0, Math.floor(max / 2)));
      }
      assert.equal(new Set(rounds.flat()).size, count);
    }),
  );
});
