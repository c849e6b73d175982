// The newest entries of one queue, kept in memory so that what was just written need not be read from disk to be sent. It
// answers only for positions from which it is complete; before that the disk answers.
import type { OutboxEntry, Position } from './outbox-entry.ts';

/** Bytes of envelopes kept for one destination. */
const MAX_BYTES = 4 * 1024 * 1024;

export class RecentEntries {
  #entries: OutboxEntry[] = [];
  #bytes = 0;
  /** All entries after this one are here. */
  #from: Position = { incarnation: 0, n: 0 };

  /** Nothing after this position has been committed yet. */
  begin(from: Position): void {
    this.#from = from;
    this.#entries = [];
    this.#bytes = 0;
  }

  /** In the order of the numbers. */
  push(entry: OutboxEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes.length;
    if (this.#bytes > MAX_BYTES) this.#forget(Math.ceil(this.#entries.length / 2));
  }

  #forget(count: number): void {
    const gone = this.#entries.splice(0, count);
    const last = gone.at(-1);
    if (last) this.#from = last;
    this.#bytes -= gone.reduce((sum, entry) => sum + entry.bytes.length, 0);
  }

  /** Entries after a position; undefined when only the disk knows. */
  after(position: Position, limits: { count: number; bytes: number }): OutboxEntry[] | undefined {
    if (isBefore(position, this.#from)) return undefined;
    const found: OutboxEntry[] = [];
    let bytes = 0;
    for (let at = this.#search(position); at < this.#entries.length && found.length < limits.count; at++) {
      const entry = this.#entries[at];
      if (!entry || bytes >= limits.bytes) break;
      found.push(entry);
      bytes += entry.bytes.length;
    }
    return found;
  }

  /** The index of the first entry after a position. */
  #search(position: Position): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle];
      if (entry && isBefore(position, entry)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Settled entries; only those at the front leave memory, so that what is here stays complete. */
  drop(settled: readonly OutboxEntry[]): void {
    const gone = new Set(settled.map(({ incarnation, n }) => `${incarnation}/${n}`));
    let count = 0;
    while (count < this.#entries.length && gone.has(`${this.#entries[count]?.incarnation}/${this.#entries[count]?.n}`))
      count++;
    this.#forget(count);
  }
}

export function isBefore(a: Position, b: Position): boolean {
  return a.incarnation === b.incarnation ? a.n < b.n : a.incarnation < b.incarnation;
}
