// Watches over the chains: once a minute it countersigns what has grown, and sees whether a holder keeps something back that witnesses
// have signed. A round looks only at chains of which there is news, and there is none without news, so that quiet chains cost nothing. Knows who was convicted of
// fraud, and what the operator is to be told.
import type { ChainId } from '../../src/protocols/ledger/entry.ts';
import { chainName } from '../../src/protocols/ledger/entry.ts';
import type { FraudProof } from '../../src/protocols/ledger/fraud.ts';
import { REALM_CERTIFIED } from '../../src/protocols/ledger/kinds.ts';
import type { LedgerStore, Rewind } from '../../src/protocols/ledger/ledger-store.ts';
import type { OwnChain } from '../../src/protocols/ledger/own-chain.ts';
import type { ProofStore } from '../../src/protocols/ledger/proof-store.ts';
import type { HeadStatement } from '../../src/protocols/ledger/witness.ts';
import type { WitnessStore } from '../../src/protocols/ledger/witness-store.ts';
import { Bell } from '../../src/realm/bell.ts';
import { type Clock, sleep } from '../../src/realm/clock.ts';
import { codeOf, messageOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Audit } from '../audit/audit.ts';
import { Convictions } from './convictions.ts';
import type { Following } from './following.ts';
import type { CertifiedRealm } from './ledger.ts';
import type { Notary } from './notary.ts';
import type { Snapshots } from './snapshots.ts';
import { witnessesOf } from './witness-choice.ts';

export interface LedgerWatchComponents {
  readonly store: LedgerStore;
  readonly witnesses: WitnessStore;
  readonly proofs: ProofStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly audit: Audit;
}

export interface WatchedLedger {
  readonly following: Following;
  readonly notary: Notary;
  readonly wanted: () => readonly ChainId[];
  readonly realms: () => readonly CertifiedRealm[];
  readonly own: readonly OwnChain[];
  readonly snapshots: Snapshots;
}

const ROUND = 60_000;
/** Rounds for which a chain may lag behind its witnesses before its holder is passed over, or a lone witness is asked itself. */
const PATIENCE = 2;
/** So many witnesses are believed without showing what they have signed. */
const BELIEVED = 2;

export class LedgerWatch {
  readonly #parts: LedgerWatchComponents;
  readonly #ledger: WatchedLedger;
  readonly #realm: RealmName;
  readonly #stopping = new AbortController();
  readonly #convictions: Convictions;
  /** Rounds since a chain was found behind its witnesses. */
  readonly #behind = new Map<string, number>();
  /** By chain, since the start. */
  readonly #rewindWarnings = new Map<string, string>();
  /** By chain and witness. */
  readonly #contradicted = new Map<string, string>();
  /** Chains for which a lone witness was asked, and who has shown less than it. */
  readonly #suspects = new Map<string, readonly RealmName[]>();
  /** Chain and witness: it has signed what it does not show. */
  readonly #unproven = new Set<string>();
  /** Chains that the next round looks at; all of them at first, and when there is another realm that may be a witness. */
  readonly #due = new Map<string, ChainId>();
  #allDue = true;
  /** Nothing ticks while nothing is due. */
  readonly #news = new Bell();
  readonly #counts = { withheld: 0, badHolders: 0, countersigned: 0, rewinds: 0 };
  #loop: Promise<void> = Promise.resolve();

