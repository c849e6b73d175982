// Watches over the chains: once a minute it countersigns what has grown, and sees whether a holder keeps something back that witnesses
// have signed. A round looks only at chains of which there is news, so that many quiet chains cost nothing. Knows who was convicted of
// fraud, and what the operator is to be told.
import type { ChainId } from '../../src/protocols/ledger/entry.ts';
import { chainName } from '../../src/protocols/ledger/entry.ts';
import type { FraudProof } from '../../src/protocols/ledger/fraud.ts';
import { REALM_CERTIFIED } from '../../src/protocols/ledger/kinds.ts';
import type { LedgerStore } from '../../src/protocols/ledger/ledger-store.ts';
import type { OwnChain } from '../../src/protocols/ledger/own-chain.ts';
import type { HeadStatement } from '../../src/protocols/ledger/witness.ts';
import type { WitnessStore } from '../../src/protocols/ledger/witness-store.ts';
import { type Clock, sleep } from '../../src/realm/clock.ts';
import { codeOf, messageOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Audit } from '../audit/audit.ts';
import type { Following } from './following.ts';
import type { CertifiedRealm } from './ledger.ts';
import type { Notary } from './notary.ts';
import type { Snapshots } from './snapshots.ts';
import { witnessesOf } from './witness-choice.ts';

export interface LedgerWatchComponents {
  readonly store: LedgerStore;
  readonly witnesses: WitnessStore;
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
/** Rounds for which a chain may lag behind its witnesses before its holder is passed over. */
const PATIENCE = 2;

export class LedgerWatch {
  readonly #parts: LedgerWatchComponents;
  readonly #ledger: WatchedLedger;
  readonly #realm: RealmName;
  readonly #stopping = new AbortController();
  readonly #fraudulent = new Map<string, ChainId>();
  /** Rounds since a chain was found behind its witnesses. */
  readonly #behind = new Map<string, number>();
  readonly #contradicted = new Set<string>();
  /** Chains that the next round looks at; all of them at first, and when there is another realm that may be a witness. */
  readonly #due = new Map<string, ChainId>();
  #allDue = true;
  readonly #counts = { frauds: 0, withheld: 0, badHolders: 0, countersigned: 0 };
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
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  async load(frauds: readonly ChainId[]): Promise<void> {
    for (const id of frauds) this.#fraudulent.set(chainName(id), id);
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The node is stopping'));
    await this.#loop;
  }

  isFraudulent(id: ChainId): boolean {
    return this.#fraudulent.has(chainName(id));
  }

  warnings(): string[] {
    const frauds = [...this.#fraudulent.values()].map(
      ({ realm, chain }) => `${realm} signed two entries for one number of its ${chain} chain: canopy ledger verify`,
    );
    const wrong = this.#ledger.snapshots
      .wrong()
      .map(({ realm, chain }) => `${realm} states a wrong snapshot of its ${chain} chain: canopy ledger verify`);
    const doubtful = [...this.#contradicted].map((what) => `${what}: canopy ledger verify`);
    return [...frauds, ...wrong, ...doubtful];
  }

  counters(): Record<string, number> {
    return { ...this.#counts };
  }

  /** @throws LocalError */
  async convicted({ n, ...id }: FraudProof): Promise<void> {
    const { realm, chain } = id;
    this.#fraudulent.set(chainName(id), { realm, chain });
    this.#counts.frauds++;
    this.#parts.log.error({ realm, chain, n }, 'two signed entries for one number of a chain');
    await this.#parts.audit.record({ code: 'ledger-fraud', actor: realm, fields: { chain, n } });
  }

  /** A witness has seen another entry than this node: it is asked for it, since both together may prove fraud. */
  contradicted({ head }: HeadStatement): void {
    const { realm, chain, n, witness } = head;
    const what = `${witness} has seen another entry ${n} of the ${chain} chain of ${realm} than this node`;
    if (this.#contradicted.has(what)) return;
    this.#contradicted.add(what);
    this.#note('ledger-contradiction', realm, { chain, n, witness });
    if (realm !== this.#realm) this.#ledger.following.prefer(head, witness);
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
  }

  /** As long as nothing may be written there is none. */
  async #writeSnapshots(): Promise<void> {
    for (const chain of this.#ledger.own) {
      await this.#ledger.snapshots.write(chain).catch((error: unknown) => this.failed(error));
    }
  }

  /** A realm's snapshot is not what its chain says. */
  wrongSnapshot({ realm, chain }: ChainId, n: number): void {
    this.#parts.log.error({ realm, chain, n }, 'the snapshot of a chain is wrong');
    this.#note('ledger-snapshot-wrong', realm, { chain, n });
  }

  async #run(): Promise<void> {
    while (!this.signal.aborted) {
      await sleep(this.#parts.clock, ROUND * (0.75 + this.#parts.random() / 4), this.signal).catch(() => undefined);
      if (this.signal.aborted) return;
      await this.round().catch((error: unknown) => {
        this.#allDue = true;
        this.failed(error);
      });
    }
  }

  /** A chain whose witnesses have signed more than its holder shows: another holder is asked. */
  async #seeWhetherWhole(id: ChainId): Promise<void> {
    const { store, witnesses } = this.#parts;
    const name = chainName(id);
    const head = await store.head(id);
    const seen = (await witnesses.of(id)).some(
      (statement) => statement.head.n > head.n && statement.head.incarnation >= head.incarnation,
    );
    const rounds = seen ? (this.#behind.get(name) ?? 0) + 1 : 0;
    if (rounds === 0) this.#behind.delete(name);
    else this.#behind.set(name, rounds);
    if (seen) this.#touch(id);
    if (rounds < PATIENCE) return;
    for (const holder of this.#ledger.following.holdersNow(id)) {
      this.#counts.withheld++;
      this.#note('ledger-withheld', holder, { of: id.realm, chain: id.chain, n: head.n });
      this.#ledger.following.demote(id, holder);
    }
    this.#behind.delete(name);
  }

  #note(code: string, actor: RealmName, fields: Record<string, string | number>): void {
    this.#parts.audit.record({ code, actor, fields }).catch((error: unknown) => this.failed(error));
  }
}
