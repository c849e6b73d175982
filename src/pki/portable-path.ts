// Path validation of an authority where there is no OpenSSL: in a browser. The same checks as authority-path.ts, with WebCrypto for the
// signatures; the vectors of test/vectors/pki hold for both. Revocations are not looked at: a client has no lists.
import { sha256 } from '@noble/hashes/sha2.js';
import { equals } from 'uint8arrays/equals';
import { toString } from 'uint8arrays/to-string';
import { RefusedError } from '../realm/errors.ts';
import type { RealmName, Tier } from '../realm/names.ts';
import { type AuthorityForm, authorityForm, checkLinkForm, checkRootForm, refuse } from './authority-form.ts';
import { readCertificate } from './certificate-form.ts';
import { malformed } from './der.ts';
import { verifyP256 } from './p256.ts';
import { commonNameOf } from './profile.ts';

/** As chain.ts: who sends a leaf's chain is told that it is none of an authority. */
const MAX_CERTIFICATES = 5;

export interface PortableAuthority {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly spki: Uint8Array;
  /** SHA-256 of the root's certificate, lower-case hex: for the caller to compare. */
  readonly root: string;
}

/**
 * @param chain DER, the authority first, root last
 * @param at milliseconds since 1970; what began later is a renewal, and judged by its own beginning
 * @throws RefusedError `cert-…`
 */
export async function validatePortable(chain: readonly Uint8Array[], at: number): Promise<PortableAuthority> {
  try {
    return await validate(chain, at);
  } catch (cause) {
    throw cause instanceof RefusedError ? cause : malformed('it cannot be read', cause);
  }
}

async function validate(chain: readonly Uint8Array[], at: number): Promise<PortableAuthority> {
  if (chain.length === 0 || chain.length > MAX_CERTIFICATES)
    refuse('cert-path-length', `a chain has 1 to ${MAX_CERTIFICATES} certificates, not ${chain.length}`);
  let issuer: AuthorityForm | undefined;
  const path: AuthorityForm[] = [];
  for (const der of chain.toReversed()) {
    const form: AuthorityForm = authorityForm(readCertificate(der), issuer);
    if (!issuer) checkRootForm(form);
    await checkSignature(issuer ?? form, form);
    if (issuer) checkLinkForm(issuer, form.certificate, form);
    path.push(form);
    issuer = form;
  }
  const [root] = chain.slice(-1);
  if (!issuer || !root) throw malformed('a chain without certificates');
  if (path.length === 1) refuse('cert-tier', 'a root alone is no chain of an authority');
  checkDates(path, at);
  const { realm, tier, certificate } = issuer;
  return { realm, tier, spki: certificate.spki, root: toString(sha256(root), 'hex') };
}

async function checkSignature(issuer: AuthorityForm, { certificate, ...subject }: AuthorityForm): Promise<void> {
  if (!equals(certificate.issuer, issuer.certificate.subject)) {
    refuse(
      'cert-not-issued',
      `the certificate of ${commonNameOf(subject)} does not name ${commonNameOf(issuer)} as its issuer`,
    );
  }
  if (!(await verifyP256(issuer.certificate.spki, certificate.signed, certificate.signature))) {
    refuse(
      'cert-bad-signature',
      `the certificate of ${commonNameOf(subject)} is not signed by ${commonNameOf(issuer)}`,
    );
  }
}

function checkDates(path: readonly AuthorityForm[], at: number): void {
  const now = Math.max(at, ...path.map(({ certificate }) => certificate.notBefore));
  for (const { certificate, ...subject } of path) {
    if (now > certificate.notAfter) {
      refuse('cert-expired', `the certificate of ${commonNameOf(subject)} ended before it was needed`);
    }
  }
}
