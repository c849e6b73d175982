// Path validation (RFC 5280 section 6.1) of the authorities of a chain and of a leaf against its issuer, for the one shape of
// path that exists here: root, region, enterprise and branch, each certified by the one above. Everything here is true or
// false for ever, so that a checked path may be remembered; dates and revocations are judged by chain.ts at each use.
import type { KeyObject } from 'node:crypto';
import type { Role } from '../realm/names.ts';
import {
  type AuthorityForm,
  authorityForm,
  checkLinkForm,
  checkRootForm,
  refuse,
  subjectOf,
} from './authority-form.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { malformed } from './der.ts';
import { basicConstraints, EKU_CLIENT_AUTH, extendedKeyUsage, keyUsage, nameConstraints, USAGE } from './extensions.ts';
import { ed25519OfSpki, publicKeyOfSpki } from './keys.ts';
import { commonNameOf, isAuthorityKind, type Subject } from './profile.ts';

export interface CheckedAuthority extends AuthorityForm {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

export interface CheckedLeaf extends Subject {
  readonly kind: Role;
  readonly certificate: Certificate;
  readonly publicKey: Uint8Array;
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
  const form = authorityForm(parseCertificate(der), issuer);
  return { ...form, key: publicKeyOfSpki(form.certificate.spki) };
}

function checkRoot(root: CheckedAuthority): void {
  checkRootForm(root);
  checkSignature(root, root.certificate, root);
}

function checkLink(issuer: CheckedAuthority, certificate: Certificate, subject: Subject): void {
  checkSignature(issuer, certificate, subject);
  checkLinkForm(issuer, certificate, subject);
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
  const certificate = parseCertificate(der);
  const subject = subjectOf(certificate);
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
