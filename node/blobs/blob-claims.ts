// Keeps the sweep and those who need a blob apart: whoever is about to refer to one, or to upload it again, claims it, and then it stays for
// a while; whoever comes while it is being removed waits for that, and then finds it gone.
import type { BlobId } from '../../src/realm/blob-id.ts';
import type { Clock } from '../../src/realm/clock.ts';

/** Milliseconds within which a claim becomes a reference on disk. */
const LASTS = 10 * 60_000;
/** Claims above which those that are over are forgotten. */
const MANY = 10_000;

export class BlobClaims {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #claimed = new Map<BlobId, number>();
  readonly #going = new Map<BlobId, Promise<unknown>>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Resolves once nobody is removing it; from then on nobody does, for a while. */
  async claim(id: BlobId): Promise<void> {
    for (let going = this.#going.get(id); going; going = this.#going.get(id)) await going.catch(() => undefined);
    // The newest stand last.
    this.#claimed.delete(id);
    this.#claimed.set(id, this.#clock.monotonic());
    if (this.#claimed.size > MANY) this.#forget();
  }

  /** Unless somebody has claimed it. `work` looks, after nobody can claim it any more, whether it is still to go. */
  async unlessClaimed(id: BlobId, work: () => Promise<void>): Promise<void> {
    const claimed = this.#claimed.get(id);
    if (claimed !== undefined && this.#clock.monotonic() - claimed < LASTS) return;
    const going = work();
    this.#going.set(id, going);
    try {
      await going;
    } finally {
      this.#going.delete(id);
    }
  }

  #forget(): void {
    const now = this.#clock.monotonic();
    for (const [id, at] of this.#claimed) {
      if (now - at < LASTS) return;
      this.#claimed.delete(id);
    }
  }
}
