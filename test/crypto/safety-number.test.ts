// The safety number of two people.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safetyNumber } from '../../src/crypto/safety-number.ts';
import { parseUserId } from '../../src/realm/ids.ts';

const clerk = { user: parseUserId('00000000-0000-4000-8000-000000000001'), identity: new Uint8Array(32).fill(1) };
const engineer = { user: parseUserId('00000000-0000-4000-8000-000000000002'), identity: new Uint8Array(32).fill(2) };

test('both sides see the same twelve groups of five digits, and these for these keys', () => {
  const number = safetyNumber(clerk, engineer);
  assert.deepEqual(safetyNumber(engineer, clerk), number);
  assert.equal(number.join(' '), '20626 36882 04705 79908 87050 23083 09916 36629 64521 23535 38794 57477');
});

test('another identity of either changes that half alone, and so does another person', () => {
  const number = safetyNumber(clerk, engineer);
  const other = safetyNumber(clerk, { ...engineer, identity: new Uint8Array(32).fill(3) });
  assert.deepEqual(other.slice(0, 6), number.slice(0, 6));
  assert.notDeepEqual(other.slice(6), number.slice(6));
  const swapped = safetyNumber({ ...clerk, identity: engineer.identity }, { ...engineer, identity: clerk.identity });
  assert.notDeepEqual(swapped.toSorted(), number.toSorted());
});
