// Which entries about trusts count in a snapshot: an agreement until it is over or was removed, and of what was removed the removal,
// which is short and keeps the same trust from coming back. So a chain, and a region that reads all of them, does not carry
// every trust there ever was.
//
// Over is what ends before the chain's last entry below the snapshot was written, so that everybody computes the same rows from the
// whole chain as from an older snapshot and what followed it.
import { InputError } from '../../realm/errors.ts';
import { decodeAgreement, decodeRemoval } from '../trust/codec.ts';
import { TRUST, TRUST_REMOVED } from '../trust/index.ts';
import type { Fact } from './entry.ts';

interface Standing {
  readonly fact: Fact;
  readonly id: string;
  readonly until: number;
}

export class StandingTrusts {
  /** By id, parties and end. */
  readonly #agreements = new Map<string, Standing>();
  readonly #removals = new Map<string, Fact>();

  /** False for what is not about trusts, or can't be read: it counts as any other entry does. */
  take(fact: Fact): boolean {
    try {
      if (fact.kind === TRUST) this.#agreed(fact);
      else if (fact.kind === TRUST_REMOVED) this.#removed(fact);
      else return false;
      return true;
    } catch (error) {
      if (error instanceof InputError) return false;
      throw error;
    }
  }

  /** @param latest milliseconds since 1970: when the last entry was written */
  facts(latest: number): Fact[] {
    const live = [...this.#agreements.values()].filter(({ until }) => until > latest);
    return [...live.map(({ fact }) => fact), ...this.#removals.values()];
  }

  #agreed(fact: Fact): void {
    const { id, proposer, accepter, until } = decodeAgreement(fact.payload).terms;
    if (!this.#removals.has(id)) this.#agreements.set(`${id} ${proposer} ${accepter} ${until}`, { fact, id, until });
  }

  /** The first counts. */
  #removed(fact: Fact): void {
    const { id } = decodeRemoval(fact.payload);
    if (this.#removals.has(id)) return;
    this.#removals.set(id, fact);
    for (const [which, one] of this.#agreements) if (one.id === id) this.#agreements.delete(which);
  }
}
