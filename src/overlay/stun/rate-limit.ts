// A token bucket for each source and one for all, in bounded memory: when too many sources are known, the fullest buckets,
// those of the quietest sources, are forgotten first.
import type { Clock } from '../../realm/clock.ts';

export interface RateLimit {
  /** Tokens that come back each second. */
  readonly perSecond: number;
  /** Tokens that a bucket holds. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

const MAX_SOURCES = 4096;

export class RateLimiter {
  readonly #clock: Clock;
  readonly #each: RateLimit;
  readonly #all: RateLimit;
  readonly #sources = new Map<string, Bucket>();
  readonly #total: Bucket;

  constructor(clock: Clock, each: RateLimit, all: RateLimit) {
    this.#clock = clock;
    this.#each = each;
    this.#all = all;
    this.#total = { tokens: all.burst, at: clock.monotonic() };
  }

  /** Takes one token; false when there is none. */
  take(source: string): boolean {
    const now = this.#clock.monotonic();
    const bucket = this.#sources.get(source) ?? { tokens: this.#each.burst, at: now };
    refill(bucket, this.#each, now);
    refill(this.#total, this.#all, now);
    this.#sources.delete(source);
    this.#sources.set(source, bucket);
    if (this.#sources.size > MAX_SOURCES) this.#forgetOldest();
    if (bucket.tokens < 1 || this.#total.tokens < 1) return false;
    bucket.tokens -= 1;
    this.#total.tokens -= 1;
    return true;
  }

  /** A map keeps insertion order, and each use inserts anew: the first is the quietest. */
  #forgetOldest(): void {
    const oldest = this.#sources.keys().next();
    if (!oldest.done) this.#sources.delete(oldest.value);
  }
}

function refill(bucket: Bucket, limit: RateLimit, now: number): void {
  bucket.tokens = Math.min(limit.burst, bucket.tokens + ((now - bucket.at) / 1000) * limit.perSecond);
  bucket.at = now;
}