  constructor(components: LedgerWatchComponents, ledger: WatchedLedger, init: { readonly realm: RealmName }) {
    this.#parts = components;
    this.#ledger = ledger;
    this.#realm = init.realm;
    components.store.onFacts((id, facts) => {
      this.#touch(id);
      this.#allDue ||= facts.some(({ kind }) => kind === REALM_CERTIFIED);
    });
    components.witnesses.onKept((id) => this.#touch(id));
    components.store.onRewind((rewind) => this.#rewound(rewind));
    this.#convictions = new Convictions(components);
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  load(): Promise<void> {
    return this.#convictions.load();
  }

  start(): void {
    this.#news.ring();
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The node is stopping'));
    await this.#loop;
  }

  warnings(): string[] {
    const wrong = this.#ledger.snapshots
      .wrong()
      .map(({ realm, chain }) => `${realm} states a wrong snapshot of its ${chain} chain: canopy ledger verify`);
    const doubtful = [...this.#contradicted.values()].map((what) => `${what}: canopy ledger verify`);
    return [...this.#convictions.warnings(), ...this.#rewindWarnings.values(), ...wrong, ...doubtful];
  }

  counters(): Record<string, number> {
    return { ...this.#counts, ...this.#convictions.counters() };
  }

  /** @throws LocalError */
  convicted(proof: FraudProof): Promise<void> {
    return this.#convictions.convict(proof);
  }

  /** Entries that were here gave way to a higher incarnation: named once, for an operator to look at what was lost. */
  #rewound({ id, incarnation, begins, was }: Rewind): void {
    const { realm, chain } = id;
    this.#counts.rewinds++;
    const what = `${realm} began incarnation ${incarnation} of its ${chain} chain at ${begins}, where ${was} entries were here`;
    this.#rewindWarnings.set(chainName(id), `${what}: canopy ledger verify`);
    this.#parts.log.warn({ realm, chain, incarnation, begins, was }, 'a chain was taken back');
    this.#note('ledger-rewound', realm, { chain, incarnation, begins, was });
  }

  /** A witness has seen another entry than this node: it is asked for it, since both together may prove fraud. */
  contradicted({ head }: HeadStatement): void {
    const { realm, chain, n, witness } = head;
    const what = `${witness} has seen another entry ${n} of the ${chain} chain of ${realm} than this node`;
    const name = `${chainName(head)} ${witness}`;
    const isNews = !this.#contradicted.has(name);
    this.#contradicted.set(name, what);
    if (!isNews) return;
    this.#note('ledger-contradiction', realm, { chain, n, witness });
    if (realm !== this.#realm) this.#ledger.following.prefer(head, witness);
  }

  /** A realm's snapshot is not what its chain says. */
  wrongSnapshot({ realm, chain }: ChainId, n: number): void {
    this.#parts.log.error({ realm, chain, n }, 'the snapshot of a chain is wrong');
    this.#note('ledger-snapshot-wrong', realm, { chain, n });
  }

  bad(id: ChainId, holder: RealmName, error: Error): void {
    this.#counts.badHolders++;
    this.#parts.log.warn({ ...id, holder, code: codeOf(error), why: messageOf(error) }, 'ledger chain does not stand');
    this.#note('ledger-invalid', holder, { of: id.realm, chain: id.chain, code: codeOf(error) });
  }

  failed(error: unknown): void {
    if (!this.signal.aborted)
      this.#parts.log.error({ code: codeOf(error), why: messageOf(error) }, 'ledger watch failed');
  }

  async round(): Promise<void> {
    await this.#writeSnapshots();
    await this.#convictions.review();
    if (!this.#allDue && this.#due.size === 0) return;
    const { notary, wanted, realms, snapshots } = this.#ledger;
    const chains = wanted().filter((id) => this.#allDue || this.#due.has(chainName(id)));
    this.#due.clear();
    this.#allDue = false;
    const mine = chains.filter((id) => witnessesOf(id.realm, realms()).includes(this.#realm) && !snapshots.isWrong(id));
    this.#counts.countersigned += await notary.countersign(mine);
    for (const id of chains) await this.#seeWhetherWhole(id);
  }

  #touch(id: ChainId): void {
    this.#due.set(chainName(id), id);
    this.#news.ring();
  }

  /** As long as nothing may be written there is none. */
  async #writeSnapshots(): Promise<void> {
    for (const chain of this.#ledger.own) {
      await this.#ledger.snapshots.write(chain).catch((error: unknown) => this.failed(error));
    }
  }

  async #run(): Promise<void> {
    while (!this.signal.aborted) {
      await this.#news.heard(this.signal).catch(() => undefined);
      await sleep(this.#parts.clock, ROUND * (0.75 + this.#parts.random() / 4), this.signal).catch(() => undefined);
      if (this.signal.aborted) return;
      await this.round().catch((error: unknown) => {
        this.#allDue = true;
        this.#news.ring();
        this.failed(error);
      });
    }
  }

  /** A chain whose witnesses have signed more than its holder shows: another holder is asked. */
  async #seeWhetherWhole(id: ChainId): Promise<void> {
    const name = chainName(id);
    const head = await this.#parts.store.head(id);
    const ahead = (await this.#parts.witnesses.of(id))
      .filter((seen) => seen.head.n > head.n && seen.head.incarnation >= head.incarnation)
      .map((seen) => seen.head.witness)
      .filter((witness) => !this.#unproven.has(`${name} ${witness}`));
    if (ahead.length === 0) return this.#whole(id, head.n);
    this.#touch(id);
    const rounds = (this.#behind.get(name) ?? 0) + 1;
    this.#behind.set(name, rounds);
    if (rounds >= PATIENCE) this.#doubt(id, head.n, ahead, rounds);
  }

  /** Two witnesses, or a holder's own signature, are enough. A lone witness could have made it up: it is asked for what it has signed. */
  #doubt(id: ChainId, n: number, ahead: readonly RealmName[], rounds: number): void {
    const { following } = this.#ledger;
    const name = chainName(id);
    const holders = following.holdersNow(id);
    const [lone] = ahead;
    if (ahead.length >= BELIEVED || lone === undefined || (holders.includes(lone) && !this.#suspects.has(name))) {
      this.#behind.delete(name);
      this.#passOver(id, n, ahead.length >= BELIEVED ? holders : ahead);
    } else if (!this.#suspects.has(name)) {
      this.#suspects.set(name, holders);
      following.prefer(id, lone);
    } else if (rounds >= 2 * PATIENCE) {
      this.#behind.delete(name);
      this.#suspects.delete(name);
      this.#unproven.add(`${name} ${lone}`);
      this.#note('ledger-head-unproven', lone, { of: id.realm, chain: id.chain, n });
    }
  }

  /** When a lone witness has shown what it had signed, others have kept it back. */
  #whole(id: ChainId, n: number): void {
    const name = chainName(id);
    const suspects = this.#suspects.get(name) ?? [];
    this.#behind.delete(name);
    this.#suspects.delete(name);
    this.#passOver(id, n, suspects);
  }

  #passOver(id: ChainId, n: number, holders: readonly RealmName[]): void {
    for (const holder of holders) {
      this.#counts.withheld++;
      this.#note('ledger-withheld', holder, { of: id.realm, chain: id.chain, n });
      this.#ledger.following.demote(id, holder);
    }
  }

  #note(code: string, actor: RealmName, fields: Record<string, string | number>): void {
    this.#parts.audit.record({ code, actor, fields }).catch((error: unknown) => this.failed(error));
  }
}
