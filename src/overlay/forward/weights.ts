// What streams of the class interactive carry. The class is the word of whoever opens a stream, and files that go as text would pass
// by the limits for bulk and keep the text of others waiting. So what a realm's interactive streams carry is measured, each way: what
// is above all that people write is treated as bulk, the stream goes on.
import type { Clock } from '../../realm/clock.ts';
import type { RealmName } from '../../realm/names.ts';
import { TokenBucket } from '../token-bucket.ts';

/** Bytes in a second and at once, of one realm each way. A thousand people who write without pause send a tenth of it. */
export const LIGHT = { rate: 1024 * 1024, burst: 8 * 1024 * 1024 };
/** Realms that are remembered; links bound them before. */
const MAX_REALMS = 4_096;

export interface Weight {
  /** @returns whether these bytes are bulk, by what has passed before */
  weigh(bytes: number): boolean;
  readonly isHeavy: boolean;
}

export interface Weights {
  readonly out: Weight;
  readonly in: Weight;
}

export class RealmWeights {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #realms = new Map<RealmName, Weights>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  of(realm: RealmName): Weights {
    const weights = this.#realms.get(realm) ?? { out: this.#weight(), in: this.#weight() };
    this.#realms.delete(realm);
    this.#realms.set(realm, weights);
    const [oldest] = this.#realms.keys();
    if (this.#realms.size > MAX_REALMS && oldest !== undefined) this.#realms.delete(oldest);
    return weights;
  }

  /** What was bulk is not counted again: after a file that went as text, text is text as soon as it is little. */
  #weight(): Weight {
    const bucket = new TokenBucket(this.#clock, LIGHT);
    return {
      weigh: (bytes) => {
        if (bucket.debt > 0) return true;
        bucket.spend(bytes);
        return false;
      },
      get isHeavy() {
        return bucket.debt > 0;
      },
    };
  }
}
