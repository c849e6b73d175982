// The expiry forecast: every certificate that this node knows of, when it ends, when it will be renewed and by whom, and what an
// operator has to be told in time.

import { parseCertificate } from '../../src/pki/certificate.ts';
import { type Chain, decodeChain } from '../../src/pki/chain.ts';
import { renewsAt } from '../../src/pki/renewal.ts';
import { parentOf, type RealmName, type Role } from '../../src/realm/names.ts';
import type { CertifiedRealm } from '../ledger/ledger.ts';

/** What becomes of a certificate. */
export const CERTIFICATE_STATES = ['valid', 'due', 'expired', 'revoked'] as const;
export type CertificateState = (typeof CERTIFICATE_STATES)[number];
export const CERTIFICATE_KINDS = ['root', 'authority', 'lan-authority', 'lan', 'node', 'relay'] as const;
export type CertificateKind = (typeof CERTIFICATE_KINDS)[number];

export interface Forecast {
  readonly kind: CertificateKind;
  readonly realm: RealmName;
  /** Who signed it; absent for a LAN certificate of a company's own. */
  readonly issuer?: RealmName;
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly state: CertificateState;
  /** When it is renewed by itself, milliseconds since 1970; absent where a person has to do it. */
  readonly renewsAt?: number;
  /** Why the last try failed. */
  readonly lastError?: string;
}

export interface ForecastParts {
  readonly realm: RealmName;
  /** Own certificate first, root last. */
  readonly authority: Chain;
  /** Of the programs on this host. */
  readonly leaves: readonly { readonly role: Role; readonly chain: Chain }[];
  readonly lan: readonly {
    readonly kind: 'lan' | 'lan-authority';
    readonly der: Uint8Array;
    readonly isOurs: boolean;
  }[];
  /** Certified below and beside this realm. */
  readonly others: readonly CertifiedRealm[];
  readonly lastErrors: { readonly authority?: string | undefined; readonly leaf?: string | undefined };
  isRevoked(serial: string, issuer: RealmName): boolean;
  readonly now: number;
}

/** Own certificates first, from the root down. */
export function forecast(parts: ForecastParts): Forecast[] {
  return [...authorities(parts), ...leaves(parts), ...ofTheLan(parts), ...others(parts)];
}

function authorities(parts: ForecastParts): Forecast[] {
  const { realm, authority, lastErrors } = parts;
  const names = [realm, ...ancestors(realm), rootRealm(realm)].slice(0, authority.length);
  const rows = authority.map((der, index) => {
    const isRoot = index === authority.length - 1;
    const name = names[index] ?? rootRealm(realm);
    const issuer = isRoot ? name : (names[index + 1] ?? name);
    // A region's authority has only the offline root above it.
    const byItself = !isRoot && index < authority.length - 2;
    const row = judged(der, { kind: isRoot ? 'root' : 'authority', realm: name, issuer, byItself }, parts);
    return index === 0 && lastErrors.authority ? { ...row, lastError: lastErrors.authority } : row;
  });
  return rows.toReversed();
}

function leaves(parts: ForecastParts): Forecast[] {
  const { realm, authority, lastErrors } = parts;
  return parts.leaves.flatMap(({ role, chain: [der, above] }) => {
    if (!der) return [];
    const isOwn = above !== undefined && authority[0] !== undefined && Buffer.from(above).equals(authority[0]);
    const issuer = isOwn || authority.length < 3 ? realm : issuerOfLeaf(realm, above, authority);
    const row = judged(der, { kind: role, realm, issuer, byItself: true }, parts);
    return [lastErrors.leaf ? { ...row, lastError: lastErrors.leaf } : row];
  });
}

/** A relay that joined before its node has its first certificate from the realm above; an older authority has the same key. */
function issuerOfLeaf(realm: RealmName, above: Uint8Array | undefined, [own]: Chain): RealmName {
  const isSameKey = above && own && Buffer.from(parseCertificate(above).spki).equals(parseCertificate(own).spki);
  return isSameKey ? realm : (parentOf(realm) ?? realm);
}

function ofTheLan(parts: ForecastParts): Forecast[] {
  return parts.lan.map(({ kind, der, isOurs }) => {
    const signer = isOurs ? { issuer: parts.realm } : {};
    return judged(der, { kind, realm: parts.realm, ...signer, byItself: isOurs }, parts);
  });
}

function others(parts: ForecastParts): Forecast[] {
  return parts.others
    .filter(({ realm }) => realm !== parts.realm)
    .toSorted((a, b) => (a.realm < b.realm ? -1 : 1))
    .flatMap(({ realm, issuer, chain }) => {
      const [der] = decodeChain(chain);
      return der ? [judged(der, { kind: 'authority', realm, issuer, byItself: true }, parts)] : [];
    });
}

interface Named {
  readonly kind: CertificateKind;
  readonly realm: RealmName;
  readonly issuer?: RealmName;
  readonly byItself: boolean;
}

function judged(der: Uint8Array, { byItself, ...named }: Named, { now, isRevoked }: ForecastParts): Forecast {
  const { serial, notBefore, notAfter } = parseCertificate(der);
  const due = renewsAt({ notBefore, notAfter });
  const isCut = named.issuer !== undefined && isRevoked(serial, named.issuer);
  const state = isCut ? 'revoked' : now > notAfter ? 'expired' : now > due && named.kind !== 'root' ? 'due' : 'valid';
  return { ...named, serial, notBefore, notAfter, state, ...(byItself ? { renewsAt: Math.floor(due) } : {}) };
}

function ancestors(realm: RealmName): RealmName[] {
  const parent = parentOf(realm);
  return parent ? [parent, ...ancestors(parent)] : [];
}

function rootRealm(realm: RealmName): RealmName {
  return ancestors(realm).at(-1) ?? realm;
}

const DAY = 24 * 60 * 60 * 1000;
/** A person needs time to open a safe. */
const WARN_OFFLINE = 180 * DAY;
/** Of what renews itself something is wrong when it has come so near. */
const WARN_FAILING = 0.2;

/** For `status`: what ends soon and needs a hand, what should have renewed itself, what was revoked. */
export function forecastWarnings(rows: readonly Forecast[], own: RealmName, now: number): string[] {
  return rows.flatMap((row) => {
    const { kind, realm, notBefore, notAfter, state, renewsAt: byItself, lastError } = row;
    // The LAN's own part tells of those.
    if (kind === 'lan') return [];
    const name = `certificate of the ${kind} of ${realm}`;
    const days = Math.max(0, Math.floor((notAfter - now) / DAY));
    const why = lastError ? `; last try failed: ${lastError}` : '';
    if (state === 'revoked')
      return [realm === own ? `${name} was revoked: nobody admits it any more` : `${name} was revoked`];
    if (state === 'expired') return [`${name} ended ${new Date(notAfter).toISOString()}${why}`];
    const isFailing = byItself !== undefined && notAfter - now < (notAfter - notBefore) * WARN_FAILING;
    if (isFailing) return [`${name} ends in ${days} days and has not renewed itself${why}`];
    const needsHand = byItself === undefined && notAfter - now < WARN_OFFLINE;
    return needsHand ? [`${name} ends in ${days} days: it does not renew itself (canopy cert renew --help)`] : [];
  });
}
