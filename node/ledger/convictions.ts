// Who was convicted of fraud, and who no longer is. There are two ways back, both by the realm above: it revokes the leaf that signed as
// of before one of the two entries, or it certifies a new incarnation, and the chain goes on with that.
import { type ChainId, chainName } from '../../src/protocols/ledger/entry.ts';
import type { FraudProof } from '../../src/protocols/ledger/fraud.ts';
import type { LedgerStore } from '../../src/protocols/ledger/ledger-store.ts';
import type { ProofStore } from '../../src/protocols/ledger/proof-store.ts';
import type { Log } from '../../src/realm/log.ts';
import type { Audit } from '../audit/audit.ts';

export interface ConvictionsComponents {
  readonly store: LedgerStore;
  readonly proofs: ProofStore;
  readonly log: Log;
  readonly audit: Audit;
}

export class Convictions {
  readonly #parts: ConvictionsComponents;
  readonly #convicted = new Map<string, ChainId>();
  #frauds = 0;

  constructor(components: ConvictionsComponents) {
    this.#parts = components;
  }

  async load(): Promise<void> {
    for (const id of await this.#parts.proofs.list()) {
      if (await this.#stands(id)) this.#convicted.set(chainName(id), id);
    }
  }

  /** The proof is on disk. A proof of an incarnation that is over convicts nobody. @throws LocalError */
  async convict({ realm, chain, n, incarnation }: FraudProof): Promise<void> {
    const id = { realm, chain };
    this.#frauds++;
    this.#parts.log.error({ realm, chain, n, incarnation }, 'two signed entries for one number of a chain');
    await this.#parts.audit.record({ code: 'ledger-fraud', actor: realm, fields: { chain, n, incarnation } });
    if (await this.#stands(id)) this.#convicted.set(chainName(id), id);
  }

  /** Looks whether those who were convicted still are. */
  async review(): Promise<void> {
    for (const [name, id] of this.#convicted) {
      if (await this.#stands(id)) continue;
      this.#convicted.delete(name);
      const { realm, chain } = id;
      const { incarnation } = await this.#parts.store.head(id);
      this.#parts.log.warn({ realm, chain, incarnation }, 'a chain that was convicted is followed again');
      await this.#parts.audit.record({ code: 'ledger-resumed', actor: realm, fields: { chain, incarnation } });
    }
  }

  warnings(): string[] {
    return [...this.#convicted.values()].map(
      ({ realm, chain }) =>
        `${realm} signed two entries for one number of its ${chain} chain, which is not followed: canopy ledger verify`,
    );
  }

  counters(): Record<string, number> {
    return { frauds: this.#frauds, convicted: this.#convicted.size };
  }

  async #stands(id: ChainId): Promise<boolean> {
    const { store, proofs } = this.#parts;
    return (await proofs.against(id, (await store.head(id)).incarnation)) !== undefined;
  }
}
