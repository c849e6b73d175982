// Which chains a node follows, and who holds them.
//
//   network    of all ancestors (the parent holds them), of the children and of everyone below them (the child on the way holds
//              them), of the other branches of the house, of the partners of a trust and of the realms above those
//   directory  of the house and of every branch that the house has certified
//
// The house of a branch is the realm right above it, an enterprise or a region; any other realm is a house itself.
import type { ChainId } from '../../src/protocols/ledger/entry.ts';
import { ancestorsOf, isWithin, parentOf, type RealmName } from '../../src/realm/names.ts';
import { nextOnTree } from '../../src/realm/tree.ts';
import type { CertifiedRealm } from './ledger.ts';

export interface Place {
  readonly realm: RealmName;
  /** Undefined in a region. */
  readonly parent: RealmName | undefined;
  readonly house: RealmName;
  readonly partners: readonly RealmName[];
}

export function wantedChains(place: Place, certified: readonly CertifiedRealm[]): ChainId[] {
  const { realm, parent, house, partners } = place;
  const siblings = certified.filter(({ issuer, tier }) => issuer === house && tier === 'branch').map((of) => of.realm);
  const below = certified.filter((of) => isWithin(of.realm, realm)).map((of) => of.realm);
  const above = parent === undefined ? [] : ancestorsOf(realm);
  const abroad = partners.flatMap((partner) => [partner, ...ancestorsOf(partner)]);
  const networks = new Set([...above, ...below, ...siblings, ...abroad]);
  const directories = new Set([house, ...siblings]);
  networks.delete(realm);
  directories.delete(realm);
  return [
    ...[...networks].map((of) => ({ realm: of, chain: 'network' }) as const),
    ...[...directories].map((of) => ({ realm: of, chain: 'directory' }) as const),
  ];
}

/** Further holders that are asked when the best ones are away. */
const SPARE = 3;

/** Realms whose nodes hold the chains of `author` and may be asked by this one, the best first. */
export function holdersOf(place: Place, author: RealmName, certified: readonly CertifiedRealm[]): RealmName[] {
  const { realm, parent, house } = place;
  const siblings = () => siblingsOf(author, certified).filter((of) => of !== realm);
  const above = parent === undefined ? [] : [parent];
  if (author === parent) return [parent, ...peersBelow(place, certified)];
  if (isWithin(author, realm)) {
    const child = nextOnTree(realm, author) ?? author;
    return child === author ? [author, ...siblings().slice(0, SPARE)] : [child];
  }
  if (isWithin(realm, author)) return [...above, ...peersBelow(place, certified)];
  if (parentOf(author) === house && house !== realm) return [...above, author, ...siblings().slice(0, SPARE)];
  // A partner's chain comes from above as well: the partner itself is asked for nothing, least of all for its own revocation.
  return above;
}

/** Other branches of the house of `author`: they follow its chains. */
function siblingsOf(author: RealmName, certified: readonly CertifiedRealm[]): RealmName[] {
  const parent = parentOf(author);
  const branches = parent === undefined ? undefined : branchesIn(certified).get(parent);
  return (branches ?? []).filter((realm) => realm !== author);
}

/** By issuer. Looked at for each chain whenever a holder comes or goes: above many realms nobody looks through all of them each time. */
const branches = new WeakMap<readonly CertifiedRealm[], ReadonlyMap<RealmName, readonly RealmName[]>>();

function branchesIn(certified: readonly CertifiedRealm[]): ReadonlyMap<RealmName, readonly RealmName[]> {
  const known = branches.get(certified);
  if (known) return known;
  const found = new Map<RealmName, RealmName[]>();
  for (const { realm, tier, issuer } of certified) {
    if (tier !== 'branch') continue;
    const beside = found.get(issuer);
    if (beside) beside.push(realm);
    else found.set(issuer, [realm]);
  }
  branches.set(certified, found);
  return found;
}

/** Other branches of the own house: what stands above is above them, too. */
function peersBelow({ realm, house }: Place, certified: readonly CertifiedRealm[]): RealmName[] {
  return house === realm ? [] : siblingsOf(realm, certified).slice(0, SPARE);
}
