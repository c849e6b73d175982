// What was revoked, as all valid revocation lists ever seen say: a certificate that stood in one stays revoked, whatever a later
// list leaves out. A list speaks of what the very key that signed it has issued and of nothing else, as in RFC 5280: of two authorities
// of one realm, one of which replaces the other, neither revokes what the other has certified. A list is taken only with the chain of the authority that signed it, up to the root that is trusted here,
// and not from an authority that was revoked itself.
//
// One list with its chain, as it stands in the ledger and goes to the relay: [1, CRL (DER), [certificate, …]].
import { tryReadCbor, writeCbor } from '../realm/cbor.ts';
import { RefusedError } from '../realm/errors.ts';
import type { RealmName } from '../realm/names.ts';
import { type CheckedAuthority, checkAuthorities } from './authority-path.ts';
import { parseCertificate } from './certificate.ts';
import { type Chain, expectChain, fingerprintOf, MAX_CHAIN } from './chain.ts';
import { type Crl, MAX_CRL, readCrl } from './crl.ts';
import { type KeyName, keyName } from './keys.ts';

/** A list and the chain of the authority that signed it, own certificate first, root last. */
export interface SignedCrl {
  readonly crl: Uint8Array;
  readonly chain: Chain;
}

/** A list that was checked. */
export interface CheckedCrl extends Crl {
  readonly issuer: RealmName;
  /** Of the key that signed: an authority keeps it when it is renewed, and has another when it is replaced. */
  readonly key: KeyName;
}

const VERSION = 1;
export const MAX_SIGNED_CRL = MAX_CRL + MAX_CHAIN + 64;

export function encodeSignedCrl({ crl, chain }: SignedCrl): Uint8Array {
  return writeCbor([VERSION, crl, [...chain]]);
}

/** @throws RefusedError `crl-malformed`, `cert-malformed` */
export function decodeSignedCrl(bytes: Uint8Array): SignedCrl {
  const fields = bytes.length > MAX_SIGNED_CRL ? undefined : tryReadCbor(bytes);
  if (!Array.isArray(fields) || fields.length !== 3) throw malformed('expected version, list and chain');
  const [version, crl, chain]: unknown[] = fields;
  if (version !== VERSION || !(crl instanceof Uint8Array) || crl.length > MAX_CRL) throw malformed('a field is wrong');
  return { crl, chain: expectChain(chain) };
}

function malformed(what: string): RefusedError {
  return new RefusedError('crl-malformed', `this is no revocation list with its chain: ${what}`);
}

interface Newest {
  readonly list: Crl;
  readonly bytes: Uint8Array;
  readonly realm: RealmName;
  /** When the certificate of the authority that signed it was made. */
  readonly since: number;
}

export class Revocations {
  readonly #rootFingerprint: string;
  /** Serial and issuer's key to the earliest time. */
  readonly #revoked = new Map<string, number>();
  /** The newest list of each key, as it came. */
  readonly #newest = new Map<KeyName, Newest>();

  constructor(rootFingerprint: string) {
    this.#rootFingerprint = rootFingerprint;
  }

