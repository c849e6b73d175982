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

/** Both ends of one stream: the writer sends all that its limit lets through. */
class BothEnds {
  readonly #window = new ReceiveWindow(new ReceivePool());
  #limit = FIRST_LIMIT;
  #sent = 0;
  #read = 0;
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** @returns whether anything could leave */
  send(): boolean {
    const bytes = Math.min(this.#limit - this.#sent, this.#left);
    this.#sent += bytes;
    this.#left -= bytes;
    assert.equal(this.#window.arrived(bytes), true);
    this.#hear();
    return bytes > 0;
  }

  /** @returns whether the frame is whole by now; when it is not, the reader waits for it */
  takes(frame: number): boolean {
    const isWhole = this.#sent - this.#read >= frame;
    if (isWhole) this.#read += frame;
    this.#window.read(isWhole ? frame : 0);
    this.#window.need(isWhole ? 0 : frame);
    this.#hear();
    return isWhole;
  }

  #hear(): void {
    this.#limit = Math.max(this.#limit, this.#window.ack()?.limit ?? 0);
  }
}

test('a writer and a reader who is slow or quick bring every frame across, however long', () => {
  const step = fc.record({ frame: fc.integer({ min: 1, max: 700_000 }), isSlow: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (frames) => {
      const ends = new BothEnds(frames.reduce((sum, { frame }) => sum + frame, 0));
      for (const [at, { frame, isSlow }] of frames.entries()) {
        // Meanwhile the writer goes on, up to its limit.
        for (let more = isSlow; more; ) more = ends.send();
        while (!ends.takes(frame)) assert.ok(ends.send(), `stuck before frame ${at} of ${frame} bytes`);
      }
    }),
  );
});
