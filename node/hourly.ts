// What a part looks after once an hour: at its start, and again an hour after each look has ended.
import type { Clock, Timer } from '../src/realm/clock.ts';

const INTERVAL = 60 * 60 * 1000;

export class Hourly {
  readonly #clock: Clock;
  readonly #look: () => Promise<void>;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  /** @param look never rejects */
  constructor(clock: Clock, look: () => Promise<void>) {
    this.#clock = clock;
    this.#look = look;
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

  #again(): void {
    if (this.#stopped) return;
    this.#timer = this.#clock.after(INTERVAL, () => {
      this.#running = this.#look().then(() => this.#again());
    });
  }
}
