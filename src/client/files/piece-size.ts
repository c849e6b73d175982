// How many chunks one request carries: one at first, more while the line is quick, fewer when it is slow, so that no request runs into
// a deadline and none is so small that its overhead counts.

const QUICK = 1_000;
const SLOW = 6_000;
/** 4 MiB: what the server takes at once, and what is in memory here. */
const MOST = 16;

export class PieceSize {
  #chunks = 1;

  get chunks(): number {
    return this.#chunks;
  }

  /** @param took milliseconds of the last request */
  learn(took: number): void {
    if (took < QUICK) this.#chunks = Math.min(MOST, 2 * this.#chunks);
    else if (took > SLOW) this.#chunks = Math.max(1, Math.floor(this.#chunks / 2));
  }

  fail(): void {
    this.#chunks = Math.max(1, Math.floor(this.#chunks / 2));
  }
}
