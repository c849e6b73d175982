// What an authority's certificate must be by itself and below its issuer (RFC 5280 section 6.1), for the one shape of path that exists here:
// root, region, enterprise and branch, each certified by the one above. Everything but the signatures, also in a browser; authority-path.ts
// and portable-path.ts check those.
import { equals } from 'uint8arrays/equals';
import { RefusedError } from '../realm/errors.ts';
import type { CertificateForm } from './certificate-form.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
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
import { isP256Spki } from './p256.ts';
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

/** An authority whose certificate is of the right form. */
export interface AuthorityForm extends Subject {
  readonly certificate: CertificateForm;
  /** Authorities that may still stand below this one. */
  readonly room: number;
}

export function refuse(code: string, message: string): never {
  throw new RefusedError(code, message);
}

/** Whom a certificate speaks of. */
export function subjectOf(certificate: CertificateForm): Subject {
  if (hasNetscapeType(certificate)) refuse('cert-key-usage', 'the certificate states its purpose as Netscape did');
  const unknown = unknownCritical(certificate);
  if (unknown)
    refuse('cert-critical-extension', `the certificate has the critical extension ${unknown}, which is not known here`);
  const names = subjectAltNames(certificate);
  const [name = ''] = names;
  const uri = names.length === 1 && name.startsWith('uri ') ? parseUri(name.slice('uri '.length)) : undefined;
  if (!uri)
    refuse('cert-name', `the certificate names ${quote(names)}; expected exactly one name canopy://<realm>/<role>`);
  return { ...uri, tier: readTier(certificate, uri) };
}

const NAME_OIDS = ['2.5.4.10', '2.5.4.11', '2.5.4.3'];

function readTier(certificate: CertificateForm, named: Pick<Subject, 'realm' | 'kind'>): Subject['tier'] {
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

/** Whom an authority's certificate speaks of, and how many authorities may still stand below. @throws RefusedError `cert-…` */
export function authorityForm<C extends CertificateForm>(
  certificate: C,
  issuer: AuthorityForm | undefined,
): AuthorityForm & { readonly certificate: C } {
  const subject = subjectOf(certificate);
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
  return { ...subject, certificate, room: Math.min(most, pathLength) };
}

function checkConstraints(certificate: CertificateForm, subject: Subject): void {
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

export function checkRootForm(root: AuthorityForm): void {
  if (root.kind !== 'root' || root.tier !== 'region')
    refuse('cert-tier', 'the chain does not end in the root of a region');
}

/** The names and keys that link two certificates, and who may certify whom. */
export function checkLinkForm(issuer: AuthorityForm, certificate: CertificateForm, subject: Subject): void {
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
