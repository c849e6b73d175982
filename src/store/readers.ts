// Who reads a store at present. What an open iterator or snapshot may still see, and the files that it reads, stay on the disk until it ends.
import { setTimeout } from 'node:timers/promises';

export class Readers {
  /** How many there ever were. */
  count = 0;
  readonly #open = new Set<Promise<void>>();

  /** @returns to be called at the end */
  begin(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.count += 1;
    this.#open.add(promise);
    return () => {
      this.#open.delete(promise);
      resolve();
    };
  }

  /** Until those who read now have ended. @param patience milliseconds; nobody waits longer for them */
  async gone(patience: number): Promise<void> {
    const enough = new AbortController();
    const late = setTimeout(patience, undefined, { signal: enough.signal, ref: false }).catch(() => undefined);
    await Promise.race([Promise.all(this.#open), late]);
    enough.abort();
  }
}
