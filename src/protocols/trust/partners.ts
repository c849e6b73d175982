// Trusts that are signed by both sides and not removed, and what follows from them at a moment. Nodes fill it from the network
// chains, relays from what their node hands them.
import type { TrustInForce } from '../../overlay/charter.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Agreement, Terms } from './index.ts';
import { directionFor, isInTime, partnerOf } from './scope.ts';

export class Partners {
  readonly #self: RealmName;
  readonly #now: () => number;
  /** By both names. */
  #pairs: ReadonlyMap<string, readonly Agreement[]> = new Map();

  constructor(self: RealmName, now: () => number) {
    this.#self = self;
    this.#now = now;
  }

  /** Replaces what was there. All of them must have been opened with openSigned. */
  set(agreements: Iterable<Agreement>): void {
    const pairs = new Map<string, Agreement[]>();
    for (const agreement of agreements) {
      const { proposer, accepter } = agreement.terms;
      const pair = pairOf(proposer, accepter);
      pairs.set(pair, [...(pairs.get(pair) ?? []), agreement]);
    }
    this.#pairs = pairs;
  }

  /** The terms in force between this realm and another; of several the newest. */
  termsWith(realm: RealmName): Terms | undefined {
    return this.#inForce(this.#self, realm)?.terms;
  }

  trustWith(realm: RealmName): TrustInForce | undefined {
    const agreement = this.#inForce(this.#self, realm);
    if (!agreement) return undefined;
    const { terms, proposed, accepted } = agreement;
    const since = Math.max(terms.from, accepted?.time ?? proposed.time);
    return { realm, direction: directionFor(terms, this.#self), since };
  }

  /** The terms in force between any two realms. */
  between(a: RealmName, b: RealmName): Terms | undefined {
    return this.#inForce(a, b)?.terms;
  }

  arePartners(a: RealmName, b: RealmName): boolean {
    return this.#inForce(a, b) !== undefined;
  }

  /** Realms with which this one has a trust in force. */
  realms(): RealmName[] {
    const now = this.#now();
    const own = [...this.#pairs.values()].flat().filter(({ terms }) => isInTime(terms, now));
    return [...new Set(own.flatMap(({ terms }) => partnerOf(terms, this.#self) ?? []))];
  }

  /** When something begins or ends by itself next. */
  nextChange(): number | undefined {
    const now = this.#now();
    const times = [...this.#pairs.values()].flat().flatMap(({ terms }) => [terms.from, terms.until]);
    const coming = times.filter((time) => time > now);
    return coming.length === 0 ? undefined : Math.min(...coming);
  }

  #inForce(a: RealmName, b: RealmName): Agreement | undefined {
    const now = this.#now();
    const all = (this.#pairs.get(pairOf(a, b)) ?? []).filter(({ terms }) => isInTime(terms, now));
    return all.reduce<Agreement | undefined>(
      (best, one) => (best && signedAt(best) >= signedAt(one) ? best : one),
      undefined,
    );
  }
}

const pairOf = (a: RealmName, b: RealmName): string => (a < b ? `${a} ${b}` : `${b} ${a}`);

const signedAt = ({ accepted }: Agreement): number => accepted?.time ?? 0;
