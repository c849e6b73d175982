// What was revoked, as all valid revocation lists ever seen say: a certificate that stood in one stays revoked, whatever a later
// list leaves out. A list is taken only with the chain of the authority that signed it, up to the root that is trusted here,
// and not from an authority that was revoked itself.
//
// One list with its chain, as it stands in the ledger and goes to the relay: [1, CRL (DER), [certificate, …]].
import { toString } from 'uint8arrays/to-string';
import { tryReadCbor, writeCbor } from '../realm/cbor.ts';
import { RefusedError } from '../realm/errors.ts';
import type { RealmName } from '../realm/names.ts';
import { type CheckedAuthority, checkAuthorities } from './authority-path.ts';
import { type Chain, expectChain, fingerprintOf, MAX_CHAIN } from './chain.ts';
import { type Crl, MAX_CRL, readCrl } from './crl.ts';

/** A list and the chain of the authority that signed it, own certificate first, root last. */
export interface SignedCrl {
  readonly crl: Uint8Array;
  readonly chain: Chain;
}

/** A list that was checked. */
export interface CheckedCrl extends Crl {
  readonly issuer: RealmName;
  /** `keyName` of the key that signed: an authority keeps it when it is renewed. */
  readonly key: string;
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

/** By which the lists of one authority's key are told from those of others. */
export const keyName = (spki: Uint8Array): string => toString(spki, 'base64pad');

interface Newest {
  readonly list: Crl;
  readonly issuer: RealmName;
  readonly bytes: Uint8Array;
}

export class Revocations {
  readonly #rootFingerprint: string;
  /** Serial and issuer to the earliest time. */
  readonly #revoked = new Map<string, number>();
  /** The newest list of each key, as it came. */
  readonly #newest = new Map<string, Newest>();

  constructor(rootFingerprint: string) {
    this.#rootFingerprint = rootFingerprint;
  }

  /**
   * Takes a list; undefined when it says nothing new.
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
    if (!known || known.list.number < list.number) this.#newest.set(key, { list, issuer, bytes });
    const fresh = list.revoked.filter(({ serial, at }) => this.#add(serial, issuer, at));
    return fresh.length > 0 || !known ? { ...list, issuer, key } : undefined;
  }

  isRevoked(serial: string, issuer: RealmName): boolean {
    return this.#revoked.has(`${serial} ${issuer}`);
  }

  /** Milliseconds since 1970. */
  revokedAt(serial: string, issuer: RealmName): number | undefined {
    return this.#revoked.get(`${serial} ${issuer}`);
  }

  /** The newest list that revokes this certificate, as it came. */
  proofOf(serial: string, issuer: RealmName): Uint8Array | undefined {
    const proofs = [...this.#newest.values()].filter((one) => one.issuer === issuer && names(one.list, serial));
    return proofs.toSorted((a, b) => b.list.number - a.list.number)[0]?.bytes;
  }

  /** The newest list of each authority's key, as they came. */
  newest(): Uint8Array[] {
    return [...this.#newest.values()].map(({ bytes }) => bytes);
  }

  /** The newest list of an authority's key; see `keyName`. */
  listOf(key: string): Crl | undefined {
    return this.#newest.get(key)?.list;
  }

  get size(): number {
    return this.#revoked.size;
  }

  /** True when it was not known, or known for a later time. */
  #add(serial: string, issuer: RealmName, at: number): boolean {
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
      if (issuer && this.isRevoked(certificate.serial, issuer.realm))
        throw new RefusedError('cert-revoked', `the authority of ${realm} was revoked and revokes nothing any more`);
    }
    return path;
  }
}

function names({ revoked }: Crl, serial: string): boolean {
  return revoked.some((one) => one.serial === serial);
}

/** One text for each certificate of a chain and who issued it; for asking whether any of them was revoked. */
export function serialsOf(chain: Chain): { readonly serial: string; readonly issuer: RealmName }[] {
  const path = checkAuthorities(chain);
  return path.flatMap(({ certificate: { serial } }, index) => {
    const issuer = path[index + 1];
    return issuer ? [{ serial, issuer: issuer.realm }] : [];
  });
}
