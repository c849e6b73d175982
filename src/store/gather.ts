// Group commit without a timer: while one flush runs, what is added gathers and goes into the next. A lone item is flushed at
// once, a crowd shares one flush; latency and throughput follow from how long a flush takes and from nothing else.

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Gather<T> {
  readonly #flush: (items: readonly T[]) => Promise<void>;
  readonly #most: number;
  #waiting: Waiting<T>[] = [];
  #running: Promise<void> | undefined;

  /** `flush` takes the items in the order they were added, at most `most` at a time, and never runs twice at once. */
  constructor(flush: (items: readonly T[]) => Promise<void>, most: number) {
    this.#flush = flush;
    this.#most = most;
  }

  /** Resolves or rejects with the flush that carried the item. */
  add(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits and nothing runs. Never rejects. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // One turn of the microtask queue, so that what is added in the same turn shares the first flush.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#most);
      try {
        await this.#flush(group.map((waiting) => waiting.item));
        for (const waiting of group) waiting.resolve();
      } catch (error) {
        for (const waiting of group) waiting.reject(error);
      }
    }
    this.#running = undefined;
  }
}
