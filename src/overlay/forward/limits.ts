// What an operator lets a relay's links carry. Bulk pays before it goes on and waits while its limit, or that of everything,
// is in debt. Interactive streams pay what they carry and go on at once, so bulk makes room for them; only when they alone
// are more than the limit for a whole second do they wait as well. What goes as interactive and is too much for that is bulk
// (weights.ts).
import type { Clock } from '../../realm/clock.ts';
import type { RealmName } from '../../realm/names.ts';
import type { StreamClass } from '../seam.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { ForwardHeader } from './index.ts';
import { RealmWeights } from './weights.ts';

export interface LinkLimit {
  readonly where: 'wan' | RealmName;
  readonly class: 'bulk' | 'all';
  /** In a second, each way. */
  readonly kbit: number;
}

export interface Toll {
  /** Asked for each piece that has passed. @returns milliseconds for which nothing more may */
  (bytes: number): number;
  /** Whether an interactive stream carries what is bulk by now. */
  readonly isHeavy?: () => boolean;
}

/** For what goes out to the link, and for what comes in from it. */
export interface Tolls {
  readonly out: Toll;
  readonly in: Toll;
}

/** What may pass at once, in milliseconds of the limit. */
const BURST = 50;
/** Milliseconds of debt that interactive streams may make. */
const PATIENCE = 1_000;
const BITS = 8;

interface Meter extends LinkLimit {
  readonly out: TokenBucket;
  readonly in: TokenBucket;
}

export class LinkLimits {
  readonly #meters: readonly Meter[];
  readonly #weights: RealmWeights;

  constructor(clock: Pick<Clock, 'monotonic'>, limits: readonly LinkLimit[]) {
    this.#weights = new RealmWeights(clock);
    this.#meters = limits.map((limit) => {
      const rate = (limit.kbit * 1_000) / BITS;
      const bucket = (): TokenBucket => new TokenBucket(clock, { rate, burst: (rate * BURST) / 1_000 });
      return { ...limit, out: bucket(), in: bucket() };
    });
  }

  tolls(realm: RealmName, streamClass: StreamClass): Tolls {
    const here = this.#meters.filter(({ where }) => where === 'wan' || where === realm);
    const toll = (way: 'out' | 'in'): Toll => {
      const asBulk = passing(
        here.map((meter) => meter[way]),
        0,
      );
      if (streamClass === 'bulk') return asBulk;
      const asText = passing(
        here.flatMap((meter) => (meter.class === 'all' ? [meter[way]] : [])),
        PATIENCE,
      );
      const weight = this.#weights.of(realm)[way];
      const pay = (bytes: number): number => (weight.weigh(bytes) ? asBulk(bytes) : asText(bytes));
      return Object.assign(pay, { isHeavy: () => weight.isHeavy });
    };
    return { out: toll('out'), in: toll('in') };
  }
}

function passing(buckets: readonly TokenBucket[], patience: number): Toll {
  return (bytes) => {
    for (const bucket of buckets) bucket.spend(bytes);
    return Math.max(0, ...buckets.map(({ debt }) => debt - patience));
  };
}

/** For a stream of that header, in its direction: our own link is where the other realm's side is. */
export function tollsOf(
  limits: LinkLimits | undefined,
  header: Pick<ForwardHeader, 'origin' | 'destination' | 'class'>,
  own: RealmName,
): { readonly forth?: Toll | undefined; readonly back?: Toll | undefined } {
  const isOutward = header.origin === own;
  const tolls = limits?.tolls(isOutward ? header.destination : header.origin, header.class);
  return isOutward ? { forth: tolls?.out, back: tolls?.in } : { forth: tolls?.in, back: tolls?.out };
}
