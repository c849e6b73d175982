// Path validation (RFC 5280 section 6.1) of the authorities of a chain and of a leaf against its issuer, for the one shape of
// path that exists here: root, region, enterprise and branch, each certified by the one above. Everything here is true or
// false for ever, so that a checked path may be remembered; dates and revocations are judged by chain.ts at each use.
import type { KeyObject } from 'node:crypto';
import { equals } from 'uint8arrays/equals';
import { RefusedError } from '../realm/errors.ts';
import type { Role } from '../realm/names.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { malformed } from './der.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  EKU_CLIENT_AUTH,
  extendedKeyUsage,
  hasNetscapeType,
  keyUsage,
  nameConstraints,
  nameParts,
  notCritical,
  OID,
  overlayConstraints,
  subjectAltNames,
  subjectKeyIdentifier,
  USAGE,
  unknownCritical,
} from './extensions.ts';
import { ed25519OfSpki, isP256Spki, publicKeyOfSpki } from './keys.ts';
import {
  commonNameOf,
  isAuthorityKind,
  issuerObjection,
  ORGANIZATION,
  parseUri,
  pathLengthOf,
  permittedUris,
  type Subject,
  tierOfText,
} from './profile.ts';

export interface CheckedAuthority extends Subject {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  /** Authorities that may still stand below this one. */
  readonly room: number;
}

export interface CheckedLeaf extends Subject {
  readonly kind: Role;
  readonly certificate: Certificate;
  readonly publicKey: Uint8Array;
}

function refuse(code: string, message: string): never {
  throw new RefusedError(code, message);
}

/** Parses a certificate and reads whom it speaks of. */
function readSubject(der: Uint8Array): { certificate: Certificate; subject: Subject } {
  const certificate = parseCertificate(der);
  if (hasNetscapeType(certificate)) refuse('cert-key-usage', 'the certificate states its purpose as Netscape did');
  const unknown = unknownCritical(certificate);
  if (unknown)
    refuse('cert-critical-extension', `the certificate has the critical extension ${unknown}, which is not known here`);
  const names = subjectAltNames(certificate);
  const [name = ''] = names;
  const uri = names.length === 1 && name.startsWith('uri ') ? parseUri(name.slice('uri '.length)) : undefined;
  if (!uri)
    refuse('cert-name', `the certificate names ${quote(names)}; expected exactly one name canopy://<realm>/<role>`);
  const subject = { ...uri, tier: readTier(certificate, uri) };
  return { certificate, subject };
}

const NAME_OIDS = ['2.5.4.10', '2.5.4.11', '2.5.4.3'];

function readTier(certificate: Certificate, named: Pick<Subject, 'realm' | 'kind'>): Subject['tier'] {
  const parts = nameParts(certificate.subject);
  if (parts.map(([oid]) => oid).join() !== NAME_OIDS.join())
    refuse('cert-name', 'the subject is not O, OU and CN, in this order');
  const [organization, unit = '', commonName] = parts.map(([, text]) => text);
  const tier = tierOfText(unit);
  if (!tier) refuse('cert-tier', `the certificate states the tier ${quote([unit])}, which is none`);
  if (organization !== ORGANIZATION || commonName !== commonNameOf({ ...named, tier })) {
    refuse('cert-name', `the subject ${quote([commonName ?? ''])} is not the name in the certificate's URI`);
  }
  return tier;
}

function quote(texts: readonly string[]): string {
  return texts.length === 0
    ? 'nothing'
    : `"${texts
        .join(', ')
        .slice(0, 120)
        .replaceAll(/[^\x20-\x7e]/g, '?')}"`;
}

/** Checks the links from the root down to `ders[0]`. @throws RefusedError */
export function checkAuthorities(ders: readonly Uint8Array[]): CheckedAuthority[] {
  const path: CheckedAuthority[] = [];
  for (const der of ders.toReversed()) {
    const issuer = path.at(-1);
    const next = readAuthority(der, issuer);
    if (issuer) checkLink(issuer, next.certificate, next);
    else checkRoot(next);
    path.push(next);
  }
  return path.toReversed();
}

