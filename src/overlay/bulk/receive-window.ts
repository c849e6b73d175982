// How much a bulk stream's writer may send ahead of its reader. A stream begins with FIRST_LIMIT; while its reader keeps up
// the window doubles, as long as all streams of this program together stay below the pool.
import { FIRST_LIMIT } from './index.ts';

export const MAX_RECEIVE_WINDOW = 4 * 1024 * 1024;
/** Bytes that all bulk streams of a program may hold unread beyond their first limits. */
export const POOL = 64 * 1024 * 1024;

export class ReceivePool {
  #free: number;

  constructor(size = POOL) {
    this.#free = size;
  }

  get free(): number {
    return this.#free;
  }

  take(bytes: number): boolean {
    if (bytes > this.#free) return false;
    this.#free -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#free += bytes;
  }
}

export class ReceiveWindow {
  readonly #pool: ReceivePool;
  #window = FIRST_LIMIT;
  #received = 0;
  #read = 0;
  #grownAt = 0;
  #told = FIRST_LIMIT;
  #toldReceived = 0;
  #needed = 0;
  #isClosed = false;

  constructor(pool: ReceivePool) {
    this.#pool = pool;
  }

  get received(): number {
    return this.#received;
  }

  /** @returns false when the writer went past its limit */
  arrived(bytes: number): boolean {
    this.#received += bytes;
    return this.#received <= this.#told;
  }

  read(bytes: number): void {
    this.#read += bytes;
    const keepsUp = this.#received - this.#read <= this.#window / 4;
    if (keepsUp && this.#read - this.#grownAt >= this.#window / 2) this.#grow();
  }

  /** The reader waits for a frame of so many bytes, which may be more than the window. */
  need(bytes: number): void {
    this.#needed = bytes;
  }

  /** What to tell the writer now; undefined while there is nothing worth it. */
  ack(): { readonly received: number; readonly limit: number } | undefined {
    const limit = this.#read + Math.max(this.#window, this.#needed);
    // However little it is: without it the frame that is waited for never comes.
    const isShort = this.#read + this.#needed > this.#told;
    const hasNews = this.#received > this.#toldReceived || limit - this.#told >= this.#window / 4;
    if (!hasNews && !isShort) return undefined;
    this.#told = Math.max(limit, this.#told);
    this.#toldReceived = this.#received;
    return { received: this.#received, limit: this.#told };
  }

  /** What came before is still read, and asks for no more room. */
  close(): void {
    this.#isClosed = true;
    this.#pool.giveBack(this.#window - FIRST_LIMIT);
    this.#window = FIRST_LIMIT;
  }

  #grow(): void {
    if (this.#isClosed || this.#window >= MAX_RECEIVE_WINDOW || !this.#pool.take(this.#window)) return;
    this.#window *= 2;
    this.#grownAt = this.#read;
  }
}
