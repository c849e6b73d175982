// Room for a bulk stream's writer, out of what all streams of a program share.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIRST_LIMIT } from '../../../src/overlay/bulk/index.ts';
import { ReceivePool, ReceiveWindow } from '../../../src/overlay/bulk/receive-window.ts';

test('a stream that is read to its end after it was closed takes nothing from the others for good', () => {
  const pool = new ReceivePool();
  const whole = pool.free;
  const window = new ReceiveWindow(pool);
  assert.equal(window.arrived(FIRST_LIMIT), true);
  window.close();
  window.read(FIRST_LIMIT);
  assert.equal(pool.free, whole);
});
