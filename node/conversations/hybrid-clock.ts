// Hybrid logical time: stamps that follow the wall clock, never go back, and come after every stamp seen before them.
// (Kulkarni et al., "Logical Physical Clocks", 2014.) The floor is the newest stamp on disk, so that a clock that was set
// back, or starts at 1970, does not stamp anything before what is there already.
import { compareStamps, MAX_COUNTER, type Stamp } from '../../src/crypto/envelope.ts';
import type { Clock } from '../../src/realm/clock.ts';

/** Milliseconds by which another realm's stamp may be ahead of our clock; above it is clamped and flagged. */
export const MAX_AHEAD = 60_000;

export interface Seen {
  readonly stamp: Stamp;
  readonly clockAhead: boolean;
}

export class HybridClock {
  readonly #clock: Pick<Clock, 'now'>;
  #last: Stamp;

  constructor(clock: Pick<Clock, 'now'>, floor: Stamp) {
    this.#clock = clock;
    this.#last = floor;
  }

  /** The newest stamp given or seen. */
  get last(): Stamp {
    return this.#last;
  }

  /** A new stamp, after all before it. */
  tick(): Stamp {
    const now = this.#clock.now();
    const { ms, counter } = this.#last;
    if (now > ms) this.#last = { ms: now, counter: 0 };
    else this.#last = counter < MAX_COUNTER ? { ms, counter: counter + 1 } : { ms: ms + 1, counter: 0 };
    return this.#last;
  }

  /** What another realm's stamp counts as here. */
  see(stamp: Stamp): Seen {
    const limit = this.#clock.now() + MAX_AHEAD;
    const clockAhead = stamp.ms > limit;
    const clamped = clockAhead ? { ms: limit, counter: stamp.counter } : stamp;
    if (compareStamps(clamped, this.#last) > 0) this.#last = clamped;
    return { stamp: clamped, clockAhead };
  }
}
