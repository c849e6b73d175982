// The trusts that the network chains speak of: what is signed by both, what was removed, and what is therefore in force now. It is
// the charter's part about trusts. A realm's own trusts count once its own chain has them; those of others, which a common
// ancestor's relay must know to bring two partners together, once either side's chain has them.
import type { TrustInForce } from '../../src/overlay/charter.ts';
import { PathMemory, type Trust } from '../../src/pki/chain.ts';
import { openSigned } from '../../src/protocols/trust/agreement.ts';
import { decodeRemoval } from '../../src/protocols/trust/codec.ts';
import {
  type Agreement,
  type Removal,
  type Terms,
  TRUST,
  TRUST_REMOVED,
  type TrustId,
} from '../../src/protocols/trust/index.ts';
import { Partners } from '../../src/protocols/trust/partners.ts';
import { isInTime, partnerOf } from '../../src/protocols/trust/scope.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { codeOf, messageOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import { isWithin, type RealmName } from '../../src/realm/names.ts';
import type { TrustSource } from '../charter.ts';
import type { Fact, Ledger } from '../ledger/ledger.ts';

export interface TrustTableComponents {
  readonly rootFingerprint: string;
  readonly isRevoked: NonNullable<Trust['isRevoked']>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Log;
}

interface Known {
  readonly agreement: Agreement;
  /** As on the chain. */
  readonly bytes: Uint8Array;
  /** Whose chains have it. */
  readonly authors: Set<RealmName>;
}

/** Whoever writes it for the other party says so in it; only the parties' own entries count. */
interface WrittenRemoval {
  readonly author: RealmName;
  readonly removal: Removal;
}

export interface TrustEntry {
  readonly agreement: Agreement;
  readonly removal?: Removal;
}

/** Milliseconds for which a trust that is over is kept: a clock that was ahead may be set back. */
const OVER_FOR = 7 * 24 * 60 * 60 * 1000;
/** Node's timers count no further; a later change is waited for in steps. */
const LONGEST_WAIT = 24 * 60 * 60 * 1000;

export class TrustTable implements TrustSource {
  readonly #self: RealmName;
  readonly #parts: TrustTableComponents;
  /** By id and parties: an id alone could be taken by others, who have seen it on a chain. */
  readonly #known = new Map<string, Known>();
  /** By id, of every realm that wrote one: whether it is a party shows when the agreement is known. */
  readonly #removals = new Map<TrustId, WrittenRemoval[]>();
  readonly #memory = new PathMemory();
  readonly #partners: Partners;
  readonly #listeners = new Set<() => void>();
  #taking: Promise<void> = Promise.resolve();
  #agreements: readonly Uint8Array[] = [];
  #realms = '';
  #timer: Timer | undefined;

  constructor(self: RealmName, components: TrustTableComponents) {
    this.#self = self;
    this.#parts = components;
    this.#partners = new Partners(self, () => components.clock.now());
  }

