// Back-off against guessing. Each attempt counts when it is begun, because with OPAQUE the guesser learns from the first answer alone
// whether a guess was right; a login that succeeds takes its own count back. Names that do not exist are treated alike.
import type { Clock } from '../../src/realm/clock.ts';

export interface BackOffSettings {
  /** Attempts before the first wait. */
  readonly free: number;
  /** Milliseconds; doubles with each further attempt. */
  readonly first: number;
  readonly most: number;
  /** Milliseconds without an attempt after which it is forgotten. */
  readonly forget: number;
}

export interface Attempts {
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly last: number;
}

/** Names kept; the one not tried for longest gives way. */
const MAX_NAMES = 10_000;

export class BackOff {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #settings: BackOffSettings;
  readonly #attempts = new Map<string, Attempts>();

  constructor(clock: Pick<Clock, 'now'>, settings: BackOffSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Milliseconds until the next attempt is let through; 0 when it is now. */
  wait(name: string): number {
    const { count, last } = this.get(name) ?? { count: 0, last: 0 };
    const { free, first, most } = this.#settings;
    if (count < free) return 0;
    const pause = Math.min(most, first * 2 ** Math.min(count - free, 30));
    return Math.max(0, last + pause - this.#clock.now());
  }

  /** Counts an attempt. */
  count(name: string): Attempts {
    const attempts = { count: (this.get(name)?.count ?? 0) + 1, last: this.#clock.now() };
    this.set(name, attempts);
    return attempts;
  }

  /** Takes one attempt back. */
  release(name: string): void {
    const attempts = this.get(name);
    if (!attempts || attempts.count <= 1) this.#attempts.delete(name);
    else this.#attempts.set(name, { ...attempts, count: attempts.count - 1 });
  }

  clear(name: string): void {
    this.#attempts.delete(name);
  }

  get(name: string): Attempts | undefined {
    const attempts = this.#attempts.get(name);
    return attempts && this.#clock.now() - attempts.last <= this.#settings.forget ? attempts : undefined;
  }

  set(name: string, attempts: Attempts): void {
    this.#attempts.delete(name);
    this.#attempts.set(name, attempts);
    const [oldest] = this.#attempts.keys();
    if (this.#attempts.size > MAX_NAMES && oldest !== undefined) this.#attempts.delete(oldest);
  }
}
