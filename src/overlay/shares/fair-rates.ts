// So many in a second, and each child of our realm, with all that it certified, is sure of a fair part of them: the rate divided
// among those who have asked within the last minute, and that part again among the realms below. Who has had its part takes
// what is left over, of which there is as much again for all together; nobody's own part depends on how much others ask.
import type { Clock } from '../../realm/clock.ts';
import type { RateLimit } from '../stun/rate-limit.ts';
import type { Lineage } from './lineage.ts';

/** Milliseconds after which whoever has not asked is forgotten. */
const FORGET = 60_000;
/** Of one step; the quietest is forgotten first. */
const MAX_BELOW = 1_024;
const OWN: Lineage = ['(own)'];

interface Bucket {
  tokens: number;
  /** Monotonic milliseconds of the last question. */
  at: number;
}

interface Node {
  readonly below: Map<string, Node>;
  /** What it is sure of. */
  readonly part: Bucket;
  /** What a realm may have at most; of the last step alone. */
  readonly most: Bucket;
}

export class FairRates {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #all: RateLimit;
  readonly #each: RateLimit;
  readonly #left: Bucket;
  readonly #root: Node;
  #refused = 0;

  /** @param each the most that one realm may have, however few ask */
  constructor(clock: Pick<Clock, 'monotonic'>, all: RateLimit, each: RateLimit = all) {
    const now = clock.monotonic();
    this.#clock = clock;
    this.#all = all;
    this.#each = each;
    this.#left = { tokens: all.burst, at: now };
    this.#root = nodeAt(now);
  }

  /** Since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes one; false when that realm, or its side and all together, have had theirs. */
  take(lineage: Lineage): boolean {
    const now = this.#clock.monotonic();
    const passed = this.#walk(lineage.length === 0 ? OWN : lineage, now);
    const most = passed.at(-1)?.most ?? this.#root.most;
    refill(most, this.#each, now);
    refill(this.#left, this.#all, now);
    const parts = passed.map(({ part }) => part);
    const from = parts.every(({ tokens }) => tokens >= 1) ? parts : [this.#left];
    const paying = [...from, most];
    if (paying.some(({ tokens }) => tokens < 1)) {
      this.#refused += 1;
      return false;
    }
    for (const bucket of paying) bucket.tokens -= 1;
    return true;
  }

  #walk(lineage: Lineage, now: number): Node[] {
    const passed: Node[] = [];
    let node = this.#root;
    let limit = this.#all;
    for (const key of lineage) {
      const next = touch(node, key, now);
      limit = divided(limit, node.below.size);
      refill(next.part, limit, now);
      passed.push(next);
      node = next;
    }
    return passed;
  }
}

function nodeAt(now: number): Node {
  const full = Number.POSITIVE_INFINITY;
  return { below: new Map(), part: { tokens: full, at: now }, most: { tokens: full, at: now } };
}

/** A map keeps the order of insertion, and each question inserts anew: the first is the quietest. */
function touch({ below }: Node, key: string, now: number): Node {
  const node = below.get(key) ?? nodeAt(now);
  below.delete(key);
  below.set(key, node);
  for (const [other, { part }] of below) {
    if (below.size <= MAX_BELOW && now - part.at < FORGET) break;
    if (other !== key) below.delete(other);
  }
  return node;
}

function refill(bucket: Bucket, { perSecond, burst }: RateLimit, now: number): void {
  bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * perSecond);
  bucket.at = now;
}

/** Everybody can ask at least once after a silence. */
function divided({ perSecond, burst }: RateLimit, among: number): RateLimit {
  return { perSecond: perSecond / among, burst: Math.max(1, burst / among) };
}
