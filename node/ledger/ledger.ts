// What the rest of the node sees of the ledger: the realms certified above and beside it, and the acts that append to its own
// chains. `openLedger` in ledger-service.ts makes it.
import type { RealmName, Tier } from '../../src/realm/names.ts';

export interface CertifiedRealm {
  readonly realm: RealmName;
  readonly tier: Tier;
  /** Who certified it: the realm whose network chain says so. */
  readonly issuer: RealmName;
  /** The authority's certificate chain as encodeChain of src/pki writes it. */
  readonly chain: Uint8Array;
  /** Hints: multiaddrs of its relays at the time. */
  readonly relays: readonly string[];
}

export interface Ledger {
  /** All realms known from the own and the followed network chains. */
  realms(): CertifiedRealm[];
  /** Calls back when a realm was certified or certified anew, durably. Returns the unsubscriber. */
  onRealm(listener: (realm: CertifiedRealm) => void): () => void;
  /** Appends to the own network chain; the same realm, tier, chain and relays again append nothing. */
  certifyRealm(realm: { realm: RealmName; tier: Tier; chain: Uint8Array; relays?: readonly string[] }): Promise<void>;
  /** Begins to serve the chains and to follow others. */
  start(): Promise<void>;
  stop(): Promise<void>;
}
