// The ledger of a node: its own two chains, the chains it follows, and the streams on which it serves what it holds.
//
// It follows what wanted-chains.ts names. While an author is away it keeps what it has, asks another holder, and retries.
import { equals } from 'uint8arrays/equals';
import { houseOf } from '../../src/overlay/scope.ts';
import type { Network, Peer } from '../../src/overlay/seam.ts';
import type { FraudError } from '../../src/protocols/ledger/client.ts';
import type { ChainId, SignedEntry } from '../../src/protocols/ledger/entry.ts';
import { encodeRealmCertified, REALM_CERTIFIED, type RealmCertified } from '../../src/protocols/ledger/kinds.ts';
import { LedgerStore } from '../../src/protocols/ledger/ledger-store.ts';
import { type LedgerSigner, OwnChain } from '../../src/protocols/ledger/own-chain.ts';
import { LedgerServer } from '../../src/protocols/ledger/server.ts';
import { type CheckChain } from '../../src/protocols/ledger/verify.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { InputError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import { parentOf, type RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Audit } from '../audit/audit.ts';
import { CertifiedRealms } from './certified-realms.ts';
import { Follower } from './follower.ts';
import type { CertifiedRealm, Fact, Ledger, NetworkDraft } from './ledger.ts';
import { holdersOf, wantedChains } from './wanted-chains.ts';

export interface LedgerComponents {
  readonly database: Database;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: Audit;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Checks the chain of a key entry up to the overlay's root: validateLeaf of src/pki as of the entry's time. */
  readonly checkChain: CheckChain;
  /** The node's own leaf at the moment. */
  readonly signer: () => LedgerSigner;
}

export interface LedgerInit {
  readonly realm: RealmName;
  /** The realm whose authority certified this one; undefined in a region. */
  readonly parent: RealmName | undefined;
  /** The realm right above a branch, whatever its tier; for an enterprise and for a region it is the realm itself. */
  readonly house: RealmName;
  readonly incarnation: number;
}

/** Chains that one node follows: beyond it a certified realm is known and not followed. */
const MAX_FOLLOWED = 4096;

export class LedgerService implements Ledger {
  readonly store: LedgerStore;
  readonly ownNetwork: OwnChain;
  readonly ownDirectory: OwnChain;
  readonly #parts: LedgerComponents;
  readonly #init: LedgerInit;
  readonly #server: LedgerServer;
  readonly #realms = new CertifiedRealms();
  readonly #followers = new Map<string, Follower>();
  readonly #listeners = new Set<(realm: CertifiedRealm) => void>();
  #partners: readonly RealmName[] = [];
  #running = false;

  constructor(components: LedgerComponents, init: LedgerInit) {
    const { clock, network, log, signer } = components;
    this.#parts = components;
    this.#init = init;
    this.store = new LedgerStore(components);
    const author = { store: this.store, clock, signer, incarnation: init.incarnation };
    this.ownNetwork = new OwnChain({ realm: init.realm, chain: 'network' }, author);
    this.ownDirectory = new OwnChain({ realm: init.realm, chain: 'directory' }, author);
    this.#server = new LedgerServer({
      store: this.store,
      network,
      clock,
      log,
      mayRead: (peer, id) => this.#mayRead(peer, id),
    });
    this.store.onEntries((_, entries) => entries.forEach((signed) => this.#learn(signed)));
  }

  /** Reads the network chains on disk; once, before anything else. */
  async load(): Promise<void> {
    for (const id of await this.store.chains()) {
      if (id.chain !== 'network') continue;
      for await (const signed of this.store.entries(id)) this.#realms.apply(signed);
    }
  }

  async append({ kind, payload }: NetworkDraft): Promise<void> {
    await this.ownNetwork.append({ kind, payload });
  }

  async watch(kind: string, listener: (fact: Fact) => void): Promise<() => void> {
    const tell = ({ entry }: SignedEntry) => {
      if (entry.chain === 'network' && entry.kind === kind) listener(entry);
    };
    const unsubscribe = this.store.onEntries((_, entries) => entries.forEach(tell));
    for (const id of await this.store.chains()) {
      if (id.chain !== 'network') continue;
      for await (const signed of this.store.entries(id)) tell(signed);
    }
    return unsubscribe;
  }

  followPartners(partners: readonly RealmName[]): void {
    this.#partners = partners;
    if (this.#running) this.#followMore();
  }

  realms(): CertifiedRealm[] {
    return this.#realms.list();
  }

  onRealm(listener: (realm: CertifiedRealm) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async certifyRealm({
    relays = [],
    ...realm
  }: Omit<RealmCertified, 'relays'> & { relays?: readonly string[] }): Promise<void> {
    const certified: RealmCertified = { ...realm, relays };
    if (parentOf(realm.realm) !== this.#init.realm) {
      throw new InputError('not-a-child', `${realm.realm} is not directly below ${this.#init.realm}`);
    }
    const payload = encodeRealmCertified(certified);
    const known = this.#realms.get(realm.realm);
    if (known && equals(encodeRealmCertified(known), payload)) return;
    await this.ownNetwork.append({ kind: REALM_CERTIFIED, payload });
    await this.#parts.audit.record({ code: 'realm-certified', fields: { realm: realm.realm, tier: realm.tier } });
  }

  async start(): Promise<void> {
    await Promise.all([this.ownNetwork.introduceKey(), this.ownDirectory.introduceKey()]);
    this.#running = true;
    this.#server.start();
    this.#followMore();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all([...this.#followers.values()].map((follower) => follower.stop()));
    this.#followers.clear();
    this.#server.stop();
    await Promise.all([this.ownNetwork.idle(), this.ownDirectory.idle()]);
  }

  /** True for a node of the same house, this one included. */
  isColleague(peer: Peer): boolean {
    return peer.role === 'node' && houseOf(peer) === this.#init.house;
  }

  #mayRead(peer: Peer, { chain }: ChainId): boolean {
    return chain === 'network' || this.isColleague(peer);
  }

  #learn(signed: SignedEntry): void {
    const certified = this.#realms.apply(signed);
    if (!certified) return;
    for (const listener of this.#listeners) listener(certified);
    if (this.#running) this.#followMore();
  }

  #followMore(): void {
    const place = { ...this.#init, partners: this.#partners };
    for (const id of wantedChains(place, this.realms())) {
      const name = `${id.realm}/${id.chain}`;
      if (this.#followers.has(name) || this.#followers.size >= MAX_FOLLOWED) continue;
      const follower = new Follower(
        { ...this.#parts, store: this.store, onFraud: (error) => this.#onFraud(error) },
        id,
        holdersOf(place, id.realm),
      );
      this.#followers.set(name, follower);
      follower.start();
    }
  }

  async #onFraud({ id, n }: FraudError): Promise<void> {
    this.#parts.log.error({ ...id, n }, 'two signed entries for one number of a chain');
    await this.#parts.audit.record({ code: 'ledger-fraud', actor: id.realm, fields: { chain: id.chain, n } });
  }
}

/** A ledger that has read what is on disk; `start` makes it serve and follow. */
export async function openLedger(components: LedgerComponents, init: LedgerInit): Promise<LedgerService> {
  const ledger = new LedgerService(components, init);
  await ledger.load();
  return ledger;
}
