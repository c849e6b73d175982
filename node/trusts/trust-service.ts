// Trusts as the operator of this realm makes and ends them. What the other side may do is in trust-answers.ts.
import type { Network } from '../../src/overlay/seam.ts';
import { encodeLine, parseLine } from '../../src/pki/pasteable.ts';
import { openAgreement, signAcceptance, signProposal, type TrustSigner } from '../../src/protocols/trust/agreement.ts';
import { encodeAgreement, encodeTrustId, trustIdOf } from '../../src/protocols/trust/codec.ts';
import {
  ACCEPTANCE_ERRAND,
  type Agreement,
  DECLINE_ERRAND,
  MAX_LIFETIME,
  PROPOSAL_ERRAND,
  REMOVAL_ERRAND,
  type Terms,
} from '../../src/protocols/trust/index.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { ConflictError, InputError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Errands } from '../errands/errands.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { isMeant, theOne } from './named-trust.ts';
import { Notices } from './notices.ts';
import { answerTrusts, checkParties, receiveAcceptance, receiveProposal } from './trust-answers.ts';
import type { TrustBook } from './trust-book.ts';
import { isLapsed, viewOfEntry, viewOfProposal, viewOfTerms } from './trust-view.ts';
import type { TrustAct, TrustState, Trusts, TrustView, TrustWish } from './trusts.ts';

export interface TrustServiceComponents {
  readonly book: TrustBook;
  readonly network: Pick<Network, 'onPath'>;
  readonly ledger: Pick<Ledger, 'followPartners'>;
  readonly errands: Pick<Errands, 'ask' | 'answer'>;
  readonly signer: TrustSigner;
  readonly clock: Clock;
  readonly log: Log;
  /** 16 bytes that nobody can guess. */
  readonly newId: () => Uint8Array;
}

const LINE_PREFIX = 'canopy-trust1';
const LINE = 'line about a trust';
/** A trust begins so much before it is proposed, for an accepter whose clock is behind. */
const CLOCK_DIFFERENCE = 10 * 60_000;
interface DryRun {
  readonly dryRun?: boolean;
}

/** What was done, and what the other side is to hear; undefined when nothing. */
interface Done {
  readonly terms: Terms;
  readonly state: TrustState;
  readonly tell?: { readonly kind: string; readonly body: Uint8Array; readonly asLine?: true };
}

export class TrustService implements Trusts {
  readonly #parts: TrustServiceComponents;
  readonly #book: TrustBook;
  readonly #self: RealmName;
  readonly #notices: Notices;
  #unsubscribe: (() => void)[] = [];

