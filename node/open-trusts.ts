// Trusts of this realm: what the chains say of them goes into the charter before the node speaks with anyone.
import type { Network } from '../src/overlay/seam.ts';
import { PathMemory } from '../src/pki/chain.ts';
import { leafKeyOfSeed } from '../src/pki/keys.ts';
import { CRL_ENTRY } from './charter.ts';
import { createBatchSigner } from './delivery/batch-signing.ts';
import type { Errands } from './errands/errands.ts';
import type { Ground } from './ground.ts';
import type { Ledger } from './ledger/ledger.ts';
import { TrustBook } from './trusts/trust-book.ts';
import { TrustService } from './trusts/trust-service.ts';
import { TrustStore } from './trusts/trust-store.ts';
import { TrustTable } from './trusts/trust-table.ts';

const ID = 16;

export interface OpenedTrusts {
  readonly trusts: TrustService;
  readonly table: TrustTable;
}

export async function openTrusts(
  ground: Ground,
  { network, ledger, errands }: { readonly network: Network; readonly ledger: Ledger; readonly errands: Errands },
): Promise<OpenedTrusts> {
  const { realm, identity, clock, log, audit, database, isRevoked, charter } = ground;
  const { rootFingerprint } = realm;
  const table = new TrustTable(realm.realm, { rootFingerprint, isRevoked, clock, log });
  await table.follow(ledger, CRL_ENTRY);
  charter.setTrusts(table);
  const trust = { rootFingerprint, isRevoked, memory: new PathMemory() };
  const book = new TrustBook(identity, { table, store: new TrustStore(database), ledger, audit, clock, trust });
  const signer = createBatchSigner({ key: leafKeyOfSeed(identity.privateKey), chain: () => identity.chain });
  const newId = () => crypto.getRandomValues(new Uint8Array(ID));
  const trusts = new TrustService({ book, network, ledger, errands, signer, clock, log, newId });
  return { trusts, table };
}
