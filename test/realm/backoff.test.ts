import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pauseAfter } from '../../src/realm/backoff.ts';

const PAUSES = { first: 200, longest: 20_000 };

test('each failure doubles the pause, up to the longest', () => {
  const longest = 0.999999;
  const pauses = [0, 1, 2, 7, 1000].map((failures) => pauseAfter(failures, PAUSES, longest));
  assert.deepEqual(pauses, [200, 400, 800, 20_000, 20_000]);
});

test('chance takes at most half of it away', () => {
  assert.equal(pauseAfter(0, PAUSES, 0), 100);
  assert.equal(pauseAfter(50, PAUSES, 0), 10_000);
});