  constructor(components: TrustServiceComponents) {
    this.#parts = components;
    this.#book = components.book;
    this.#self = components.book.self.realm;
    this.#notices = new Notices({
      ...components,
      store: components.book.parts.store,
      onRefused: ({ id, kind, realm }, code) => this.#onRefused(id, kind, realm, code),
    });
    answerTrusts(components.errands, components.book);
  }

  start(): void {
    const { network, ledger } = this.#parts;
    const { table } = this.#book.parts;
    const follow = () => ledger.followPartners(table.partners());
    follow();
    this.#unsubscribe = [
      table.onChange(follow),
      network.onPath(({ kind }) => kind !== 'unreachable' && this.#notices.wake()),
    ];
    this.#notices.wake();
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    await this.#notices.stop();
    this.#book.parts.table.stop();
  }

  gauges(): Record<string, number> {
    const { table } = this.#book.parts;
    return { inForce: table.partners().length, known: table.own().length };
  }

  async list(): Promise<TrustView[]> {
    const { table, store } = this.#book.parts;
    const now = this.#book.now();
    const untold = new Set((await store.notices()).map(({ id }) => id));
    const proposals = (await store.proposals()).map((one) => viewOfProposal(one, this.#self, now));
    const entered = table.own().map((entry) => viewOfEntry(entry, this.#self, now));
    const all = [...proposals, ...entered].map((view) => ({ ...view, untold: untold.has(view.id) }));
    return all.toSorted((a, b) => b.from - a.from);
  }

  propose(wish: TrustWish, { dryRun = false }: DryRun = {}): Promise<TrustAct> {
    return this.#act(async () => {
      const terms = this.#termsOf(wish);
      this.#book.checkPartner(wish.realm);
      this.#book.checkFree(wish.realm);
      await this.#checkNoProposal(wish.realm);
      if (dryRun) return { terms, state: 'proposed' };
      const proposal = signProposal(terms, this.#parts.signer, this.#book.now());
      await this.#book.keep('sent', proposal);
      await this.#book.note('trust-proposed', terms);
      const body = encodeAgreement(proposal);
      return { terms, state: 'proposed', tell: { kind: PROPOSAL_ERRAND, body, asLine: true } };
    });
  }

  accept(which: string, { dryRun = false }: DryRun = {}): Promise<TrustAct> {
    return this.#act(async () => {
      const proposal = which.trim().startsWith('canopy-trust')
        ? await this.#takeLine(which, dryRun)
        : await this.#proposalOf(which, 'received');
      // The acceptance of our own proposal: nothing is left to be signed.
      const { terms } = proposal;
      if (proposal.accepted) return { terms, state: 'in-force' };
      const { parts } = this.#book;
      this.#book.checkFree(terms.proposer);
      if (isLapsed(proposal, this.#book.now())) throw new ConflictError('trust-over', 'the proposal has lapsed');
      await openAgreement(encodeAgreement(proposal), parts.trust, this.#book.now());
      if (dryRun) return { terms, state: 'in-force' };
      const agreement = signAcceptance(proposal, this.#parts.signer, this.#book.now());
      await this.#book.enter(agreement);
      const body = encodeAgreement(agreement);
      return { terms, state: 'in-force', tell: { kind: ACCEPTANCE_ERRAND, body, asLine: true } };
    });
  }

  decline(which: string): Promise<TrustAct> {
    return this.#act(async () => {
      const proposal = await this.#proposalOf(which, 'received');
      const { terms } = proposal;
      await this.#book.keep('declined', proposal);
      await this.#book.note('trust-declined', terms);
      return { terms, state: 'declined', tell: { kind: DECLINE_ERRAND, body: encodeTrustId(terms.id) } };
    });
  }

  remove(which: string, { dryRun = false }: DryRun = {}): Promise<TrustAct> {
    return this.#act(async () => {
      const terms = await this.#removable(which);
      if (dryRun) return { terms, state: 'removed' };
      await this.#book.end(terms.id, this.#self, terms);
      await this.#dropOlderNotices(terms.id);
      return { terms, state: 'removed', tell: { kind: REMOVAL_ERRAND, body: encodeTrustId(terms.id) } };
    });
  }

  #termsOf({ realm, direction, until, ours, theirs, presence }: TrustWish): Terms {
    const now = this.#book.now();
    if (until <= now || until - now > MAX_LIFETIME - CLOCK_DIFFERENCE) {
      throw new InputError('bad-expiry', `a trust until ${new Date(until).toISOString()} is over already or too long`, {
        hint: 'Give a time from now up to three years ahead.',
      });
    }
    const id = trustIdOf(this.#parts.newId());
    const from = now - CLOCK_DIFFERENCE;
    const people = { proposerPeople: [...new Set(ours)].toSorted(), accepterPeople: [...new Set(theirs)].toSorted() };
    return { id, proposer: this.#self, accepter: realm, direction, from, until, ...people, presence };
  }

  async #checkNoProposal(realm: RealmName): Promise<void> {
    const now = this.#book.now();
    const open = (await this.#book.proposalsWith(realm)).find(
      ({ state, agreement }) => state !== 'declined' && !isLapsed(agreement, now),
    );
    if (!open) return;
    const theirs = open.state === 'received';
    throw new ConflictError('trust-conflict', `a proposal ${theirs ? `of ${realm}` : `to ${realm}`} is open already`, {
      hint: theirs ? `Run: canopy trust accept ${realm}` : `Withdraw it first: canopy trust remove ${realm}`,
    });
  }

  /** A proposal for us, kept as if it had come by errand; or the acceptance of one of ours, entered. */
  async #takeLine(line: string, dryRun: boolean): Promise<Agreement> {
    const bytes = parseLine(LINE_PREFIX, line, LINE);
    const agreement = await openAgreement(bytes, this.#book.parts.trust, this.#book.now());
    const { proposer, accepter } = agreement.terms;
    if (!agreement.accepted) {
      checkParties(agreement.terms, proposer, this.#self);
      return dryRun ? agreement : (await receiveProposal(this.#book, agreement)).agreement;
    }
    checkParties(agreement.terms, this.#self, accepter);
    if (!dryRun) await receiveAcceptance(this.#book, agreement);
    return agreement;
  }

  async #proposalOf(which: string, state: 'received' | 'sent'): Promise<Agreement> {
    const found = (await this.#book.parts.store.proposals())
      .filter((proposal) => proposal.state === state)
      .map(({ agreement }) => agreement)
      .filter(({ terms }) => isMeant(terms, which, this.#self));
    return theOne(found, which, ({ terms }) => terms.id);
  }

  async #removable(which: string): Promise<Terms> {
    const { table, store } = this.#book.parts;
    const standing = table.own().filter(({ removal }) => !removal);
    const sent = (await store.proposals()).filter(({ state }) => state === 'sent');
    const all = [...standing, ...sent].map(({ agreement: { terms } }) => terms);
    return theOne(
      all.filter((terms) => isMeant(terms, which, this.#self)),
      which,
      ({ id }) => id,
    );
  }

  /** In its turn what is decided and written here; the other side is told after it, since it may be telling us something. */
  async #act(decide: () => Promise<Done>): Promise<TrustAct> {
    const { terms, state, tell } = await this.#book.inTurn(decide);
    const trust = viewOfTerms(terms, this.#self, state);
    if (!tell) return { trust };
    const { kind, body, asLine } = tell;
    const notice = { id: terms.id, kind, realm: trust.realm, body, time: this.#book.now() };
    const trouble = await this.#notices.tell(notice);
    const line = asLine ? { line: encodeLine(LINE_PREFIX, body) } : {};
    return {
      trust: { ...trust, untold: trouble !== undefined },
      ...(trouble === undefined ? {} : { untold: trouble }),
      ...line,
    };
  }

  /** What no longer holds need not be told any more. */
  async #dropOlderNotices(id: string): Promise<void> {
    const { store } = this.#book.parts;
    await store.dropNotices((await store.notices()).filter((notice) => notice.id === id));
  }

  /** The other side does not take what was agreed here: then it is no trust. */
  async #onRefused(id: string, kind: string, realm: RealmName, code: string): Promise<void> {
    this.#parts.log.warn({ id, kind, realm, code }, 'the other side refuses a trust');
    if (kind !== ACCEPTANCE_ERRAND) return;
    const entry = this.#book.parts.table.get(id);
    if (entry && !entry.removal) await this.#book.end(id, realm, entry.agreement.terms);
  }
}
