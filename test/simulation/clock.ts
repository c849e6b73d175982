// Virtual time. Nothing happens but events in the order of their times (and, at one time, of their making); between two
// events all promises run as far as they can. So a run depends on nothing but its seed.
//
// The fence is a real `setImmediate`: the platform empties its queue of microtasks before it. No part that runs here may wait
// for anything real (a thread, a file, a socket), or its answer would come at a moment that no seed decides.
import type { Clock, Timer } from '../../src/realm/clock.ts';

interface Pending {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/** When every simulated world begins: a Monday morning. */
export const WORLD_START = Date.UTC(2030, 0, 7, 6);
/** Cancelled timers are thrown out once they are so many and more than half. */
const COMPACT_FROM = 4096;

export class SimulatedClock implements Clock {
  #time = 0;
  #made = 0;
  #heap: Pending[] = [];
  #cancelled = 0;
  /** Events that have run. */
  ran = 0;

  now(): number {
    return WORLD_START + Math.floor(this.#time);
  }

  monotonic(): number {
    return this.#time;
  }

  after(delay: number, callback: () => void): Timer {
    const pending: Pending = { at: this.#time + Math.max(0, delay), order: this.#made++, callback };
    this.#push(pending);
    return { cancel: () => this.#cancel(pending) };
  }

  /** Timers that are still to run. */
  get waiting(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** Runs all events up to a time and stands there. */
  async runUntil(time: number): Promise<void> {
    await quiescence();
    for (let next = this.#heap[0]; next && next.at <= time; next = this.#heap[0]) {
      this.#pop();
      const { callback } = next;
      if (!callback) {
        this.#cancelled--;
        continue;
      }
      next.callback = undefined;
      this.#time = next.at;
      this.ran++;
      callback();
      await quiescence();
    }
    this.#time = Math.max(this.#time, time);
  }

  #cancel(pending: Pending): void {
    if (!pending.callback) return;
    pending.callback = undefined;
    this.#cancelled++;
    if (this.#cancelled > COMPACT_FROM && this.#cancelled * 2 > this.#heap.length) this.#compact();
  }

  #compact(): void {
    const kept = this.#heap.filter(({ callback }) => callback !== undefined);
    this.#cancelled = 0;
    // A sorted list is a heap.
    this.#heap = kept.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #push(pending: Pending): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(pending);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (!parent || isBefore(parent, pending)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = pending;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const child = this.#lesserChild(at);
      const other = heap[child];
      if (!other || isBefore(last, other)) break;
      heap[at] = other;
      at = child;
    }
    heap[at] = last;
  }

  #lesserChild(at: number): number {
    const [left, right] = [this.#heap[2 * at + 1], this.#heap[2 * at + 2]];
    return left && right && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
  }
}

function isBefore(a: Pending, b: Pending): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}

function quiescence(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The clock of one run of one program: off by its own error, and silent for ever once the program was killed. */
export class ProcessClock implements Clock {
  readonly #world: Clock;
  readonly #error: number;
  readonly #isAlive: () => boolean;

  constructor(world: Clock, error: number, isAlive: () => boolean) {
    this.#world = world;
    this.#error = error;
    this.#isAlive = isAlive;
  }

  now(): number {
    return this.#world.now() + this.#error;
  }

  monotonic(): number {
    return this.#world.monotonic();
  }

  after(delay: number, callback: () => void): Timer {
    return this.#world.after(delay, () => {
      if (this.#isAlive()) callback();
    });
  }
}
