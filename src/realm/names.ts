// Names of realms. A realm is a named place in the hierarchy: a region (`ua`), an enterprise (`acme.ua`) or a branch
// (`kyiv.acme.ua`). Labels are lower case LDH as in RFC 1035 section 2.3.1, so that a name is also a valid DNS name and
// the host of the URI in a certificate. Which tier a name has is stated by its certificate, never guessed from depth.
import { InputError } from './errors.ts';

declare const realmName: unique symbol;
export type RealmName = string & { readonly [realmName]: true };

export const TIERS = ['region', 'enterprise', 'branch'] as const;
export type Tier = (typeof TIERS)[number];

export const ROLES = ['node', 'relay'] as const;
export type Role = (typeof ROLES)[number];

/** The most that DNS allows. */
const MAX_NAME = 253;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** @throws InputError `bad-realm-name` */
export function parseRealmName(text: string): RealmName {
  if (text.length === 0 || text.length > MAX_NAME || !text.split('.').every((label) => LABEL.test(label))) {
    throw new InputError('bad-realm-name', `"${text.slice(0, 80)}" is not a realm's name`, {
      hint: 'Use labels of lower-case letters, digits and inner hyphens, joined by dots: kyiv.acme.ua',
    });
  }
  return text as RealmName;
}

export function isRealmName(text: string): text is RealmName {
  try {
    parseRealmName(text);
    return true;
  } catch {
    return false;
  }
}

/** The name without its first label; undefined for a single label. */
export function parentOf(realm: RealmName): RealmName | undefined {
  const dot = realm.indexOf('.');
  return dot === -1 ? undefined : (realm.slice(dot + 1) as RealmName);
}

/** The names above a realm, nearest first: `acme.ua`, `ua` for `kyiv.acme.ua`. */
export function ancestorsOf(realm: RealmName): RealmName[] {
  const parent = parentOf(realm);
  return parent === undefined ? [] : [parent, ...ancestorsOf(parent)];
}

/** True for the realm itself and for every name below it. */
export function isWithin(realm: RealmName, ancestor: RealmName): boolean {
  return realm === ancestor || realm.endsWith(`.${ancestor}`);
}

export function parseTier(text: string): Tier {
  const tier = TIERS.find((known) => known === text);
  if (!tier) throw new InputError('bad-tier', `"${text}" is not a tier; expected ${TIERS.join(', ')}`);
  return tier;
}
