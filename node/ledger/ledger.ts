// What the rest of the node sees of the ledger: the realms certified above and beside it, and the acts that append to its own
// chains. `openLedger` in ledger-service.ts makes it.
import type { Fact } from '../../src/protocols/ledger/entry.ts';
import type { RealmName, Tier } from '../../src/realm/names.ts';

export type { Fact } from '../../src/protocols/ledger/entry.ts';

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

/** An entry of any kind for the own network chain; the kind's owner has its codec. */
export interface NetworkDraft {
  readonly chain: 'network';
  readonly kind: string;
  readonly payload: Uint8Array;
}

export interface Ledger {
  /** Resolves when the entry is on disk. @throws LocalError `disk-full`, ConflictError `read-only` */
  append(draft: NetworkDraft): Promise<void>;
  /**
   * Calls back with every entry of that kind in all network chains held, the own one included: first what is on disk, in the order
   * of each chain, then each new one once it is durable. An entry may come twice. What a higher incarnation has overwritten comes
   * first, to those who ask for `all`. Resolves to the unsubscriber after the replay.
   */
  watch(kind: string, listener: (fact: Fact) => void, which?: 'standing' | 'all'): Promise<() => void>;
  /** Realms of other enterprises with which there is a trust: their network chains, and those above them, are followed too. */
  followPartners(partners: readonly RealmName[]): void;
  /** All realms known from the own and the followed network chains. */
  realms(): readonly CertifiedRealm[];
  /** Calls back when a realm was certified or certified anew, durably. Returns the unsubscriber. */
  onRealm(listener: (realm: CertifiedRealm) => void): () => void;
  /** Appends to the own network chain; the same realm, tier, chain and relays again append nothing. */
  certifyRealm(realm: { realm: RealmName; tier: Tier; chain: Uint8Array; relays?: readonly string[] }): Promise<void>;
  /** What an operator should look at: realms that signed two histories, witnesses that contradict each other. */
  warnings(): string[];
  counters(): Record<string, number>;
  /** Begins to serve the chains and to follow others. */
  start(): Promise<void>;
  stop(): Promise<void>;
}
