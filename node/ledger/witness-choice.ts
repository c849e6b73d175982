// Who countersigns whose heads: the realm above, and of the other readers (its children, the other branches of its house) the few that a
// hash picks. So the cost does not grow with the house, and nobody chooses the witnesses.
import { createHash } from 'node:crypto';
import { parentOf, type RealmName } from '../../src/realm/names.ts';
import type { CertifiedRealm } from './ledger.ts';

/** Besides the realm above. */
const OTHERS = 4;

export function witnessesOf(author: RealmName, certified: readonly CertifiedRealm[]): RealmName[] {
  const parent = parentOf(author);
  const isBranch = certified.some(({ realm, tier }) => realm === author && tier === 'branch');
  const readers = certified.filter(({ realm, tier, issuer }) => {
    if (realm === author) return false;
    return issuer === author || (isBranch && tier === 'branch' && issuer === parent);
  });
  const rank = (realm: RealmName) => createHash('sha256').update(`${author} ${realm}`).digest('hex');
  const ranked = [...new Set(readers.map(({ realm }) => realm))].map((realm) => ({ realm, at: rank(realm) }));
  const chosen = ranked.sort((a, b) => (a.at < b.at ? -1 : 1)).slice(0, OTHERS);
  return [...(parent === undefined ? [] : [parent]), ...chosen.map(({ realm }) => realm)];
}