function readAuthority(der: Uint8Array, issuer: CheckedAuthority | undefined): CheckedAuthority {
  const { certificate, subject } = readSubject(der);
  const constraints = basicConstraints(certificate);
  const usage = keyUsage(certificate) ?? 0;
  if (!constraints?.ca || !(usage & USAGE.keyCertSign))
    refuse('cert-not-authority', `the certificate of ${commonNameOf(subject)} may not certify others`);
  if (!isAuthorityKind(subject.kind)) refuse('cert-not-authority', `${commonNameOf(subject)} is no authority`);
  const weak = notCritical(certificate, [OID.basicConstraints, OID.keyUsage, OID.nameConstraints]);
  if (weak.length > 0) {
    refuse('cert-not-critical', `the authority ${subject.realm} does not mark ${weak.join(', ')} as critical`);
  }
  if (!isP256Spki(certificate.spki)) refuse('cert-algorithm', `the authority ${subject.realm} has no ECDSA P-256 key`);
  const { pathLength } = constraints;
  const most = Math.min(pathLengthOf(subject), issuer ? issuer.room - 1 : Number.POSITIVE_INFINITY);
  if (most < 0) refuse('cert-path-length', `the authority ${issuer?.realm} may have no authority below itself`);
  if (pathLength === undefined || pathLength > pathLengthOf(subject)) {
    refuse(
      'cert-path-length',
      `a ${subject.kind} of tier ${subject.tier} has a path length of at most ${pathLengthOf(subject)}, not ${pathLength ?? 'none'}`,
    );
  }
  checkConstraints(certificate, subject);
  if (subjectKeyIdentifier(certificate).length === 0) refuse('cert-malformed', 'the identifier of its key is empty');
  return { ...subject, certificate, key: publicKeyOfSpki(certificate.spki), room: Math.min(most, pathLength) };
}

function checkConstraints(certificate: Certificate, subject: Subject): void {
  const found = nameConstraints(certificate) ?? [];
  const expected = overlayConstraints(permittedUris(subject));
  const missing = expected.filter((line) => !found.includes(line));
  if (missing.length > 0 || found.length !== expected.length) {
    refuse(
      'cert-name',
      `the name constraints of the authority ${subject.realm} are not those of its tier: ${quote(found)}`,
    );
  }
}

function checkRoot(root: CheckedAuthority): void {
  if (root.kind !== 'root' || root.tier !== 'region')
    refuse('cert-tier', 'the chain does not end in the root of a region');
  checkSignature(root, root.certificate, root);
}

/** The signature, the names and keys that link two certificates, and who may certify whom. */
function checkLink(issuer: CheckedAuthority, certificate: Certificate, subject: Subject): void {
  checkSignature(issuer, certificate, subject);
  // Two keys of one realm have one name while one replaces the other: the identifier says which of them it was.
  const key = authorityKeyIdentifier(certificate);
  if (!key || !equals(key, subjectKeyIdentifier(issuer.certificate)))
    refuse(
      'cert-not-issued',
      `the certificate of ${commonNameOf(subject)} does not name the key of ${commonNameOf(issuer)}`,
    );
  const objection = issuerObjection(issuer, subject);
  if (objection) {
    refuse(
      objection,
      `the ${issuer.tier} authority ${commonNameOf(issuer)} may not certify the ${subject.tier} ${commonNameOf(subject)}`,
    );
  }
}

function checkSignature(issuer: CheckedAuthority, certificate: Certificate, subject: Subject): void {
  if (!certificate.openssl.checkIssued(issuer.certificate.openssl)) {
    refuse(
      'cert-not-issued',
      `the certificate of ${commonNameOf(subject)} does not name ${commonNameOf(issuer)} as its issuer`,
    );
  }
  if (!verifies(certificate, issuer.key)) {
    refuse(
      'cert-bad-signature',
      `the certificate of ${commonNameOf(subject)} is not signed by ${commonNameOf(issuer)}`,
    );
  }
}

function verifies(certificate: Certificate, key: KeyObject): boolean {
  try {
    return certificate.openssl.verify(key);
  } catch (cause) {
    throw malformed('openssl cannot check its signature', cause);
  }
}

/** @throws RefusedError */
export function checkLeaf(der: Uint8Array, issuer: CheckedAuthority): CheckedLeaf {
  const { certificate, subject } = readSubject(der);
  const { kind } = subject;
  if (isAuthorityKind(kind) || basicConstraints(certificate)?.ca) {
    refuse('cert-not-leaf', `${commonNameOf(subject)} is an authority; expected a node or a relay`);
  }
  if (nameConstraints(certificate))
    refuse('cert-not-leaf', `the leaf ${commonNameOf(subject)} carries name constraints`);
  const usage = keyUsage(certificate) ?? 0;
  if (usage !== USAGE.digitalSignature)
    refuse('cert-key-usage', `the key usage of ${commonNameOf(subject)} is not digital signature alone`);
  const purposes = extendedKeyUsage(certificate) ?? [];
  if (purposes.join() !== EKU_CLIENT_AUTH)
    refuse('cert-key-usage', `the purpose of ${commonNameOf(subject)} is not client authentication alone`);
  const publicKey = ed25519OfSpki(certificate.spki);
  if (!publicKey) refuse('cert-algorithm', `the leaf ${commonNameOf(subject)} has no Ed25519 key`);
  checkLink(issuer, certificate, subject);
  return { ...subject, kind, certificate, publicKey };
}
