// A cache that ends with the client; for scripts, for kiosks and where the surroundings offer nothing else.
import type { CacheEngine, CacheRange, CacheRow, CacheWrite } from './engine.ts';

export class MemoryEngine implements CacheEngine {
  #rows = new Map<string, Uint8Array>();
  /** In order; rebuilt when keys come or go. */
  #keys: string[] | undefined = [];

  async range({
    from,
    to,
    reverse = false,
    limit = Number.POSITIVE_INFINITY,
  }: CacheRange): Promise<readonly CacheRow[]> {
    this.#keys ??= [...this.#rows.keys()].sort();
    const [low, high] = [placeOf(this.#keys, from), placeOf(this.#keys, to)];
    const count = Math.min(Math.max(0, high - low), limit);
    const keys = reverse ? this.#keys.slice(high - count, high).toReversed() : this.#keys.slice(low, low + count);
    return keys.map((key) => [key, this.#rows.get(key) ?? new Uint8Array()]);
  }

  async write(writes: readonly CacheWrite[]): Promise<void> {
    for (const write of writes) {
      if ('delete' in write) {
        if (this.#rows.delete(write.delete)) this.#keys = undefined;
      } else {
        if (!this.#rows.has(write.put)) this.#keys = undefined;
        this.#rows.set(write.put, write.value.slice());
      }
    }
  }

  async wipe(): Promise<void> {
    this.#rows = new Map();
    this.#keys = [];
  }

  /** Whoever holds the engine may open it again. */
  async close(): Promise<void> {}
}

/** The first place whose key is not below. */
function placeOf(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
