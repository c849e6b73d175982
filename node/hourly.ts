// What a part looks after at least once an hour: at its start, and again after each look has ended, sooner when it falls due.
import type { Clock, Timer } from '../src/realm/clock.ts';

const INTERVAL = 60 * 60 * 1000;

export class Hourly {
  readonly #clock: Clock;
  readonly #look: () => Promise<void>;
  readonly #wait: () => number;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
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

  async start(): Promise<void> {
    this.#stopped = false;
    await this.#look();
    this.#again();
  }

  /** Resolves when a look that was under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** A look at once; one that is under way is waited for first. */
  now(): Promise<void> {
    this.#timer?.cancel();
    this.#running = this.#running.then(() => this.#look()).then(() => this.#again());
    return this.#running;
  }

  #again(): void {
    if (this.#stopped) return;
    this.#timer = this.#clock.after(Math.min(INTERVAL, this.#wait()), () => {
      this.#running = this.#look().then(() => this.#again());
    });
  }
}
