// The ledger of a node: its own two chains, the chains it follows, and the streams on which it serves what it holds.
//
// It follows what wanted-chains.ts names, countersigns the heads that witness-choice.ts gives it, once a minute at most, and keeps and
// hands on what others countersign and prove.
import { equals } from 'uint8arrays/equals';
import { houseOf } from '../../src/overlay/scope.ts';
import type { Network, Peer } from '../../src/overlay/seam.ts';
import type { ChainId, Fact } from '../../src/protocols/ledger/entry.ts';
import type { FraudProof } from '../../src/protocols/ledger/fraud.ts';
import { Intake, type IntakeRules } from '../../src/protocols/ledger/intake.ts';
import { encodeRealmCertified, REALM_CERTIFIED, type RealmCertified } from '../../src/protocols/ledger/kinds.ts';
import type { CheckChain, LedgerSigner } from '../../src/protocols/ledger/leaf-key.ts';
import { LedgerStore } from '../../src/protocols/ledger/ledger-store.ts';
import { OwnChain } from '../../src/protocols/ledger/own-chain.ts';
import { ProofStore } from '../../src/protocols/ledger/proof-store.ts';
import { LedgerServer } from '../../src/protocols/ledger/server.ts';
import { WitnessStore } from '../../src/protocols/ledger/witness-store.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { InputError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import { parentOf, type RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Audit } from '../audit/audit.ts';
import { WritePermit } from '../incarnation/write-permit.ts';
import { CertifiedRealms } from './certified-realms.ts';
import { Following } from './following.ts';
import { ForChildren } from './for-children.ts';
import type { CertifiedRealm, Ledger, NetworkDraft } from './ledger.ts';
import { LedgerWatch } from './ledger-watch.ts';
import { Notary, type Outlet } from './notary.ts';
import { outletToHolder, outletToReader } from './outlets.ts';
import { Snapshots } from './snapshots.ts';
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
  /** Writing is allowed without one. */
  readonly permit?: WritePermit;
}

export interface LedgerInit {
  readonly realm: RealmName;
  /** The realm whose authority certified this one; undefined in a region. */
  readonly parent: RealmName | undefined;
  /** The realm right above a branch, whatever its tier; for an enterprise and for a region it is the realm itself. */
  readonly house: RealmName;
  readonly incarnation: number;
  /** What certifies it; none for the first. */
  readonly certificate?: Uint8Array | undefined;
}

export class LedgerService implements Ledger {
  readonly store: LedgerStore;
  readonly proofs: ProofStore;
  readonly witnesses: WitnessStore;
  readonly snapshots: Snapshots;
  readonly ownNetwork: OwnChain;
  readonly ownDirectory: OwnChain;
  readonly #parts: LedgerComponents;
  readonly #init: LedgerInit;
  readonly #permit: WritePermit;
  readonly #server: LedgerServer;
  readonly #notary: Notary;
  readonly #following: Following;
  readonly #watch: LedgerWatch;
  readonly #realms = new CertifiedRealms();
  readonly #listeners = new Set<(realm: CertifiedRealm) => void>();
  #partners: readonly RealmName[] = [];
  readonly #forChildren: ForChildren;
  #running = false;
  #unsubscribe: () => void = () => {};

