// What the signing process signs. It cannot know whether a request is just, but it can refuse what no authority of an overlay
// has reason to sign, so that whoever takes over the node's main process gets no web site's certificate, no unbounded
// authority and no signature over arbitrary bytes out of it:
//   statements    ASCII that begins with `canopy/…|`, a label that no DER begins with
//   certificates  TBSCertificate v3, ECDSA with SHA-256, at most LIFETIME long, one name `canopy://…`, authorities with
//                 critical constraints
//   requests      CertificationRequestInfo, for the authority's own renewal
//   CRLs          TBSCertList v2, ECDSA with SHA-256
// This file runs in the child process: it imports only what that may read.
import { type Der, expectTag, readAll, readBoolean, readOid, readOne, readSequence, TAG } from '../../src/pki/der.ts';

export const MAX_SIGNED = 64 * 1024;
const MAX_CERTIFICATE = 4096;
/** As src/pki/crl.ts; the child loads no more than it must. */
const MAX_CRL = 14 * 1024;
const STATEMENT = /^canopy\/[a-z0-9/-]{1,64}\|/;
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const BASIC_CONSTRAINTS = '2.5.29.19';
const NAME_CONSTRAINTS = '2.5.29.30';
const SUBJECT_ALT_NAME = '2.5.29.17';
const VERSION_TAG = 0xa0;
const EXTENSIONS_TAG = 0xa3;
const URI_TAG = 0x86;
const DAY = 24 * 60 * 60 * 1000;
/** Three years, and a day for rounding and for a backdated beginning. */
const LIFETIME = 1096 * DAY;

/** What a key signs: everything above, or once it was replaced revocation lists alone. */
export type SigningScope = 'all' | 'lists';

/** Why `data` is not signed; undefined when it may be. */
export function objectionTo(data: Uint8Array, scope: SigningScope = 'all'): string | undefined {
  const objection = objectionInAll(data);
  return objection ?? (scope === 'lists' && !isList(data) ? 'anything but lists, since it was replaced' : undefined);
}

/** Of data without objection only a list begins with the number 1. */
function isList(data: Uint8Array): boolean {
  if (STATEMENT.test(Buffer.from(data.subarray(0, 80)).toString('latin1'))) return false;
  const [version] = readSequence(data, 'the data');
  return version?.tag === TAG.integer && version.content[0] === 1;
}

function objectionInAll(data: Uint8Array): string | undefined {
  if (data.length === 0 || data.length > MAX_SIGNED) return `data of ${data.length} bytes`;
  if (STATEMENT.test(Buffer.from(data.subarray(0, 80)).toString('latin1'))) return undefined;
  if (data.length > MAX_CRL) return 'neither a statement nor a certificate';
  try {
    return objectionToDer(readSequence(data, 'the data'), data.length);
  } catch {
    return 'neither a statement nor DER';
  }
}

function objectionToDer(fields: readonly Der[], length: number): string | undefined {
  const [first, second] = fields;
  const isShort = length <= MAX_CERTIFICATE;
  if (first?.tag === VERSION_TAG) return isShort ? objectionToCertificate(fields) : 'a certificate that is too long';
  const version = first?.tag === TAG.integer && first.content.length === 1 ? first.content[0] : undefined;
  const isRequest = version === 0 && fields.length === 4 && isShort;
  const isCrl = version === 1 && fields.length >= 5 && isEcdsaSha256(second);
  return isRequest || isCrl ? undefined : 'no certificate, request or CRL';
}

function objectionToCertificate([, , algorithm, , validity, , , extensions]: readonly Der[]): string | undefined {
  if (!isEcdsaSha256(algorithm)) return 'another algorithm';
  const [from, until] = readAll(expectTag(validity, TAG.sequence, 'the validity').content).map(readTime);
  if (from === undefined || until === undefined || !(until - from <= LIFETIME))
    return 'a certificate that lives too long';
  return objectionToExtensions(expectTag(extensions, EXTENSIONS_TAG, 'the extensions'));
}

function isEcdsaSha256(algorithm: Der | undefined): boolean {
  const [oid] = readAll(expectTag(algorithm, TAG.sequence, 'the algorithm').content);
  return readOid(expectTag(oid, TAG.oid, 'the algorithm').content) === ECDSA_SHA256;
}

function objectionToExtensions(element: Der): string | undefined {
  const found = new Map(readSequence(element.content, 'the extensions').map(readExtension));
  const [flag] = readSequence(found.get(BASIC_CONSTRAINTS)?.value ?? new Uint8Array(), 'the basic constraints');
  const authority = flag?.tag === TAG.boolean && readBoolean(flag.content);
  if (authority && found.get(NAME_CONSTRAINTS)?.critical !== true) return 'an authority without constraints';
  const names = readSequence(found.get(SUBJECT_ALT_NAME)?.value ?? new Uint8Array(), 'the names');
  const [name] = names;
  const ours =
    names.length === 1 && name?.tag === URI_TAG && Buffer.from(name.content).toString('latin1').startsWith('canopy://');
  return ours ? undefined : 'a certificate that does not name one realm of the overlay';
}

function readExtension(item: Der): [oid: string, extension: { critical: boolean; value: Uint8Array }] {
  const [oid, ...rest] = readAll(item.content);
  const value = readOne(rest.at(-1)?.whole ?? new Uint8Array(), TAG.octetString, 'a value').content;
  const critical = rest.length === 2 && rest[0]?.tag === TAG.boolean && readBoolean(rest[0].content);
  return [readOid(expectTag(oid, TAG.oid, 'an identifier').content), { critical, value }];
}

/** Only to measure a length; the strict reading is the validators'. */
function readTime({ tag, content }: Der): number {
  const text = Buffer.from(content).toString('latin1');
  const full = tag === TAG.utcTime ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text;
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)\d{6}Z$/.exec(full) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day));
}
