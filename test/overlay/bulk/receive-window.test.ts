// Room for a bulk stream's writer, out of what all streams of a program share.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
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

test('a frame that is a few bytes longer than the window is waited for with all the room that it needs', () => {
  const window = new ReceiveWindow(new ReceivePool());
  // The reader was busy while its writer used up the limit: all of that was acknowledged before anybody asked for the frame.
  assert.equal(window.arrived(FIRST_LIMIT), true);
  assert.deepEqual(window.ack(), { received: FIRST_LIMIT, limit: FIRST_LIMIT });
  window.need(FIRST_LIMIT + 25);
  assert.deepEqual(window.ack(), { received: FIRST_LIMIT, limit: FIRST_LIMIT + 25 });
  assert.equal(window.arrived(25), true);
});

test('a writer and a reader who is slow or quick bring every frame across, however long', () => {
  const step = fc.record({ frame: fc.integer({ min: 1, max: 700_000 }), isSlow: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (frames) => {
      const window = new ReceiveWindow(new ReceivePool());
      let [limit, sent, read] = [FIRST_LIMIT, 0, 0];
      let left = frames.reduce((sum, { frame }) => sum + frame, 0);
      const hear = (): boolean => {
        const ack = window.ack();
        limit = Math.max(limit, ack?.limit ?? 0);
        return ack !== undefined;
      };
      const send = (): void => {
        const bytes = Math.min(limit - sent, left);
        sent += bytes;
        left -= bytes;
        assert.equal(window.arrived(bytes), true);
        hear();
      };
      for (const { frame, isSlow } of frames) {
        // Meanwhile the writer goes on, up to its limit.
        while (isSlow && limit > sent && left > 0) send();
        while (sent - read < frame) {
          window.need(frame);
          const isTold = hear();
          assert.ok(isTold || limit > sent, `stuck at ${sent} of ${read + frame} with a limit of ${limit}`);
          send();
        }
        read += frame;
        window.read(frame);
        window.need(0);
        hear();
      }
    }),
  );
});