  constructor(components: LedgerComponents, init: LedgerInit) {
    const { clock, signer, permit = new WritePermit() } = components;
    this.#permit = permit;
    this.#parts = components;
    this.#init = init;
    this.#forChildren = new ForChildren(init.realm);
    this.store = new LedgerStore(components);
    this.proofs = new ProofStore(components);
    this.witnesses = new WitnessStore(components);
    const { realm, incarnation, certificate } = init;
    const assertMayWrite = () => permit.assert();
    const author = { store: this.store, clock, signer, incarnation, certificate, assertMayWrite };
    this.ownNetwork = new OwnChain({ realm, chain: 'network' }, author);
    this.ownDirectory = new OwnChain({ realm, chain: 'directory' }, author);
    this.snapshots = new Snapshots(this.store, (id, n) => this.#watch.wrongSnapshot(id, n));
    this.#notary = this.#createNotary();
    this.#server = this.#createServer();
    this.#following = this.#createFollowing();
    this.#watch = this.#createWatch();
    this.store.onFacts((id, facts) => {
      this.#learn(facts);
      if (id.realm !== realm) this.snapshots.check(id, facts).catch((error) => this.#watch.failed(error));
    });
  }

  /** Reads the network chains on disk; once, before anything else. */
  async load(): Promise<void> {
    for (const id of await this.store.chains()) {
      if (id.chain !== 'network') continue;
      for await (const fact of this.store.facts(id)) this.#realms.apply(fact);
    }
    await this.#watch.load();
  }

  async append({ kind, payload }: NetworkDraft): Promise<void> {
    await this.ownNetwork.append({ kind, payload });
  }

  async watch(
    kind: string,
    listener: (fact: Fact) => void,
    which: 'standing' | 'all' = 'standing',
  ): Promise<() => void> {
    const tell = (fact: Fact) => {
      if (fact.chain === 'network' && fact.kind === kind) listener(fact);
    };
    const unsubscribe = this.store.onFacts((_, facts) => facts.forEach(tell));
    for (const id of await this.store.chains()) {
      if (id.chain !== 'network') continue;
      if (which === 'all') for await (const fact of this.store.orphans(id)) tell(fact);
      for await (const fact of this.store.facts(id)) tell(fact);
    }
    return unsubscribe;
  }

  followPartners(partners: readonly RealmName[]): void {
    this.#partners = partners;
    this.#followWanted();
  }

  realms(): readonly CertifiedRealm[] {
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

  warnings(): string[] {
    return this.#watch.warnings();
  }

  counters(): Record<string, number> {
    return { ...this.#watch.counters(), headsRefused: this.#notary.refused };
  }

  /** Countersigns what is due now; the node does it once a minute. */
  countersign(): Promise<void> {
    return this.#watch.round();
  }

  async start(): Promise<void> {
    this.#running = true;
    const permit = this.#permit;
    if (permit.withheld === undefined) await this.introduceKeys();
    else
      this.#unsubscribe = permit.onGranted(() => void this.introduceKeys().catch((error) => this.#watch.failed(error)));
    this.#server.start();
    this.#followWanted();
    this.#following.start();
    this.#watch.start();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#unsubscribe();
    await this.#watch.stop();
    await this.#following.stop();
    this.#server.stop();
    await Promise.all([this.ownNetwork.idle(), this.ownDirectory.idle()]);
  }

  /** True for a node of the same house, this one included. */
  isColleague(peer: Peer): boolean {
    return peer.role === 'node' && houseOf(peer) === this.#init.house;
  }

  /** The node's present leaf, to both chains, unless they know it. @throws ConflictError `read-only` */
  async introduceKeys(): Promise<void> {
    await Promise.all([this.ownNetwork.introduceKey(), this.ownDirectory.introduceKey()]);
  }

  #createNotary(): Notary {
    const { store, proofs, witnesses } = this;
    const parts = { ...this.#parts, store, proofs, witnesses, outlets: () => this.#outlets() };
    return new Notary(this.#init.realm, parts, {
      onFraud: (proof) => this.#watch.convicted(proof),
      onContradiction: (statement) => this.#watch.contradicted(statement),
    });
  }

  #createServer(): LedgerServer {
    return new LedgerServer({
      ...this.#parts,
      store: this.store,
      mayRead: (peer, { chain }) => chain === 'network' || this.isColleague(peer),
      onAsked: (peer, ids) => {
        if (this.#forChildren.asked(peer.realm, ids)) this.#followWanted();
      },
      onGossip: (frame, peer) => this.#notary.take(frame, peer),
      onReader: (reader) => void this.#welcome(outletToReader(reader)),
    });
  }

  #createFollowing(): Following {
    const rules: IntakeRules = {
      proofAgainst: (id, incarnation) => this.proofs.against(id, incarnation),
      countersigned: async (id, by) => (await this.witnesses.by(id, by))?.head,
    };
    const parts = { ...this.#parts, store: this.store, intake: new Intake(this.store, rules) };
    const events = {
      onFraud: (proof: FraudProof) => void this.#notary.accuse(proof).catch((error) => this.#watch.failed(error)),
      onBad: (id: ChainId, holder: RealmName, error: Error) => this.#watch.bad(id, holder, error),
      onGossip: (...given: Parameters<Notary['take']>) => this.#notary.take(...given),
    };
    return new Following(parts, events, ({ realm }) => holdersOf(this.#place(), realm, this.realms()));
  }

  #createWatch(): LedgerWatch {
    const watched = {
      following: this.#following,
      notary: this.#notary,
      wanted: () => this.#wanted(),
      realms: () => this.realms(),
      own: [this.ownNetwork, this.ownDirectory],
      snapshots: this.snapshots,
    };
    const { store, witnesses, proofs } = this;
    return new LedgerWatch({ ...this.#parts, store, witnesses, proofs }, watched, this.#init);
  }

  async #welcome(outlet: Outlet): Promise<void> {
    const { realm } = outlet;
    const own = (['network', 'directory'] as const).map((chain) => ({ realm, chain }));
    await this.#notary.welcome(outlet, [...this.#wanted(), ...own]).catch((error) => this.#watch.failed(error));
  }

  #outlets(): Outlet[] {
    const readers = this.#server.readers().map(outletToReader);
    const holders = this.#following.sessions().map((session) => outletToHolder(session));
    return [...readers, ...holders];
  }

  #learn(facts: readonly Fact[]): void {
    const all = facts.flatMap((fact) => this.#realms.apply(fact) ?? []);
    for (const certified of all) for (const listener of this.#listeners) listener(certified);
    if (all.length > 0) this.#followWanted();
  }

  #followWanted(): void {
    if (this.#running) this.#following.want(this.#wanted());
  }

  #place() {
    return { ...this.#init, partners: this.#partners };
  }

  #wanted(): ChainId[] {
    const wanted = wantedChains(this.#place(), this.realms());
    return this.#forChildren.addedTo(wanted);
  }
}

/** A ledger that has read what is on disk; `start` makes it serve and follow. */
export async function openLedger(components: LedgerComponents, init: LedgerInit): Promise<LedgerService> {
  const ledger = new LedgerService(components, init);
  await ledger.load();
  return ledger;
}
