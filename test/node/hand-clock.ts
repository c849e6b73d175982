// A clock that stands still until a test moves it.
import type { Clock, Timer } from '../../src/realm/clock.ts';

interface Pending {
  readonly at: number;
  readonly callback: () => void;
}

export class HandClock implements Clock {
  #now: number;
  #passed = 0;
  readonly #pending = new Set<Pending>();

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#passed;
  }

  after(delay: number, callback: () => void): Timer {
    const pending = { at: this.#passed + delay, callback };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** Sets the wall clock, back too; no timer notices. */
  set(now: number): void {
    this.#now = now;
  }

  /** Lets time pass and calls back what falls due, in order. */
  advance(by: number): void {
    const end = this.#passed + by;
    for (let next = this.#due(end); next; next = this.#due(end)) {
      this.#pending.delete(next);
      this.#now += next.at - this.#passed;
      this.#passed = next.at;
      next.callback();
    }
    this.#now += end - this.#passed;
    this.#passed = end;
  }

  #due(end: number): Pending | undefined {
    return [...this.#pending].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
