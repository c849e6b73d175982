// Whom a trust covers: which of two people may write to the other under it, and how it looks from either side.
import type { TrustDirection } from '../../overlay/charter.ts';
import type { RealmName } from '../../realm/names.ts';
import type { UserAddress } from '../../realm/user-address.ts';
import type { Terms } from './index.ts';

/** The other party; undefined for a realm that is none. */
export function partnerOf({ proposer, accepter }: Terms, self: RealmName): RealmName | undefined {
  if (self === proposer) return accepter;
  return self === accepter ? proposer : undefined;
}

/** As seen from one of the parties. */
export function directionFor({ direction, proposer }: Terms, self: RealmName): TrustDirection {
  if (direction === 'both' || self === proposer) return direction;
  return direction === 'outward' ? 'inward' : 'outward';
}

/** Whether a message from one to the other, who are of the two parties, lies within the trust. */
export function covers(terms: Terms, from: UserAddress, to: UserAddress): boolean {
  const outward = from.realm === terms.proposer && to.realm === terms.accepter;
  const inward = from.realm === terms.accepter && to.realm === terms.proposer;
  if (outward === inward || (terms.direction !== 'both' && terms.direction !== (outward ? 'outward' : 'inward')))
    return false;
  const [ours, theirs] = outward ? [from, to] : [to, from];
  return includes(terms.proposerPeople, ours) && includes(terms.accepterPeople, theirs);
}

function includes(people: Terms['proposerPeople'], { login }: UserAddress): boolean {
  return people.length === 0 || people.includes(login);
}

export function isInTime({ from, until }: Terms, now: number): boolean {
  return from <= now && now < until;
}
