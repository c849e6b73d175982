// One thing at a time for each key, in the order in which it was asked for.

export class Turns<K> {
  readonly #last = new Map<K, Promise<unknown>>();

  /** Whether something is under way or waits for this key. */
  isTaken(key: K): boolean {
    return this.#last.has(key);
  }

  take<T>(key: K, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const done = (async () => {
      await before.catch(() => {});
      return work();
    })();
    this.#last.set(key, done);
    const forget = () => {
      if (this.#last.get(key) === done) this.#last.delete(key);
    };
    done.then(forget, forget);
    return done;
  }
}
