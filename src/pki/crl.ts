// Certificate revocation lists (RFC 5280 section 5): version 2, ECDSA with SHA-256, signed by the authority that issued what is
// revoked. Any tool reads them: `openssl crl -verify`, `openssl verify -crl_check_all`. Read as strictly as certificates are.
//
// They travel in the ledger, so nobody waits for the next one: `nextUpdate` is the end of the authority itself, and is not judged.

import { verify } from 'node:crypto';
import { concat } from 'uint8arrays/concat';
import { equals } from 'uint8arrays/equals';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { RefusedError } from '../realm/errors.ts';
import type { CheckedAuthority } from './authority-path.ts';
import { ECDSA_SHA256, readSerial, readTime } from './certificate-form.ts';
import {
  checkStrict,
  type Der,
  expectTag,
  readAll,
  readBoolean,
  readOid,
  readOne,
  readSequence,
  readSmall,
  TAG,
  writeDer,
} from './der.ts';
import { keyUsage, subjectKeyIdentifier, USAGE } from './extensions.ts';
import type { Signer } from './keys.ts';

export interface RevokedCertificate {
  /** Lower-case hex without leading zeros. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface Crl {
  readonly number: number;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly revoked: readonly RevokedCertificate[];
}

/** With its authority's chain it must fit into one entry of the ledger. */
export const MAX_CRL = 14 * 1024;
/** Certificates in one list; each is left out once it could not be renewed any more. */
export const MAX_REVOKED = 380;
const VERSION_2 = 1;
const CONTEXT_0 = 0xa0;
/** In the authority key identifier. */
const KEY_IDENTIFIER = 0x80;
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
const CRL_NUMBER = '2.5.29.20';
const OID_AKI = fromString('0603551d23', 'hex');
const OID_NUMBER = fromString('0603551d14', 'hex');
const SECOND = 1000;
/** The first year that UTCTime cannot say. */
const FIRST_LONG_YEAR = 2050;

function malformed(what: string, cause?: unknown): RefusedError {
  return new RefusedError(
    'crl-malformed',
    `the revocation list is malformed: ${what}`,
    cause === undefined ? {} : { cause },
  );
}

/** @param authority the certificate whose key signs. @throws RefusedError `crl-full` */
export async function createCrl(crl: Crl, authority: CheckedAuthority, signer: Signer): Promise<Uint8Array> {
  if (crl.revoked.length > MAX_REVOKED) {
    throw new RefusedError(
      'crl-full',
      `a revocation list holds ${MAX_REVOKED} certificates, not ${crl.revoked.length}`,
      {
        hint: 'Revoke the realm above them instead.',
      },
    );
  }
  const entries = crl.revoked.map(({ serial, at }) =>
    writeDer(TAG.sequence, integer(fromString(serial, 'hex')), time(at)),
  );
  const signed = writeDer(
    TAG.sequence,
    Uint8Array.of(TAG.integer, 1, VERSION_2),
    ECDSA_SHA256,
    authority.certificate.subject,
    time(crl.thisUpdate),
    time(crl.nextUpdate),
    ...(entries.length > 0 ? [writeDer(TAG.sequence, ...entries)] : []),
    writeDer(CONTEXT_0, extensions(crl.number, identifierOf(authority))),
  );
  const signature = await signer.sign(signed);
  return writeDer(TAG.sequence, signed, ECDSA_SHA256, writeDer(TAG.bitString, Uint8Array.of(0), signature));
}

/** By which a list names the key that signed it. */
function identifierOf({ certificate }: CheckedAuthority): Uint8Array {
  return writeDer(TAG.sequence, writeDer(KEY_IDENTIFIER, subjectKeyIdentifier(certificate)));
}

function extensions(number: number, aki: Uint8Array): Uint8Array {
  return writeDer(
    TAG.sequence,
    writeDer(TAG.sequence, OID_AKI, writeDer(TAG.octetString, aki)),
    writeDer(TAG.sequence, OID_NUMBER, writeDer(TAG.octetString, integer(wholeNumber(number)))),
  );
}

function wholeNumber(number: number): Uint8Array {
  const hex = number.toString(16);
  return fromString(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
}

/** Positive, in its shortest form. */
function integer(bytes: Uint8Array): Uint8Array {
  return writeDer(TAG.integer, (bytes[0] ?? 0) >= 0x80 ? concat([Uint8Array.of(0), bytes]) : bytes);
}

function time(at: number): Uint8Array {
  const date = new Date(Math.floor(at / SECOND) * SECOND);
  const digits = `${date.toISOString().replaceAll(/[-:T]|\.000/g, '')}`;
  const long = date.getUTCFullYear() >= FIRST_LONG_YEAR;
  return writeDer(long ? TAG.generalizedTime : TAG.utcTime, fromString(long ? digits : digits.slice(2), 'latin1'));
}

/**
 * Whether `der` is a list of this authority's, and what it says. Dates are not judged: what was revoked stays so.
 * @throws RefusedError `crl-malformed`, `crl-not-issued`, `crl-bad-signature`
 */
export function readCrl(der: Uint8Array, authority: CheckedAuthority): Crl {
  try {
    return read(der, authority);
  } catch (cause) {
    if (cause instanceof RefusedError && cause.code.startsWith('crl-')) throw cause;
    throw malformed('it is no revocation list of the form expected', cause);
  }
}

function read(der: Uint8Array, authority: CheckedAuthority): Crl {
  checkStrict(der, 0, MAX_CRL);
  const [signed, algorithm, signature, ...rest] = readSequence(der, 'the list');
  const fields = readAll(expectTag(signed, TAG.sequence, 'the signed part').content);
  const [version, inner, issuer, thisUpdate, nextUpdate, ...more] = fields;
  if (rest.length > 0 || readSmall(expectTag(version, TAG.integer, 'the version').content) !== VERSION_2)
    throw malformed('it is not of version 2');
  const algorithms = [algorithm, inner].map((element) => expectTag(element, TAG.sequence, 'the algorithm').whole);
  if (!algorithms.every((one) => equals(one, ECDSA_SHA256))) throw malformed('it is not signed by ECDSA with SHA-256');
  const list = more[0]?.tag === TAG.sequence ? more.shift() : undefined;
  const [tail, ...unknown] = more;
  if (unknown.length > 0) throw malformed('the signed part has unknown fields');
  checkIssuer(expectTag(issuer, TAG.sequence, 'the issuer').whole, authority);
  checkSignature(signed, expectTag(signature, TAG.bitString, 'the signature'), authority);
  return {
    thisUpdate: readTime(thisUpdate),
    nextUpdate: readTime(nextUpdate),
    revoked: list ? readEntries(list) : [],
    number: readNumber(expectTag(tail, CONTEXT_0, 'the list of extensions'), authority),
  };
}

function checkIssuer(name: Uint8Array, authority: CheckedAuthority): void {
  const mayRevoke = ((keyUsage(authority.certificate) ?? 0) & USAGE.crlSign) !== 0;
  if (mayRevoke && equals(name, authority.certificate.subject)) return;
  throw new RefusedError('crl-not-issued', `the revocation list is not one of the authority of ${authority.realm}`);
}

function checkSignature(signed: Der | undefined, { content }: Der, authority: CheckedAuthority): void {
  const [unused, ...bits] = content;
  if (signed && unused === 0 && verify('sha256', signed.whole, authority.key, Uint8Array.from(bits))) return;
  throw new RefusedError(
    'crl-bad-signature',
    `the revocation list is not signed by the authority of ${authority.realm}`,
  );
}

/** A list that revokes nothing has no entries at all (RFC 5280 section 5.1.2.6). */
function readEntries({ content }: Der): RevokedCertificate[] {
  if (content.length === 0) throw malformed('its entries are empty');
  return readAll(content).map(readEntry);
}

/** Extensions of an entry (a reason) may be there, none of them critical. */
function readEntry(entry: Der): RevokedCertificate {
  const [serial, at, further, ...rest] = readAll(expectTag(entry, TAG.sequence, 'an entry').content);
  if (rest.length > 0) throw malformed('an entry has unknown fields');
  if (further) readExtensions(further.whole, []);
  return { serial: readSerial(serial), at: readTime(at) };
}

/** Of two authorities with one name the identifier of the key tells whose list it is: openssl goes by it, and so do we. */
function readNumber({ content }: Der, authority: CheckedAuthority): number {
  const found = readExtensions(content, [AUTHORITY_KEY_IDENTIFIER, CRL_NUMBER]);
  const number = found.get(CRL_NUMBER);
  if (!number) throw malformed('it has no number');
  const expected = identifierOf(authority);
  if (!equals(found.get(AUTHORITY_KEY_IDENTIFIER) ?? new Uint8Array(), expected))
    throw new RefusedError('crl-not-issued', `the revocation list names another key than that of ${authority.realm}`);
  const { content: digits } = readOne(number, TAG.integer, 'the number');
  const value = Number.parseInt(toString(digits, 'hex'), 16);
  if (!Number.isSafeInteger(value) || (digits[0] ?? 0) >= 0x80) throw malformed('its number is out of range');
  return value;
}

function readExtensions(list: Uint8Array, known: readonly string[]): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const item of readSequence(list, 'the extensions')) {
    const [oid, ...rest] = readAll(expectTag(item, TAG.sequence, 'an extension').content);
    const name = readOid(expectTag(oid, TAG.oid, 'an extension').content);
    const isCritical = rest.length === 2 && readBoolean(expectTag(rest[0], TAG.boolean, 'a critical flag').content);
    if (rest.length > 2 || found.has(name)) throw malformed(`the extension ${name} is there twice, or has more in it`);
    if (isCritical && !known.includes(name)) throw malformed(`the critical extension ${name} is not known here`);
    found.set(name, expectTag(rest.at(-1), TAG.octetString, 'an extension').content);
  }
  return found;
}