  /** Resolves when what the ledger has on disk is read; later entries count as they come. */
  async follow(ledger: Pick<Ledger, 'watch'>, crlKind: string): Promise<void> {
    await ledger.watch(TRUST_REMOVED, (fact) => this.#enqueue(async () => this.#takeRemoval(fact)));
    await ledger.watch(TRUST, (fact) => this.#enqueue(() => this.#take(fact)));
    await ledger.watch(crlKind, () => this.#enqueue(() => this.#judgeAgain()));
    await this.#taking;
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Resolves when every entry that came before is taken. */
  settled(): Promise<void> {
    return this.#taking;
  }

  trustWith(realm: RealmName): TrustInForce | undefined {
    return this.#partners.trustWith(realm);
  }

  termsWith(realm: RealmName): Terms | undefined {
    return this.#partners.termsWith(realm);
  }

  between(a: RealmName, b: RealmName): Terms | undefined {
    return this.#partners.between(a, b);
  }

  arePartners(a: RealmName, b: RealmName): boolean {
    return this.#partners.arePartners(a, b);
  }

  partners(): RealmName[] {
    return this.#partners.realms();
  }

  agreements(): readonly Uint8Array[] {
    return this.#agreements;
  }

  /** Calls back when other trusts are in force than before. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** This realm's, ended ones included. */
  own(): TrustEntry[] {
    return [...this.#known.values()].filter((known) => this.#isOwn(known)).map((known) => this.#entry(known));
  }

  get(id: TrustId): TrustEntry | undefined {
    const known = this.#ours(id).find((one) => this.#isOwn(one));
    return known && this.#entry(known);
  }

  /** Also of one whose agreement never came, when this realm has written it. */
  isRemoved(id: TrustId): boolean {
    if (this.#ours(id).some((known) => this.#removalOf(known) !== undefined)) return true;
    return this.#removals.get(id)?.some(({ author }) => author === this.#self) === true;
  }

  /** Those to which this realm is a party, on whosever chain. */
  #ours(id: TrustId): Known[] {
    const all = [...this.#known.values()];
    return all.filter(({ agreement: { terms } }) => terms.id === id && partnerOf(terms, this.#self) !== undefined);
  }

  #entry(known: Known): TrustEntry {
    const removal = this.#removalOf(known);
    return { agreement: known.agreement, ...(removal ? { removal } : {}) };
  }

  #isOwn({ agreement, authors }: Known): boolean {
    return partnerOf(agreement.terms, this.#self) !== undefined && authors.has(this.#self);
  }

  #removalOf({ agreement: { terms } }: Known): Removal | undefined {
    return this.#removals.get(terms.id)?.find(({ author }) => partnerOf(terms, author) !== undefined)?.removal;
  }

  #enqueue(step: () => Promise<void>): void {
    this.#taking = this.#taking
      .then(step)
      .then(() => this.#refresh())
      .catch((error: unknown) => this.#parts.log.error({ err: error }, 'a change of trusts failed'));
  }

  /** A bad entry is its author's trouble. */
  async #take({ realm, payload, n }: Fact): Promise<void> {
    try {
      const { rootFingerprint, isRevoked } = this.#parts;
      const agreement = await openSigned(payload, { rootFingerprint, isRevoked, memory: this.#memory });
      if (partnerOf(agreement.terms, realm) === undefined) return this.#passOver(realm, n, 'not-a-party');
      const which = nameOf(agreement.terms);
      const known = this.#known.get(which);
      if (known) known.authors.add(realm);
      else this.#known.set(which, { agreement, bytes: payload, authors: new Set([realm]) });
    } catch (error) {
      this.#passOver(realm, n, codeOf(error));
    }
  }

  async #takeRemoval({ realm, payload, n }: Fact): Promise<void> {
    try {
      const removal = decodeRemoval(payload);
      const before = this.#removals.get(removal.id) ?? [];
      if (before.some(({ author }) => author === realm)) return;
      this.#removals.set(removal.id, [...before, { author: realm, removal }]);
    } catch (error) {
      this.#passOver(realm, n, codeOf(error));
    }
  }

  /** A certificate that was revoked ends the agreements that it signed. */
  async #judgeAgain(): Promise<void> {
    const { rootFingerprint, isRevoked, log } = this.#parts;
    for (const [which, { bytes, agreement }] of this.#known) {
      try {
        await openSigned(bytes, { rootFingerprint, isRevoked, memory: this.#memory });
      } catch (error) {
        this.#known.delete(which);
        log.warn(
          { id: agreement.terms.id, code: codeOf(error), error: messageOf(error) },
          'trust ended by a revocation',
        );
      }
    }
  }

  #passOver(realm: RealmName, n: number, code: string): void {
    this.#parts.log.warn({ realm, n, code }, 'entry about a trust passed over');
  }

  /** Of trusts between others nothing is kept once they are over: a region hears of all that are made below it. */
  #forget(now: number): void {
    for (const [which, known] of this.#known) {
      const { terms } = known.agreement;
      const isOver = this.#removalOf(known) !== undefined || terms.until + OVER_FOR <= now;
      if (isOver && partnerOf(terms, this.#self) === undefined) this.#known.delete(which);
    }
  }

  /** How many agreements are kept here. */
  get size(): number {
    return this.#known.size;
  }

  #refresh(): void {
    this.#forget(this.#parts.clock.now());
    const live = [...this.#known.values()].filter((known) => this.#counts(known));
    this.#partners.set(live.map(({ agreement }) => agreement));
    const now = this.#parts.clock.now();
    // Our own first: what a relay is told in several parts must not cut its own realm's links between two of them.
    const ordered = [...live.filter((known) => this.#isOwn(known)), ...live.filter((known) => !this.#isOwn(known))];
    const told = ordered.filter(({ agreement }) => isInTime(agreement.terms, now)).map(({ bytes }) => bytes);
    const realms = this.partners().toSorted().join(' ');
    const isSame =
      realms === this.#realms &&
      told.length === this.#agreements.length &&
      told.every((one) => this.#agreements.includes(one));
    this.#schedule();
    if (isSame) return;
    this.#agreements = told;
    this.#realms = realms;
    for (const listener of this.#listeners) listener();
  }

  #counts(known: Known): boolean {
    const { proposer, accepter } = known.agreement.terms;
    const isAbove = isWithin(proposer, this.#self) && isWithin(accepter, this.#self);
    return this.#removalOf(known) === undefined && (this.#isOwn(known) || isAbove);
  }

  /** A trust begins and ends by itself. */
  #schedule(): void {
    this.#timer?.cancel();
    const next = this.#partners.nextChange();
    if (next === undefined) return;
    const delay = Math.min(LONGEST_WAIT, Math.max(1, next - this.#parts.clock.now()));
    this.#timer = this.#parts.clock.after(delay, () => this.#refresh());
  }
}

const nameOf = ({ id, proposer, accepter }: Terms): string => `${id} ${proposer} ${accepter}`;
