// The host's clock, doubted. A clock that stands at 1970 after an empty battery, or that jumps by a day, must not make every
// certificate look wrong nor put new messages before old ones. We never set the host's clock; we decide which time to use:
//
// - At the start the time is the host's, but no earlier than the floor: the day this release was built, the last time this
//   program ran, the newest entry that this realm has signed. Below it time goes on from the floor.
// - While it runs, time follows the host's clock as long as that goes at the pace of the monotonic clock, give or take ten
//   minutes. After a leap time goes on at the old pace and the skew is named, until other realms' clocks have agreed with the
//   host's, or for a leap forward until nobody has objected for a while (a laptop that slept is right). A leap back below the
//   floor is never followed.
import type { Clock, Timer } from './clock.ts';

/** As far as a realm's clock may be off its parent's. */
export const CLOCK_LEEWAY = 10 * 60 * 1000;
/** So long a leap forward is doubted when there is nobody to ask. */
export const SETTLE_TIME = 2 * 60 * 1000;

export class SteadyClock implements Clock {
  readonly #host: Clock;
  #floor: number;
  /** The time in use at `#at`, by the monotonic clock. */
  #base: number;
  #at: number;
  #leaptAt: number | undefined;

  /** @param floor milliseconds since 1970 */
  constructor(host: Clock, floor: number) {
    this.#host = host;
    this.#floor = floor;
    this.#at = host.monotonic();
    this.#base = Math.max(host.now(), floor);
    if (this.#base - host.now() > CLOCK_LEEWAY) this.#leaptAt = this.#at;
  }

  now(): number {
    const at = this.#host.monotonic();
    const says = this.#host.now();
    // In whole milliseconds, as every clock's: what is signed and stored knows no parts of one.
    const expected = Math.floor(this.#base + (at - this.#at));
    if (Math.abs(says - expected) <= CLOCK_LEEWAY) return this.#take(says, at);
    this.#leaptAt ??= at;
    const settled = says > expected && at - this.#leaptAt >= SETTLE_TIME;
    return settled ? this.#take(says, at) : expected;
  }

  monotonic(): number {
    return this.#host.monotonic();
  }

  after(delay: number, callback: () => void): Timer {
    return this.#host.after(delay, callback);
  }

  /** Milliseconds by which the host's clock is ahead of the time in use; 0 while it is believed. */
  get skew(): number {
    const now = this.now();
    return this.#leaptAt === undefined ? 0 : this.#host.now() - now;
  }

  /** Something signed proves that it is not earlier than this. */
  raiseFloor(time: number): void {
    this.#floor = Math.max(this.#floor, time);
    if (this.now() >= this.#floor - CLOCK_LEEWAY) return;
    this.#base = this.#floor;
    this.#at = this.#host.monotonic();
    this.#leaptAt ??= this.#at;
  }

  /** What other realms' clocks say, while the host's is doubted. */
  heard(time: number): void {
    const now = this.now();
    if (this.#leaptAt === undefined) return;
    const says = this.#host.now();
    if (Math.abs(time - says) <= CLOCK_LEEWAY && says >= this.#floor - CLOCK_LEEWAY)
      this.#take(says, this.#host.monotonic());
    else if (Math.abs(time - now) <= CLOCK_LEEWAY) this.#leaptAt = this.#host.monotonic();
    else if (time > now) this.#go(time);
  }

  /** Both our clocks are behind the others: time goes on from theirs, and the host's clock stays doubted. */
  #go(time: number): void {
    this.#base = time;
    this.#at = this.#host.monotonic();
    this.#leaptAt = this.#at;
  }

  #take(time: number, at: number): number {
    this.#base = time;
    this.#at = at;
    this.#leaptAt = undefined;
    return time;
  }
}
