// How much a custodian holds: in all, of one origin, and for one destination. Counted in bytes of payloads, small ones as
// if they were larger; taken before a write begins, so that what is being written counts too.
import { RefusedError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';

export interface CustodyLimits {
  readonly total: number;
  readonly origin: number;
  readonly destination: number;
  /** Destinations that one origin may have mail for at one time. Default: MAX_REALMS. */
  readonly realms?: number;
  /** Traces of one origin. Default: MAX_TRACES. */
  readonly traces?: number;
}

/** Each costs memory, and a look whenever something goes on. */
export const MAX_REALMS = 1024;

const MIB = 1024 * 1024;
/** Half a million messages of a kilobyte for a branch that is away; no origin takes more than half of that. */
export const CUSTODY_LIMITS: CustodyLimits = { total: 8 * 1024 * MIB, origin: 256 * MIB, destination: 512 * MIB };

/** What a batch counts for at least: its records and what is kept of it in memory, however little is in it. */
const LEAST = 2 * 1024;

interface Pair {
  readonly origin: RealmName;
  readonly destination: RealmName;
  readonly bytes: number;
}

export class Quotas {
  readonly #limits: CustodyLimits;
  readonly #origins = new Map<RealmName, number>();
  readonly #destinations = new Map<RealmName, number>();
  #total = 0;

  constructor(limits: CustodyLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  of(destination: RealmName): number {
    return this.#destinations.get(destination) ?? 0;
  }

  /** @throws RefusedError `custody-full`, `origin-full`, `destination-full` */
  take(pair: Pair): void {
    const { origin, destination } = pair;
    const bytes = costOf(pair);
    const { total, ...limits } = this.#limits;
    check('custody-full', 'in all', this.#total + bytes, total);
    check('origin-full', `of ${origin}`, (this.#origins.get(origin) ?? 0) + bytes, limits.origin);
    check('destination-full', `for ${destination}`, this.of(destination) + bytes, limits.destination);
    this.add(pair);
  }

  /** What lies on the disk already. */
  add(pair: Pair): void {
    const { origin, destination } = pair;
    const bytes = costOf(pair);
    this.#total += bytes;
    this.#origins.set(origin, (this.#origins.get(origin) ?? 0) + bytes);
    this.#destinations.set(destination, this.of(destination) + bytes);
  }

  give(pair: Pair): void {
    const { origin, destination } = pair;
    const bytes = costOf(pair);
    this.#total -= bytes;
    lessen(this.#origins, origin, bytes);
    lessen(this.#destinations, destination, bytes);
  }
}

function costOf({ bytes }: Pair): number {
  return Math.max(LEAST, bytes);
}

function check(code: string, whose: string, bytes: number, limit: number): void {
  if (bytes > limit) throw new RefusedError(code, `${bytes} bytes would be held ${whose}; at most ${limit}`);
}

function lessen(totals: Map<RealmName, number>, realm: RealmName, bytes: number): void {
  const left = (totals.get(realm) ?? 0) - bytes;
  if (left > 0) totals.set(realm, left);
  else totals.delete(realm);
}
