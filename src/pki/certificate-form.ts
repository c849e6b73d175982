// One certificate (RFC 5280 section 4.1), read strictly and judged by nothing but its form; also in a browser. certificate.ts has OpenSSL
// read it as well.
import { equals } from 'uint8arrays/equals';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { RefusedError } from '../realm/errors.ts';
import {
  checkStrict,
  type Der,
  expectTag,
  malformed,
  readAll,
  readBoolean,
  readInteger,
  readOid,
  readOne,
  readSequence,
  readSmall,
  TAG,
} from './der.ts';

export interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export interface CertificateForm {
  readonly der: Uint8Array;
  /** Lower-case hex without leading zeros. */
  readonly serial: string;
  /** Whole DER of the names. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since 1970, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly spki: Uint8Array;
  /** By dotted object identifier. */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** What was signed, whole, and the DER of the ECDSA signature. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

const MAX_SERIAL = 20;
const MAX_EXTENSIONS = 16;
const VERSION_3 = 2;
const CONTEXT_0 = 0xa0;
const CONTEXT_3 = 0xa3;
/** AlgorithmIdentifier of ecdsa-with-SHA256, without parameters (RFC 5758 section 3.2). */
export const ECDSA_SHA256 = fromString('300a06082a8648ce3d040302', 'hex');

/** @throws RefusedError `cert-malformed`, `cert-algorithm` */
export function readCertificate(der: Uint8Array): CertificateForm {
  checkStrict(der);
  const [tbs, algorithm, signature, ...rest] = readSequence(der, 'the certificate');
  if (rest.length > 0) throw malformed('it has more than three parts');
  const [unused, ...signatureBytes] = expectTag(signature, TAG.bitString, 'the signature').content;
  if (unused !== 0) throw malformed('the signature is no whole number of bytes');
  const signed = expectTag(tbs, TAG.sequence, 'the signed part');
  const fields = readAll(signed.content);
  const [version, serial, inner, issuer, validity, subject, spki, extensions, ...more] = fields;
  if (more.length > 0) throw malformed('the signed part has unknown fields');
  checkVersion(version);
  checkAlgorithm(algorithm, inner);
  const [notBefore, notAfter] = readValidity(validity);
  return {
    der,
    serial: readSerial(serial),
    issuer: expectTag(issuer, TAG.sequence, 'the issuer').whole,
    subject: expectTag(subject, TAG.sequence, 'the subject').whole,
    notBefore,
    notAfter,
    spki: expectTag(spki, TAG.sequence, 'the public key').whole,
    extensions: readExtensions(expectTag(extensions, CONTEXT_3, 'the list of extensions')),
    signed: signed.whole,
    signature: Uint8Array.from(signatureBytes),
  };
}

function checkVersion(element: Der | undefined): void {
  const version = readOne(expectTag(element, CONTEXT_0, 'the version').content, TAG.integer, 'the version');
  if (readSmall(version.content) !== VERSION_3) throw malformed('it is not of version 3');
}

function checkAlgorithm(outer: Der | undefined, inner: Der | undefined): void {
  const named = [outer, inner].map((element) => expectTag(element, TAG.sequence, 'the signature algorithm').whole);
  if (named.every((algorithm) => equals(algorithm, ECDSA_SHA256))) return;
  throw new RefusedError('cert-algorithm', 'the certificate is not signed by ECDSA with SHA-256');
}

/** Lower-case hex without leading zeros. */
export function readSerial(element: Der | undefined): string {
  const content = readInteger(expectTag(element, TAG.integer, 'the serial number').content);
  const first = content[0] ?? 0;
  const positive = first < 0x80 && (content.length > 1 || first > 0);
  if (!positive || content.length > MAX_SERIAL) throw malformed('the serial number is not positive, or too long');
  return toString(content, 'hex').replace(/^00/, '');
}

function readValidity(element: Der | undefined): [number, number] {
  const [from, until, ...rest] = readAll(expectTag(element, TAG.sequence, 'the validity').content);
  if (rest.length > 0) throw malformed('the validity has more than two times');
  return [readTime(from), readTime(until)];
}

/** UTCTime is 1950 to 2049, GeneralizedTime what is later (RFC 5280 section 4.1.2.5). */
export function readTime(element: Der | undefined): number {
  const text = element ? toString(element.content, 'latin1') : '';
  const short = element?.tag === TAG.utcTime;
  if (!short && element?.tag !== TAG.generalizedTime) throw malformed('a time is missing or of another type');
  const match = (short ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(
    text,
  );
  if (!match) throw malformed('a time is not of the form that DER asks for');
  const [year = 0, month = 0, ...rest] = match.slice(1).map(Number);
  const [day = 0, hour = 0, minute = 0, second = 0] = rest;
  const whole = short ? year + (year < 50 ? 2000 : 1900) : year;
  if (!short && whole < 2050) throw malformed('a time before 2050 is written as one after it');
  const time = new Date(Date.UTC(whole, month - 1, day, hour, minute, second));
  const exact = time.getUTCMonth() === month - 1 && time.getUTCDate() === day && time.getUTCHours() === hour;
  if (!exact || minute > 59 || second > 59) throw malformed('a time names no moment');
  return time.getTime();
}

function readExtensions(element: Der): Map<string, Extension> {
  const list = readSequence(element.content, 'the extensions');
  if (list.length > MAX_EXTENSIONS) throw malformed(`it has more than ${MAX_EXTENSIONS} extensions`);
  const found = new Map<string, Extension>();
  for (const item of list) {
    const parts = readAll(expectTag(item, TAG.sequence, 'an extension').content);
    const oid = readOid(expectTag(parts[0], TAG.oid, "an extension's identifier").content);
    if (found.has(oid)) throw malformed(`the extension ${oid} is there twice`);
    found.set(oid, readExtension(parts.slice(1)));
  }
  return found;
}

function readExtension(parts: readonly Der[]): Extension {
  const flagged = parts.length === 2;
  const critical = flagged && readBoolean(expectTag(parts[0], TAG.boolean, 'a critical flag').content);
  // DER writes no default values (X.690 section 11.5).
  if (flagged && !critical) throw malformed('an extension states that it is not critical');
  if (parts.length > 2) throw malformed('an extension has unknown fields');
  return { critical, value: expectTag(parts.at(-1), TAG.octetString, "an extension's value").content };
}
