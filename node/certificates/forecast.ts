// The expiry forecast: every certificate that this node knows of, when it ends, when it will be renewed and by whom, and what an
// operator has to be told in time.

import { parseCertificate } from '../../src/pki/certificate.ts';
import { type Chain, decodeChain } from '../../src/pki/chain.ts';
import { type KeyName, keyName } from '../../src/pki/keys.ts';
import { renewsAt } from '../../src/pki/renewal.ts';
import { parentOf, type RealmName, type Role } from '../../src/realm/names.ts';
import type { CertifiedRealm } from '../ledger/ledger.ts';

/** What becomes of a certificate; `replaced`: an authority whose realm has another key by now. */
export const CERTIFICATE_STATES = ['valid', 'due', 'replaced', 'expired', 'revoked'] as const;
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
  /** The own authority that was replaced and is not retired. */
  readonly old?: Chain | undefined;
  /** Whether the chains of the ledger say that this key of a realm's authority was replaced. */
  isReplaced?(realm: RealmName, key: KeyName): boolean;
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
  isRevoked(serial: string, issuer: KeyName): boolean;
  readonly now: number;
}

/** Own certificates first, from the root down. */
export function forecast(parts: ForecastParts): Forecast[] {
  return [...authorities(parts), ...oldAuthority(parts), ...leaves(parts), ...ofTheLan(parts), ...others(parts)];
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
    const named = { kind: isRoot ? 'root' : 'authority', realm: name, issuer, byItself } as const;
    const row = judged([der, authority[index + 1]], named, parts);
    return index === 0 && lastErrors.authority ? { ...row, lastError: lastErrors.authority } : row;
  });
  return rows.toReversed();
}

/** It signs lists until it ends; what is below it moves to the new one. */
function oldAuthority(parts: ForecastParts): Forecast[] {
  const [der, above] = parts.old ?? [];
  if (!der) return [];
  const { realm } = parts;
  const named = { kind: 'authority', realm, issuer: parentOf(realm) ?? realm, byItself: false } as const;
  const row = judged([der, above], named, parts);
  return [row.state === 'revoked' || row.state === 'expired' ? row : { ...row, state: 'replaced' }];
}

function leaves(parts: ForecastParts): Forecast[] {
  const { realm, authority, lastErrors } = parts;
  return parts.leaves.flatMap(({ role, chain: [der, above] }) => {
    if (!der) return [];
    const issuer = authority.length < 3 ? realm : issuerOfLeaf(parts, above);
    const row = judged([der, above], { kind: role, realm, issuer, byItself: true }, parts);
    return [lastErrors.leaf ? { ...row, lastError: lastErrors.leaf } : row];
  });
}

/** A relay that joined before its node has its first certificate from the realm above; an older authority has the same key. */
function issuerOfLeaf({ realm, authority, old }: ForecastParts, above: Uint8Array | undefined): RealmName {
  const keys = [authority[0], old?.[0]].flatMap((der) => (der ? [keyOf(der)] : []));
  return above && keys.includes(keyOf(above)) ? realm : (parentOf(realm) ?? realm);
}

function keyOf(der: Uint8Array): KeyName {
  return keyName(parseCertificate(der).spki);
}

function ofTheLan(parts: ForecastParts): Forecast[] {
  return parts.lan.map(({ kind, der, isOurs }) => {
    const signer = isOurs ? { issuer: parts.realm } : {};
    return judged([der, undefined], { kind, realm: parts.realm, ...signer, byItself: isOurs }, parts);
  });
}

/** The ledger has the certificates of the realms above, too: each is told once. One that was renewed meanwhile is another. */
function others(parts: ForecastParts): Forecast[] {
  const told = new Set(parts.authority.map((der) => Buffer.from(der).toString('base64')));
  return parts.others
    .filter(({ realm }) => realm !== parts.realm)
    .toSorted((a, b) => (a.realm < b.realm ? -1 : 1))
    .flatMap(({ realm, issuer, chain }) => {
      const [der, above] = decodeChain(chain);
      if (!der || told.has(Buffer.from(der).toString('base64'))) return [];
      return [judged([der, above], { kind: 'authority', realm, issuer, byItself: true }, parts)];
    });
}

interface Named {
  readonly kind: CertificateKind;
  readonly realm: RealmName;
  readonly issuer?: RealmName;
  readonly byItself: boolean;
}

/** @param pair the certificate and the one that issued it */
function judged(
  [der, above]: readonly [Uint8Array, Uint8Array | undefined],
  { byItself, ...named }: Named,
  { now, isRevoked, isReplaced }: ForecastParts,
): Forecast {
  const { serial, notBefore, notAfter, spki } = parseCertificate(der);
  const due = renewsAt({ notBefore, notAfter });
  const isCut = above !== undefined && isRevoked(serial, keyOf(above));
  const isOld = named.kind === 'authority' && isReplaced?.(named.realm, keyName(spki)) === true;
  const good = isOld ? 'replaced' : now > due && named.kind !== 'root' ? 'due' : 'valid';
  const state = isCut ? 'revoked' : now > notAfter ? 'expired' : good;
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

function replacedWarning({ realm, serial, notAfter }: Forecast, own: RealmName): string {
  const until = new Date(notAfter).toISOString();
  return realm === own
    ? `authority of ${realm} was replaced: the old one (${serial}) still counts, until ${until} or canopy cert retire`
    : `authority of ${realm} was replaced: ${own} is still below the old one (until ${until}) and moves by itself; canopy cert renew moves it now`;
}

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
    if (state === 'replaced') return [replacedWarning(row, own)];
    const isFailing = byItself !== undefined && notAfter - now < (notAfter - notBefore) * WARN_FAILING;
    if (isFailing) return [`${name} ends in ${days} days and has not renewed itself${why}`];
    const needsHand = byItself === undefined && notAfter - now < WARN_OFFLINE;
    return needsHand ? [`${name} ends in ${days} days: it does not renew itself (canopy cert renew --help)`] : [];
  });
}
