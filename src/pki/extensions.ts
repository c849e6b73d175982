// The extensions that path validation reads (RFC 5280 section 4.2.1), from their exact bytes.
import { toString } from 'uint8arrays/to-string';
import type { CertificateForm } from './certificate-form.ts';
import {
  checkStrict,
  type Der,
  expectTag,
  malformed,
  readAll,
  readBoolean,
  readOid,
  readOne,
  readSequence,
  readSmall,
  TAG,
} from './der.ts';

export const OID = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  extendedKeyUsage: '2.5.29.37',
} as const;

export const EKU_CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** Bits of the key usage, the first being the highest of the first byte. */
export const USAGE = { digitalSignature: 0x80, keyCertSign: 0x04, crlSign: 0x02 } as const;

const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
/** Of Netscape: openssl still judges purposes by it. */
const NETSCAPE_TYPE = '2.16.840.1.113730.1.1';
/** In the authority key identifier: the key alone, without name and number of its certificate. */
const KEY_IDENTIFIER = 0x80;
const KNOWN: ReadonlySet<string> = new Set(Object.values(OID));

/** A critical extension that we do not judge; undefined when there is none. */
export function unknownCritical(certificate: CertificateForm): string | undefined {
  return [...certificate.extensions].find(([oid, { critical }]) => critical && !KNOWN.has(oid))?.[0];
}

/** Those of `oids` that are there without being critical, or not there at all. */
export function notCritical(certificate: CertificateForm, oids: readonly string[]): string[] {
  return oids.filter((oid) => certificate.extensions.get(oid)?.critical !== true);
}

function read(certificate: CertificateForm, oid: string): Uint8Array | undefined {
  const extension = certificate.extensions.get(oid);
  if (extension) checkStrict(extension.value);
  return extension?.value;
}

export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength?: number;
}

export function basicConstraints(certificate: CertificateForm): BasicConstraints | undefined {
  const value = read(certificate, OID.basicConstraints);
  if (!value) return undefined;
  const [first, second, ...rest] = readSequence(value, 'the basic constraints');
  if (rest.length > 0) throw malformed('the basic constraints have unknown fields');
  if (!first) return { ca: false };
  if (!readBoolean(expectTag(first, TAG.boolean, 'the CA flag').content))
    throw malformed('the CA flag is written although it is false');
  return second
    ? { ca: true, pathLength: readSmall(expectTag(second, TAG.integer, 'the path length').content) }
    : { ca: true };
}

/** The first eight bits; none of the later ones matters here. */
export function keyUsage(certificate: CertificateForm): number | undefined {
  const value = read(certificate, OID.keyUsage);
  if (!value) return undefined;
  const [unused, bits] = readOne(value, TAG.bitString, 'the key usage').content;
  if (unused === undefined || unused > 7 || bits === undefined) throw malformed('the key usage is empty');
  return bits;
}

export function extendedKeyUsage(certificate: CertificateForm): string[] | undefined {
  const value = read(certificate, OID.extendedKeyUsage);
  if (!value) return undefined;
  return readSequence(value, 'the extended key usage').map((item) =>
    readOid(expectTag(item, TAG.oid, 'a purpose').content),
  );
}

/** By which what its key signs names it. @throws RefusedError `cert-malformed` when there is none */
export function subjectKeyIdentifier(certificate: CertificateForm): Uint8Array {
  const value = read(certificate, SUBJECT_KEY_IDENTIFIER);
  if (!value) throw malformed('it has no identifier of its key');
  return readOne(value, TAG.octetString, 'the identifier of its key').content;
}

/** By which key it was signed; undefined when it does not say, or says more than that. */
export function authorityKeyIdentifier(certificate: CertificateForm): Uint8Array | undefined {
  const value = read(certificate, AUTHORITY_KEY_IDENTIFIER);
  const [key, ...rest] = value ? readSequence(value, "the identifier of the issuer's key") : [];
  return key?.tag === KEY_IDENTIFIER && rest.length === 0 ? key.content : undefined;
}

/** Whether it states purposes in a second way, which others may believe. */
export function hasNetscapeType(certificate: CertificateForm): boolean {
  return certificate.extensions.has(NETSCAPE_TYPE);
}

/** One name, as its type and text: `uri canopy://…`, `dns …`; types that we do not read are their tag in hex. */
export function subjectAltNames(certificate: CertificateForm): string[] {
  const value = read(certificate, OID.subjectAltName);
  return value ? readSequence(value, 'the subject alternative names').map(generalName) : [];
}

const NAME_TYPES: Readonly<Record<number, string>> = { 0x81: 'email', 0x82: 'dns', 0x86: 'uri', 0x87: 'ip' };

function generalName({ tag, content }: Der): string {
  const type = NAME_TYPES[tag];
  if (type === undefined) return `${tag.toString(16)} ${toString(content, 'hex')}`;
  return `${type} ${type === 'ip' ? toString(content, 'hex') : toString(content, 'latin1')}`;
}

/** The subtrees as sorted lines such as `permit uri .acme.ua` and `exclude dns `. */
export function nameConstraints(certificate: CertificateForm): string[] | undefined {
  const value = read(certificate, OID.nameConstraints);
  if (!value) return undefined;
  return readSequence(value, 'the name constraints').flatMap(subtrees).sort();
}

function subtrees({ tag, content }: Der): string[] {
  const verb = tag === 0xa0 ? 'permit' : tag === 0xa1 ? 'exclude' : undefined;
  if (!verb) throw malformed('the name constraints have unknown fields');
  return readAll(content).map((subtree) => {
    const [base, ...limits] = readAll(expectTag(subtree, TAG.sequence, 'a subtree').content);
    if (!base || limits.length > 0) throw malformed('a subtree has limits');
    return `${verb} ${generalName(base)}`;
  });
}

/** All of the IPv4 and of the IPv6 addresses: address and mask of zeros. */
export const ALL_ADDRESSES: readonly Uint8Array[] = [new Uint8Array(8), new Uint8Array(32)];

/** The lines that {@link nameConstraints} gives for an authority of the overlay. */
export function overlayConstraints(permitted: readonly string[]): string[] {
  const addresses = ALL_ADDRESSES.map((range) => `exclude ip ${toString(range, 'hex')}`);
  return [...permitted.map((uri) => `permit uri ${uri}`), 'exclude dns ', ...addresses].sort();
}

/** The relative names of a subject: attribute's object identifier and text, one attribute each. */
export function nameParts(name: Uint8Array): [oid: string, text: string][] {
  return readSequence(name, 'a name').map((set) => {
    const [attribute, ...others] = readAll(expectTag(set, TAG.set, 'a part of a name').content);
    if (others.length > 0) throw malformed('a part of a name has several values');
    const [type, value, ...rest] = readAll(expectTag(attribute, TAG.sequence, 'a part of a name').content);
    const isText = value?.tag === TAG.utf8String || value?.tag === TAG.printableString;
    if (!isText || rest.length > 0) throw malformed('a part of a name is no text');
    return [readOid(expectTag(type, TAG.oid, 'a part of a name').content), toString(value.content, 'latin1')];
  });
}
