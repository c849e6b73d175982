// What must hold after each disturbance.
import assert from 'node:assert/strict';
import type { Account } from './disturbed-world.ts';

export function assertSuffered({ sent, lost, doubled, longestGap, gapLimit, direct }: Account): void {
  assert.ok(sent > 0);
  assert.equal(lost, 0, `${lost} of ${sent} messages were lost`);
  assert.equal(doubled, 0, `${doubled} messages were shown twice`);
  assert.ok(longestGap <= gapLimit, `nothing was shown for ${longestGap} ms`);
  assert.notEqual(direct, undefined, 'the path did not become direct again');
}
