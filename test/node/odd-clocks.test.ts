// Whose clock is named as the wrong one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oddClocks } from '../../node/odd-clocks.ts';

const at = (...seconds: readonly number[]) =>
  seconds.map((skew, index) => ({ realm: `b${index + 1}`, skew: 1000 * skew }));

test('clocks that are about right are not spoken of', () => {
  assert.deepEqual(oddClocks([]), []);
  assert.deepEqual(oddClocks(at(-20, 30, 59)), []);
});

test('of two clocks nobody can tell which is wrong', () => {
  assert.deepEqual(oddClocks(at(3600)), ['the clock of b1 is 3600 s ahead of ours']);
});

test('of three the odd one is named, also where it is the own', () => {
  assert.deepEqual(oddClocks(at(3600, 2)), ['the clock of b1 is 3598 s ahead of that of the others (2 of 3 agree)']);
  assert.deepEqual(oddClocks(at(3600, 3601)), [
    'the clock of this host is 3600 s behind that of the others (2 of 3 agree): set it',
  ]);
  assert.deepEqual(oddClocks(at(3600, 3601, 3602, -90)), [
    'the clock of this host is 3600 s behind that of the others (3 of 5 agree): set it',
    'the clock of b4 is 3690 s behind that of the others (3 of 5 agree)',
  ]);
});

test('where no more than half agree, each is told against the own', () => {
  assert.deepEqual(oddClocks(at(3600, -7200)), [
    'the clock of b1 is 3600 s ahead of ours',
    'the clock of b2 is 7200 s behind ours',
  ]);
  assert.deepEqual(oddClocks(at(1, 3600, 3601)), [
    'the clock of b2 is 3600 s ahead of ours',
    'the clock of b3 is 3601 s ahead of ours',
  ]);
});