  /**
   * Takes a list; undefined when it says nothing new. One that is newer says that its authority has another chain, if nothing else.
   * @param author the realm whose list it must be, when that is known
   * @throws RefusedError `crl-…`, `cert-…`
   */
  take(bytes: Uint8Array, author?: RealmName): CheckedCrl | undefined {
    const { crl, chain } = decodeSignedCrl(bytes);
    const path = this.#checkPath(chain);
    const [authority] = path;
    if (!authority) throw malformed('the chain is empty');
    if (author !== undefined && authority.realm !== author)
      throw new RefusedError('crl-not-issued', `${author} tells what ${authority.realm} would have revoked`);
    const list = readCrl(crl, authority);
    const key = keyName(authority.certificate.spki);
    const { realm: issuer } = authority;
    const known = this.#newest.get(key);
    const isNewest = !known || known.list.number < list.number;
    if (isNewest) this.#newest.set(key, { list, bytes, realm: issuer, since: authority.certificate.notBefore });
    const fresh = list.revoked.filter(({ serial, at }) => this.#add(serial, key, at));
    return fresh.length > 0 || isNewest ? { ...list, issuer, key } : undefined;
  }

  isRevoked(serial: string, issuer: KeyName): boolean {
    return this.#revoked.has(`${serial} ${issuer}`);
  }

  /** Milliseconds since 1970. */
  revokedAt(serial: string, issuer: KeyName): number | undefined {
    return this.#revoked.get(`${serial} ${issuer}`);
  }

  /** The newest list that revokes this certificate, as it came. */
  proofOf(serial: string, issuer: KeyName): Uint8Array | undefined {
    const newest = this.#newest.get(issuer);
    return newest && names(newest.list, serial) ? newest.bytes : undefined;
  }

  /** The newest list of each authority's key, as they came. */
  newest(): Uint8Array[] {
    return [...this.#newest.values()].map(({ bytes }) => bytes);
  }

  /** The newest list of an authority's key. */
  listOf(key: KeyName): Crl | undefined {
    return this.#newest.get(key)?.list;
  }

  chainOfList(key: KeyName): Chain | undefined {
    const newest = this.#newest.get(key);
    return newest && decodeSignedCrl(newest.bytes).chain;
  }

  /** The chain of a realm's newest authority, of those whose lists are known. */
  newestChainOf(realm: RealmName): Chain | undefined {
    const own = [...this.#newest.values()].filter((one) => one.realm === realm).sort((a, b) => b.since - a.since);
    // The root's list speaks in the name of its region.
    return own.map(({ bytes }) => decodeSignedCrl(bytes).chain).find((chain) => chain.length > 1);
  }

  get size(): number {
    return this.#revoked.size;
  }

  /** True when it was not known, or known for a later time. */
  #add(serial: string, issuer: KeyName, at: number): boolean {
    const name = `${serial} ${issuer}`;
    const known = this.#revoked.get(name);
    if (known !== undefined && known <= at) return false;
    this.#revoked.set(name, at);
    return known === undefined;
  }

  #checkPath(chain: Chain): readonly CheckedAuthority[] {
    const root = chain.at(-1) ?? new Uint8Array();
    if (fingerprintOf(root) !== this.#rootFingerprint)
      throw new RefusedError('cert-unknown-root', 'a revocation list comes from below another root');
    const path = checkAuthorities(chain);
    for (const [index, { certificate, realm }] of path.entries()) {
      const issuer = path[index + 1];
      if (issuer && this.isRevoked(certificate.serial, keyName(issuer.certificate.spki)))
        throw new RefusedError('cert-revoked', `the authority of ${realm} was revoked and revokes nothing any more`);
    }
    return path;
  }
}

function names({ revoked }: Crl, serial: string): boolean {
  return revoked.some((one) => one.serial === serial);
}

/** A certificate as revocation lists know it: its number, and the key that issued it. */
export interface IssuedSerial {
  readonly serial: string;
  readonly issuer: KeyName;
}

/** The same of any chain that was checked before, a leaf's too. */
export function serialsIn(chain: Chain): IssuedSerial[] {
  const certificates = chain.map((der) => parseCertificate(der));
  return certificates.flatMap(({ serial }, index) => {
    const issuer = certificates[index + 1];
    return issuer ? [{ serial, issuer: keyName(issuer.spki) }] : [];
  });
}

/** Of each certificate of an authority's chain but the root; for asking whether any of them was revoked. */
export function serialsOf(chain: Chain): IssuedSerial[] {
  const path = checkAuthorities(chain);
  return path.flatMap(({ certificate: { serial } }, index) => {
    const issuer = path[index + 1];
    return issuer ? [{ serial, issuer: keyName(issuer.certificate.spki) }] : [];
  });
}
