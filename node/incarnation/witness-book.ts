// What this node has seen of other realms' numbers, for those who ask about themselves; and new incarnations for the realms below.
import type { Seen } from '../../src/protocols/heads/frames.ts';
import { CHAINS } from '../../src/protocols/ledger/entry.ts';
import { certifyIncarnation, type KeptEnd } from '../../src/protocols/ledger/incarnation.ts';
import type { LedgerSigner } from '../../src/protocols/ledger/leaf-key.ts';
import type { LedgerStore } from '../../src/protocols/ledger/ledger-store.ts';
import type { ProofStore } from '../../src/protocols/ledger/proof-store.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import { parentOf, type RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import { giveIncarnation, givenIncarnation } from '../../src/store/incarnation.ts';
import type { Audit } from '../audit/audit.ts';

/** The last number of each incarnation that came from a realm, the lowest incarnation first. */
export type InboundEnds = (origin: RealmName) => Promise<ReadonlyMap<number, number>>;

export interface WitnessBookComponents {
  readonly database: Database;
  readonly store: LedgerStore;
  readonly proofs: Pick<ProofStore, 'get'>;
  readonly inbound: InboundEnds;
  readonly clock: Pick<Clock, 'now'>;
  readonly signer: () => LedgerSigner;
  readonly audit: Audit;
}

export class WitnessBook {
  readonly #realm: RealmName;
  readonly #parts: WitnessBookComponents;

  constructor(realm: RealmName, components: WitnessBookComponents) {
    this.#realm = realm;
    this.#parts = components;
  }

  async seenOf(realm: RealmName): Promise<Seen> {
    const { store, inbound, database } = this.#parts;
    const heads = await Promise.all(CHAINS.map((chain) => store.head({ realm, chain })));
    const chains = heads.map(({ id, incarnation, n }) => ({ chain: id.chain, incarnation, n }));
    const [incarnation, n] = [...(await inbound(realm))].at(-1) ?? [0, 0];
    const given = await givenIncarnation(database, realm);
    const highest = Math.max(given, incarnation, ...chains.map((head) => head.incarnation));
    return { incarnation: highest, chains, outbox: { incarnation, n } };
  }

  /** @throws RefusedError `scope` */
  async certify(realm: RealmName): Promise<Uint8Array> {
    if (parentOf(realm) !== this.#realm) {
      throw new RefusedError('scope', `${this.#realm} is not right above ${realm}`);
    }
    return this.give(realm, (await this.seenOf(realm)).incarnation);
  }

  /** What is here of its chains; of one that was convicted of fraud only what comes before the fraud. */
  async #kept(realm: RealmName): Promise<KeptEnd[]> {
    const { store, proofs } = this.#parts;
    return Promise.all(
      CHAINS.map(async (chain) => {
        const { n } = await store.head({ realm, chain });
        const proof = await proofs.get({ realm, chain });
        return { chain, n: proof ? Math.min(n, proof.n - 1) : n };
      }),
    );
  }

  /** For a realm below, or for the own one where nobody is above it. */
  async give(realm: RealmName, seen: number): Promise<Uint8Array> {
    const { database, clock, signer, audit } = this.#parts;
    const incarnation = await giveIncarnation(database, realm, seen);
    await audit.record({ code: 'incarnation-certified', actor: realm, fields: { incarnation } });
    return certifyIncarnation({ realm, incarnation, time: clock.now(), kept: await this.#kept(realm) }, signer());
  }
}
