// Who somebody is, by certificates alone: the realm's authority signed whose key an identity is, and each authority above signed the
// one below, up to a root.
import { verify } from 'node:crypto';
import type { IdentityProof, ProvenIdentity } from '../../src/crypto/evidence.ts';
import { identityStatement } from '../../src/crypto/identity-statement.ts';
import { parseCertificate } from '../../src/pki/certificate.ts';
import {
  type Chain,
  decodeChain,
  fingerprintOf,
  type ValidatedAuthority,
  validateAuthority,
} from '../../src/pki/chain.ts';
import { publicKeyOfSpki } from '../../src/pki/keys.ts';
import { decodeUserIdentity } from '../../src/protocols/ledger/people-kinds.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import { mayBeOf, namesHouse } from '../../src/realm/house-id.ts';

export interface RootedIdentity extends ProvenIdentity {
  /** Milliseconds since 1970, when the realm said so. */
  readonly time: number;
  readonly sequence: number;
  readonly authority: ValidatedAuthority;
  /** SHA-256 of the root's certificate, lower-case hex. */
  readonly root: string;
}

/**
 * Certificates are judged as of the time of the statement, or of their own beginning when they are newer renewals of the same key.
 * @param expectedRoot the fingerprint that the root must have; any root otherwise, for a person to compare
 * @throws InputError `malformed`; RefusedError `cert-…`, `identity-unsigned`, `identity-foreign`, `root-other`
 */
export async function proveIdentity(
  { realm, statement, chain: encoded }: IdentityProof,
  expectedRoot?: string,
): Promise<RootedIdentity> {
  const chain = decodeChain(encoded);
  const identity = decodeUserIdentity(statement);
  const root = rootOf(chain);
  if (expectedRoot !== undefined && root !== expectedRoot) {
    throw new RefusedError('root-other', `the chain ends at the root ${root}, not at ${expectedRoot}`);
  }
  const authority = await authorityAt(chain, root, identity.time);
  const signed = identityStatement(realm, identity);
  if (authority.realm !== realm || !verify('sha256', signed, publicKeyOfSpki(authority.spki), identity.signature)) {
    throw new RefusedError('identity-unsigned', `the authority of ${realm} did not sign whose identity this is`);
  }
  if (namesHouse(identity.user) && !mayBeOf(identity.user, realm, () => authority.tier === 'enterprise')) {
    throw new RefusedError('identity-foreign', `${identity.user} is the id of no user of ${realm}`);
  }
  return { ...identity, authority, root };
}

function rootOf(chain: Chain): string {
  const last = chain.at(-1);
  if (!last) throw new RefusedError('cert-malformed', 'a chain without certificates');
  return fingerprintOf(last);
}

/** What is newer than the statement is a renewal of the key that signed it. @throws RefusedError `cert-…` */
function authorityAt(chain: Chain, rootFingerprint: string, time: number): Promise<ValidatedAuthority> {
  const now = Math.max(time, ...chain.map((der) => beginningOf(der)));
  return validateAuthority(chain, { rootFingerprint, now });
}

function beginningOf(der: Uint8Array): number {
  try {
    return parseCertificate(der).notBefore;
  } catch (cause) {
    throw new RefusedError('cert-malformed', 'a certificate of the chain cannot be read', { cause });
  }
}
