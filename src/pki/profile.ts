// What certificates of an overlay look like: the one place that issuing and validation both follow.
//
// | certificate | subject                                    | SAN (URI)             | path length | URI constraints |
// |-------------|--------------------------------------------|-----------------------|-------------|-----------------|
// | root        | O=Canopy, OU=region, CN=root ua            | canopy://ua/root      | 3           | `ua` and `.ua`  |
// | authority   | O=Canopy, OU=enterprise, CN=authority acme.ua | canopy://acme.ua/authority | 2, 1, 0 by tier | `X` and `.X`; a branch `X` |
// | leaf        | O=Canopy, OU=branch, CN=node kyiv.acme.ua  | canopy://kyiv.acme.ua/node | no authority | none       |
//
// The tier stands in the subject's OU: readable by any tool, signed like the rest, and without an object identifier of our
// own. The CN has a space, so that no verifier takes it for a host's name. Constraints exclude all DNS names and addresses.
import { isRealmName, parentOf, type RealmName, ROLES, type Role, TIERS, type Tier } from '../realm/names.ts';

export type AuthorityKind = 'root' | 'authority';
export type Kind = AuthorityKind | Role;

/** Who a certificate speaks of. */
export interface Subject {
  readonly kind: Kind;
  readonly realm: RealmName;
  readonly tier: Tier;
}

export const ORGANIZATION = 'Canopy';

const DAY = 24 * 60 * 60 * 1000;
/** Time between notBefore and the moment of issue: a realm's clock may be up to ten minutes off its parent's. */
export const BACKDATE = 10 * 60 * 1000;
/** Milliseconds that a new certificate is valid, unless its issuer ends sooner. */
export const LIFETIME = {
  root: 7300 * DAY,
  authority: 1095 * DAY,
  leaf: 30 * DAY,
  lanAuthority: 3650 * DAY,
  lanLeaf: 397 * DAY,
} as const;

/** Authorities that may stand below one of this tier. */
const PATH_LENGTH: Readonly<Record<Tier, number>> = { region: 2, enterprise: 1, branch: 0 };
const ROOT_PATH_LENGTH = 3;

/** Which tiers a realm of this tier may certify below itself. A branch may stand directly below a region. */
const CHILD_TIERS: Readonly<Record<Tier, readonly Tier[]>> = {
  region: ['enterprise', 'branch'],
  enterprise: ['branch'],
  branch: [],
};

export const childTiersOf = (tier: Tier): readonly Tier[] => CHILD_TIERS[tier];

export function isAuthorityKind(kind: Kind): kind is AuthorityKind {
  return kind === 'root' || kind === 'authority';
}

export function pathLengthOf(subject: Subject): number {
  return subject.kind === 'root' ? ROOT_PATH_LENGTH : PATH_LENGTH[subject.tier];
}

export function commonNameOf({ kind, realm }: Subject): string {
  return `${kind} ${realm}`;
}

/** The canonical text; any other spelling of the same name is refused, because parsers disagree on those. */
export function uriOf({ kind, realm }: Subject): string {
  return `canopy://${realm}/${kind}`;
}

const URI = /^canopy:\/\/([a-z0-9.-]+)\/(root|authority|node|relay)$/;

/** The realm and kind of a canonical name; undefined for any other text. */
export function parseUri(text: string): Pick<Subject, 'realm' | 'kind'> | undefined {
  const [, realm, path] = URI.exec(text) ?? [];
  const kind = (['root', 'authority', ...ROLES] as const).find((known) => known === path);
  return realm !== undefined && kind && isRealmName(realm) ? { realm, kind } : undefined;
}

export const tierOfText = (text: string): Tier | undefined => TIERS.find((tier) => tier === text);

/** What an authority may vouch for. `.X` is every name below X (RFC 5280 section 4.2.1.10). */
export function permittedUris({ realm, tier }: Subject): string[] {
  return tier === 'branch' ? [realm] : [realm, `.${realm}`];
}

/** Why `issuer` may not have certified `subject`; undefined when it may. */
export function issuerObjection(issuer: Subject, subject: Subject): 'cert-name' | 'cert-tier' | undefined {
  const same = issuer.realm === subject.realm;
  if (!same && parentOf(subject.realm) !== issuer.realm) return 'cert-name';
  if (issuer.kind === 'root')
    return same && subject.kind === 'authority' && subject.tier === 'region' ? undefined : 'cert-tier';
  if (!same)
    return CHILD_TIERS[issuer.tier].includes(subject.tier) && subject.kind !== 'node' ? undefined : 'cert-tier';
  return subject.tier === issuer.tier && !isAuthorityKind(subject.kind) ? undefined : 'cert-tier';
}
