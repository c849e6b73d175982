// What a part looks after at least once an hour: at its start, and again after each look has ended, sooner when it falls due.
import type { Clock, Timer } from '../src/realm/clock.ts';

const INTERVAL = 60 * 60 * 1000;

export class Hourly {
  readonly #clock: Clock;
  readonly #look: () => Promise<void>;
  readonly #wait: () => number;
  #timer: Timer | undefined;
  /** One look at a time. */
  #running: Promise<void> = Promise.resolve();
  /** Asked for and not ended. */
  #looks = 0;
  #stopped = false;

  /**
   * @param look never rejects
   * @param wait milliseconds until the next one
   */
  constructor(clock: Clock, look: () => Promise<void>, wait: () => number = () => INTERVAL) {
    this.#clock = clock;
    this.#look = look;
    this.#wait = wait;
  }

  /** Resolves when the first look has ended. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.now();
  }

  /** Resolves when a look that was under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** A look at once, after one that is under way. Not to be waited for within a look. */
  now(): Promise<void> {
    this.#running = this.#looks === 0 ? this.#lookOnce() : this.#running.then(() => this.#lookOnce());
    this.#looks++;
    return this.#running;
  }

  async #lookOnce(): Promise<void> {
    this.#timer?.cancel();
    if (!this.#stopped) await this.#look();
    this.#looks--;
    // It may have been stopped meanwhile.
    if (!this.#stopped) this.#timer = this.#clock.after(Math.min(INTERVAL, this.#wait()), () => void this.now());
  }
}
