// So much in a second, and so much at once.
import type { Clock } from '../realm/clock.ts';

export interface BucketInit {
  /** Tokens that come in a second. */
  readonly rate: number;
  /** Tokens that there may be at most, and are at first. */
  readonly burst: number;
}

export class TokenBucket {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(clock: Pick<Clock, 'monotonic'>, { rate, burst }: BucketInit) {
    this.#clock = clock;
    this.#perMs = rate / 1_000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = clock.monotonic();
  }

  /** Takes them when they are there. */
  take(count = 1): boolean {
    this.#refill();
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Takes them in any case; the bucket may be in debt afterwards. */
  spend(count: number): void {
    this.#refill();
    this.#tokens -= count;
  }

  /** Milliseconds until it is out of debt; 0 when it is. */
  get debt(): number {
    this.#refill();
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMs;
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
