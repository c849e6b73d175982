// How a trust looks to the operator of one side.
import type { Agreement, Terms } from '../../src/protocols/trust/index.ts';
import { PROPOSAL_LIFETIME } from '../../src/protocols/trust/index.ts';
import { directionFor, partnerOf } from '../../src/protocols/trust/scope.ts';
import { InputError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { StoredProposal } from './trust-store.ts';
import type { TrustEntry } from './trust-table.ts';
import type { TrustState, TrustView } from './trusts.ts';

export function viewOfTerms(terms: Terms, self: RealmName, state: TrustState): TrustView {
  const realm = partnerOf(terms, self);
  if (realm === undefined) throw new InputError('not-a-party', `${self} is no party of the trust ${terms.id}`);
  const proposedHere = terms.proposer === self;
  const { id, from, until, presence, proposerPeople, accepterPeople } = terms;
  const [ours, theirs] = proposedHere ? [proposerPeople, accepterPeople] : [accepterPeople, proposerPeople];
  const direction = directionFor(terms, self);
  return { id, realm, direction, state, from, until, ours, theirs, presence, proposedHere, untold: false };
}

export function viewOfEntry({ agreement: { terms }, removal }: TrustEntry, self: RealmName, now: number): TrustView {
  const view = viewOfTerms(terms, self, stateAt(terms, now));
  return removal ? { ...view, state: 'removed', removedBy: removal.realm, removedAt: removal.time } : view;
}

export function viewOfProposal(
  { state, agreement }: Pick<StoredProposal, 'state' | 'agreement'>,
  self: RealmName,
  now: number,
): TrustView {
  const open = state === 'sent' ? 'proposed' : state;
  return viewOfTerms(agreement.terms, self, open !== 'declined' && isLapsed(agreement, now) ? 'lapsed' : open);
}

export function isLapsed({ terms, proposed }: Agreement, now: number): boolean {
  return now >= terms.until || now - proposed.time > PROPOSAL_LIFETIME;
}

function stateAt({ from, until }: Terms, now: number): TrustState {
  if (now < from) return 'waiting';
  return now < until ? 'in-force' : 'expired';
}
