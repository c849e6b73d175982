// A token bucket for each source and one for all, in bounded memory. Who makes up sources without end drives out nobody: forgotten are
// only buckets that are full again, which is the same as unknown. While there is none of these, sources that are new share one bucket.
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
/** Buckets that are looked at for a new source; those are the quietest. */
const LOOKED_AT = 16;

export class RateLimiter {
  readonly #clock: Clock;
  readonly #each: RateLimit;
  readonly #all: RateLimit;
  readonly #sources = new Map<string, Bucket>();
  readonly #total: Bucket;
  /** Of those for whom there is no room. */
  readonly #crowd: Bucket;

  constructor(clock: Clock, each: RateLimit, all: RateLimit) {
    this.#clock = clock;
    this.#each = each;
    this.#all = all;
    const at = clock.monotonic();
    this.#total = { tokens: all.burst, at };
    this.#crowd = { tokens: each.burst, at };
  }

  /** Takes one token; false when there is none. */
  take(source: string): boolean {
    const now = this.#clock.monotonic();
    const bucket = this.#bucketOf(source, now);
    refill(bucket, this.#each, now);
    refill(this.#total, this.#all, now);
    if (bucket.tokens < 1 || this.#total.tokens < 1) return false;
    bucket.tokens -= 1;
    this.#total.tokens -= 1;
    return true;
  }

  #bucketOf(source: string, now: number): Bucket {
    const known = this.#sources.get(source);
    if (!known && this.#sources.size >= MAX_SOURCES) this.#makeRoom(now);
    if (!known && this.#sources.size >= MAX_SOURCES) return this.#crowd;
    const bucket = known ?? { tokens: this.#each.burst, at: now };
    this.#sources.delete(source);
    this.#sources.set(source, bucket);
    return bucket;
  }

  /** A map keeps insertion order, and each use inserts anew: the first are the quietest. */
  #makeRoom(now: number): void {
    let looked = 0;
    for (const [source, bucket] of this.#sources) {
      if (looked++ >= LOOKED_AT) return;
      refill(bucket, this.#each, now);
      if (bucket.tokens >= this.#each.burst) this.#sources.delete(source);
    }
  }
}

function refill(bucket: Bucket, limit: RateLimit, now: number): void {
  bucket.tokens = Math.min(limit.burst, bucket.tokens + ((now - bucket.at) / 1000) * limit.perSecond);
  bucket.at = now;
}
