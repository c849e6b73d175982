// The same deadline for one wait after another: frames of a stream, say, of which each has to come in time. `within` (deadline.ts)
// makes a controller, a timer and two listeners for each wait; where thousands follow each other, one of each is enough.
import type { Clock, Timer } from './clock.ts';
import { UnreachableError } from './errors.ts';

export class Patience {
  readonly #clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly #delay: number;
  readonly #what: string;
  readonly #outer: AbortSignal;
  readonly #controller = new AbortController();
  readonly #passOn = () => this.#controller.abort(this.#outer.reason);
  /** Monotonic milliseconds since when something is waited for. */
  #since: number | undefined;
  #timer: Timer | undefined;
  #ended = false;

  /** `what` is named when it does not come within `delay` milliseconds. Ends with `signal`, and with `end` at the latest. */
  constructor(clock: Pick<Clock, 'after' | 'monotonic'>, delay: number, what: string, signal: AbortSignal) {
    this.#clock = clock;
    this.#delay = delay;
    this.#what = what;
    this.#outer = signal;
    if (signal.aborted) this.#passOn();
    else signal.addEventListener('abort', this.#passOn, { once: true });
  }

  /**
   * One wait at a time; time between two does not count. After one has failed by its deadline all fail.
   * @throws UnreachableError `timeout`; the reason of the outer signal
   */
  async for<T>(step: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    signal.throwIfAborted();
    this.#since = this.#clock.monotonic();
    if (!this.#ended) this.#timer ??= this.#later(this.#delay);
    try {
      return await step(signal);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      this.#since = undefined;
    }
  }

  /** Nobody waits any more: no timer is left, and none is set for what goes on by itself. Idempotent. */
  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#outer.removeEventListener('abort', this.#passOn);
  }

  /** A timer that is late for the present wait is set anew; so none is for each wait. */
  #later(delay: number): Timer {
    return this.#clock.after(delay, () => {
      this.#timer = undefined;
      if (this.#since === undefined) return;
      const left = this.#since + this.#delay - this.#clock.monotonic();
      if (left > 0) this.#timer = this.#later(left);
      else this.#controller.abort(new UnreachableError('timeout', `No ${this.#what} within ${this.#delay / 1000} s`));
    });
  }
}
