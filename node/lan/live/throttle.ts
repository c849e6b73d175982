// How much one socket may ask for. Too much is not refused but read later: the sender's own TCP window fills, and nobody
// else notices. Two bounds: requests under way at one time, and frames in a second.
import type { Clock, Timer } from '../../../src/realm/clock.ts';

const MAX_UNDER_WAY = 64;
/** Frames that may come at once, and that are added in each second. */
const BURST = 1000;
const RATE = 1000;

export interface Tap {
  pause(): void;
  resume(): void;
}

export class Throttle {
  readonly #clock: Clock;
  readonly #tap: Tap;
  #underWay = 0;
  #tokens = BURST;
  #filled: number;
  #refill: Timer | undefined;
  #isPaused = false;

  constructor(clock: Clock, tap: Tap) {
    this.#clock = clock;
    this.#tap = tap;
    this.#filled = clock.monotonic();
  }

  /** One frame came. */
  count(): void {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#filled) * RATE) / 1000) - 1;
    this.#filled = now;
    this.#decide();
  }

  /** One request is under way until the promise settles; it must not reject. */
  async during(work: Promise<void>): Promise<void> {
    this.#underWay++;
    this.#decide();
    await work;
    this.#underWay--;
    this.#decide();
  }

  end(): void {
    this.#refill?.cancel();
    this.#refill = undefined;
    this.#isPaused = false;
  }

  #decide(): void {
    const isEmpty = this.#tokens < 1;
    if (isEmpty)
      this.#refill ??= this.#clock.after(Math.ceil(((1 - this.#tokens) * 1000) / RATE), () => this.#refilled());
    const pause = isEmpty || this.#underWay >= MAX_UNDER_WAY;
    if (pause === this.#isPaused) return;
    this.#isPaused = pause;
    if (pause) this.#tap.pause();
    else this.#tap.resume();
  }

  #refilled(): void {
    this.#refill = undefined;
    this.#tokens += 1;
    this.#decide();
  }
}
