// Certificate requests (PKCS#10, RFC 2986): a name, a public key, and the key's signature over both. Written here and not by
// the library, because the key may sit in another process; read as strictly as certificates are.
import { verify } from 'node:crypto';
import { concat } from 'uint8arrays/concat';
import { equals } from 'uint8arrays/equals';
import { fromString } from 'uint8arrays/from-string';
import { RefusedError } from '../realm/errors.ts';
import { isRealmName, type RealmName, ROLES, type Role, type Tier } from '../realm/names.ts';
import { ECDSA_SHA256 } from './certificate-form.ts';
import { checkStrict, expectTag, readAll, readInteger, readSequence, TAG, writeDer } from './der.ts';
import { nameParts } from './extensions.ts';
import { ed25519OfSpki, type LeafKey, leafSpki, publicKeyOfSpki, type Signer, signWithLeaf } from './keys.ts';
import { isP256Spki } from './p256.ts';
import { commonNameOf, ORGANIZATION, type Subject, tierOfText } from './profile.ts';

/** What may be asked for; a root signs itself. */
export type Requested = Subject & { readonly kind: 'authority' | Role };

export interface CertificateRequest {
  readonly subject: Requested;
  /** SPKI of P-256 for an authority. */
  readonly spki: Uint8Array;
  /** Raw Ed25519 for a node or a relay. */
  readonly publicKey?: Uint8Array;
}

const ED25519 = fromString('300506032b6570', 'hex');
const ATTRIBUTES = 0xa0;
const O = fromString('060355040a', 'hex');
const OU = fromString('060355040b', 'hex');
const CN = fromString('0603550403', 'hex');

function part(oid: Uint8Array, text: string): Uint8Array {
  return writeDer(TAG.set, writeDer(TAG.sequence, oid, writeDer(TAG.utf8String, fromString(text, 'utf8'))));
}

function unsigned(subject: Subject, spki: Uint8Array): Uint8Array {
  const name = writeDer(TAG.sequence, part(O, ORGANIZATION), part(OU, subject.tier), part(CN, commonNameOf(subject)));
  return writeDer(TAG.sequence, Uint8Array.of(TAG.integer, 1, 0), name, spki, Uint8Array.of(ATTRIBUTES, 0));
}

function assemble(info: Uint8Array, algorithm: Uint8Array, signature: Uint8Array): Uint8Array {
  return writeDer(TAG.sequence, info, algorithm, writeDer(TAG.bitString, concat([Uint8Array.of(0), signature])));
}

/** A request for a node's or relay's leaf, DER. */
export function createLeafCsr(key: LeafKey, subject: { realm: RealmName; tier: Tier; role: Role }): Uint8Array {
  const info = unsigned({ ...subject, kind: subject.role }, leafSpki(key.publicKey));
  return assemble(info, ED25519, signWithLeaf(key, info));
}

/** A request for a realm's authority, DER. */
export async function createAuthorityCsr(
  signer: Signer,
  subject: { realm: RealmName; tier: Tier },
): Promise<Uint8Array> {
  const info = unsigned({ ...subject, kind: 'authority' }, signer.publicKey);
  return assemble(info, ECDSA_SHA256, await signer.sign(info));
}

/** Checks the form, the name, the kind of key and the signature. @throws RefusedError `csr-malformed`, `csr-bad-signature` */
export function readCsr(der: Uint8Array): CertificateRequest {
  try {
    return read(der);
  } catch (cause) {
    if (cause instanceof RefusedError && cause.code.startsWith('csr-')) throw cause;
    throw malformedCsr('it is no certificate request of the form expected', cause);
  }
}

function malformedCsr(what: string, cause?: unknown): RefusedError {
  return new RefusedError(
    'csr-malformed',
    `the certificate request is malformed: ${what}`,
    cause === undefined ? {} : { cause },
  );
}

function read(der: Uint8Array): CertificateRequest {
  checkStrict(der);
  const [info, algorithm, signature, ...rest] = readSequence(der, 'the request');
  const [version, name, key, , ...more] = readAll(expectTag(info, TAG.sequence, 'the signed part').content);
  if (rest.length > 0 || more.length > 0) throw malformedCsr('it has unknown fields');
  if (!equals(readInteger(expectTag(version, TAG.integer, 'the version').content), Uint8Array.of(0)))
    throw malformedCsr('its version is unknown');
  const spki = expectTag(key, TAG.sequence, 'the key').whole;
  const subject = readSubject(expectTag(name, TAG.sequence, 'the name').whole);
  const publicKey = ed25519OfSpki(spki);
  const fits = subject.kind === 'authority' ? isP256Spki(spki) : publicKey !== undefined;
  const expected = subject.kind === 'authority' ? ECDSA_SHA256 : ED25519;
  if (!fits || !algorithm || !equals(algorithm.whole, expected))
    throw malformedCsr(`a ${subject.kind} has another kind of key`);
  const [unused, ...bits] = expectTag(signature, TAG.bitString, 'the signature').content;
  const hash = subject.kind === 'authority' ? 'sha256' : null;
  if (!info || unused !== 0 || !verify(hash, info.whole, publicKeyOfSpki(spki), Uint8Array.from(bits))) {
    throw new RefusedError(
      'csr-bad-signature',
      `the certificate request for ${subject.realm} is not signed by its own key`,
    );
  }
  return publicKey ? { subject, spki, publicKey } : { subject, spki };
}

function readSubject(name: Uint8Array): Requested {
  const [organization = '', unit = '', commonName = ''] = nameParts(name).map(([, text]) => text);
  const [word, realm = '', ...rest] = commonName.split(' ');
  const kind = (['authority', ...ROLES] as const).find((known) => known === word);
  const tier = tierOfText(unit);
  if (organization !== ORGANIZATION || !tier || !kind || rest.length > 0 || !isRealmName(realm)) {
    throw malformedCsr('its name is not O=Canopy, OU=<tier>, CN=<kind> <realm>');
  }
  return { kind, realm, tier };
}
