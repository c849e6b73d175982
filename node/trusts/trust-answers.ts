// What the other side of a trust may do here, by errands: propose, accept, decline, remove. Each is signed by its node; what it
// says of others than itself and us is refused.
import { equals } from 'uint8arrays/equals';
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import { openAgreement, openSigned } from '../../src/protocols/trust/agreement.ts';
import { decodeTrustId, encodeTerms } from '../../src/protocols/trust/codec.ts';
import {
  ACCEPTANCE_ERRAND,
  type Agreement,
  DECLINE_ERRAND,
  PROPOSAL_ERRAND,
  REMOVAL_ERRAND,
  type Terms,
} from '../../src/protocols/trust/index.ts';
import { partnerOf } from '../../src/protocols/trust/scope.ts';
import { ConflictError, RefusedError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Errands } from '../errands/errands.ts';
import type { TrustBook } from './trust-book.ts';
import type { StoredProposal } from './trust-store.ts';
import { isLapsed } from './trust-view.ts';

/** Proposals of others that wait for an answer; further ones are refused. */
const MAX_RECEIVED = 64;
const NOTHING = new Uint8Array();
/** Proposals of one realm; each is audited, for ever. */
const OF_PROPOSER = { perSecond: 1 / 60, burst: 10 };
const OF_ALL = { perSecond: 1, burst: 100 };

export function answerTrusts(errands: Pick<Errands, 'answer'>, book: TrustBook): void {
  const { store, table, trust, clock } = book.parts;
  const proposers = new RateLimiter(clock, OF_PROPOSER, OF_ALL);
  errands.answer(PROPOSAL_ERRAND, async (origin, body) => {
    if (!proposers.take(origin)) throw new ConflictError('trust-too-many', `${origin} proposes too much at once`);
    const proposal = await openAgreement(body, trust, book.now());
    checkParties(proposal.terms, origin, book.self.realm);
    await book.inTurn(() => receiveProposal(book, proposal));
    return NOTHING;
  });
  errands.answer(ACCEPTANCE_ERRAND, async (origin, body) => {
    const agreement = await openSigned(body, trust, book.now());
    checkParties(agreement.terms, book.self.realm, origin);
    await book.inTurn(() => receiveAcceptance(book, agreement));
    return NOTHING;
  });
  errands.answer(DECLINE_ERRAND, async (origin, body) => {
    await book.inTurn(async () => {
      const proposal = await store.proposal(decodeTrustId(body));
      if (proposal?.state !== 'sent' || proposal.agreement.terms.accepter !== origin) return;
      await book.keep('declined', proposal.agreement);
      await book.note('trust-declined', proposal.agreement.terms, origin);
    });
    return NOTHING;
  });
  errands.answer(REMOVAL_ERRAND, async (origin, body) => {
    const id = decodeTrustId(body);
    await book.inTurn(async () => {
      const entered = table.get(id)?.agreement.terms;
      const terms = entered ?? (await store.proposal(id))?.agreement.terms;
      if (!terms) return;
      if (partnerOf(terms, origin) !== book.self.realm) throw notAParty(origin);
      if (entered || terms.proposer === book.self.realm) return book.end(id, origin, terms);
      // A proposal that we never signed: it is gone, and no business of our chain, which would keep the removal for ever.
      await store.dropProposal(id);
      await book.note('trust-removed', terms, origin);
    });
    return NOTHING;
  });
}

/** @throws RefusedError `not-a-party` */
export function checkParties({ proposer, accepter }: Terms, expected: RealmName, other: RealmName): void {
  if (proposer !== expected) throw notAParty(expected);
  if (accepter !== other) throw notAParty(other);
}

/** @throws InputError `already-kin`; ConflictError `trust-conflict`, `trust-over`, `trust-too-many` */
export async function receiveProposal(book: TrustBook, proposal: Agreement): Promise<StoredProposal> {
  const { terms } = proposal;
  const { store } = book.parts;
  book.checkPartner(terms.proposer);
  book.checkFree(terms.proposer);
  const { table } = book.parts;
  if (table.get(terms.id) || table.isRemoved(terms.id) || isLapsed(proposal, book.now())) throw over(terms.id);
  const before = await store.proposal(terms.id);
  if (before?.state === 'declined') throw over(terms.id);
  if (before) return before;
  const received = (await store.proposals()).filter(({ state }) => state === 'received');
  // The newest proposal of a realm counts.
  const older = received.filter(({ agreement }) => agreement.terms.proposer === terms.proposer);
  const open = received.filter((one) => !older.includes(one) && !isLapsed(one.agreement, book.now()));
  if (open.length >= MAX_RECEIVED) {
    throw new ConflictError('trust-too-many', `${MAX_RECEIVED} proposals wait for an answer already`);
  }
  for (const { agreement } of older) await store.dropProposal(agreement.terms.id);
  await book.keep('received', proposal);
  await book.note('trust-proposed', terms, terms.proposer);
  const stored = await store.proposal(terms.id);
  if (!stored) throw over(terms.id);
  return stored;
}

/** Only for what was proposed here, in the very words. @throws ConflictError `trust-over`, `trust-unknown`, `trust-conflict` */
export async function receiveAcceptance(book: TrustBook, agreement: Agreement): Promise<void> {
  const { terms, proposed } = agreement;
  const { table, store } = book.parts;
  if (table.isRemoved(terms.id)) throw over(terms.id);
  if (table.get(terms.id)) return;
  const ours = await store.proposal(terms.id);
  const isOurs = ours?.state === 'sent' && equals(encodeTerms(ours.agreement.terms), encodeTerms(terms));
  if (!isOurs || !equals(ours.agreement.proposed.signature, proposed.signature)) {
    throw new ConflictError('trust-unknown', `no proposal ${terms.id} waits for an answer here`);
  }
  if (isLapsed(ours.agreement, book.now())) throw over(terms.id);
  book.checkFree(terms.accepter);
  await book.enter(agreement);
}

function over(id: string): ConflictError {
  return new ConflictError('trust-over', `the trust ${id} was removed, declined or has lapsed`, {
    hint: 'Propose a new one: canopy trust add REALM',
  });
}

function notAParty(realm: RealmName): RefusedError {
  return new RefusedError('not-a-party', `${realm} is not the party of this trust that it must be`);
}
