// The window of bulk in flight follows the queue that it causes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_PIECE } from '../../../src/overlay/bulk/index.ts';
import { MAX_WINDOW, Pace } from '../../../src/overlay/bulk/pace.ts';

/** A way of so many bytes a millisecond with a fixed delay: what is sent waits behind what was sent before. */
class Way {
  now = 0;
  readonly pace = new Pace({ monotonic: () => this.now });
  readonly #rate: number;
  readonly #delay: number;
  readonly #onWay: { readonly bytes: number; readonly left: number; readonly arrives: number }[] = [];
  #busyUntil = 0;
  longest = 0;
  carried = 0;

  constructor(rate: number, delay: number) {
    this.#rate = rate;
    this.#delay = delay;
  }

  run(milliseconds: number): void {
    for (const end = this.now + milliseconds; this.now < end; this.now += 1) {
      while ((this.#onWay[0]?.arrives ?? Number.POSITIVE_INFINITY) <= this.now) {
        const piece = this.#onWay.shift();
        if (!piece) break;
        this.carried += piece.bytes;
        this.pace.acked(piece.bytes, this.now - piece.left);
      }
      for (let piece = this.pace.room(); piece > 0; piece = this.pace.room()) this.#send(piece);
    }
  }

  #send(bytes: number): void {
    this.pace.sent(bytes);
    this.#busyUntil = Math.max(this.#busyUntil, this.now) + bytes / this.#rate;
    this.longest = Math.max(this.longest, this.#busyUntil - this.now);
    this.#onWay.push({ bytes, left: this.now, arrives: this.#busyUntil + this.#delay });
  }
}

const LEARNT = 15_000;

/** Once it has learnt: the share of the way that is used, and the longest queue in milliseconds. */
function settled(rate: number, delay: number): { share: number; queue: number } {
  const way = new Way(rate, delay);
  way.run(LEARNT);
  way.longest = 0;
  way.carried = 0;
  way.run(LEARNT);
  return { share: way.carried / (rate * LEARNT), queue: way.longest };
}

test('a fast short way is filled, with a queue of a few milliseconds', () => {
  const { share, queue } = settled(50_000, 2);
  assert.ok(share > 0.85, `${share}`);
  assert.ok(queue < 20, `${queue} ms`);
});

test('a long way is filled, with a queue that text can stand', () => {
  const { share, queue } = settled(12_500, 60);
  assert.ok(share > 0.8, `${share}`);
  assert.ok(queue < 80, `${queue} ms`);
});

test('a slow line is filled, with a queue that text can stand', () => {
  const { share, queue } = settled(250, 20);
  assert.ok(share > 0.7, `${share}`);
  assert.ok(queue < 60, `${queue} ms`);
});

test('the window stays within its bounds when acks come at once', () => {
  const way = new Way(1e9, 1);
  way.run(2_000);
  assert.ok(way.pace.window <= MAX_WINDOW);
  assert.ok(way.pace.inFlight <= MAX_WINDOW + MAX_PIECE);
});

test('bytes of a stream that has ended make room for others, who are called in turn', () => {
  const pace = new Pace({ monotonic: () => 0 });
  while (pace.room() > 0) pace.sent(pace.room());
  const called: string[] = [];
  const take = (name: string) => () => {
    called.push(name);
    pace.sent(pace.inFlight === 0 ? 1_000_000 : 0);
  };
  pace.whenRoom(take('first'));
  const cancel = pace.whenRoom(take('second'));
  pace.whenRoom(take('third'));
  cancel();
  pace.gone(pace.inFlight);
  assert.deepEqual(called, ['first']);
  pace.gone(pace.inFlight);
  assert.deepEqual(called, ['first', 'third']);
});
