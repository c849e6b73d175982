// Writes of a cache, in the order of the calls. A place that keeps what it says it keeps takes milliseconds for each write, whatever its
// size: what is asked for meanwhile goes together in the next one.
import type { CacheEngine, CacheWrite } from './engine.ts';

interface Waiting {
  readonly writes: readonly CacheWrite[];
  readonly settle: PromiseWithResolvers<void>;
}

export class GroupedWrites {
  readonly #engine: Pick<CacheEngine, 'write'>;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(engine: Pick<CacheEngine, 'write'>) {
    this.#engine = engine;
  }

  /** All or nothing; takes effect after whatever was asked for before, also when nobody waited for that. @throws what the engine throws */
  write(writes: readonly CacheWrite[]): Promise<void> {
    if (writes.length === 0) return Promise.resolve();
    const settle = Promise.withResolvers<void>();
    this.#waiting.push({ writes, settle });
    this.#running ??= this.#run();
    return settle.promise;
  }

  /** Nothing is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#together(group);
    }
    this.#running = undefined;
  }

  async #together(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#engine.write(group.flatMap(({ writes }) => writes));
      for (const { settle } of group) settle.resolve();
    } catch (error) {
      if (group.length === 1) return group[0]?.settle.reject(error);
      // one that has no room must not take the others with it
      for (const one of group) await this.#together([one]);
    }
  }
}
