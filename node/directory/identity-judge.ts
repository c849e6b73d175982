// Whose key an identity is, is for a realm's authority to say: a directory chain is signed by the realm's node, which is not enough. The
// authorities of a realm are those that have certified the keys of its chains; the ledger has checked each of these up to the
// root before it came here.
import { verify } from 'node:crypto';
import { parseCertificate } from '../../src/pki/certificate.ts';
import { decodeChain } from '../../src/pki/chain.ts';
import { type KeyName, keyName, publicKeyOfSpki } from '../../src/pki/keys.ts';
import { identityStatement, type UserIdentity } from '../../src/protocols/ledger/people-kinds.ts';
import { CanopyError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';

/** Authorities of one realm, which follow one another over the years. */
const MAX_AUTHORITIES = 16;

export class IdentityJudge {
  readonly #authorities = new Map<RealmName, Map<KeyName, Uint8Array>>();
  readonly #proven = new WeakSet<UserIdentity>();

  /** The certificates of the node's leaf that a chain of that realm has introduced. */
  learn(realm: RealmName, certificates: Uint8Array): void {
    const spki = authorityOf(certificates);
    if (!spki) return;
    const known = this.#authorities.get(realm) ?? new Map<KeyName, Uint8Array>();
    this.#authorities.set(realm, known.set(keyName(spki), spki));
    const [oldest] = known.keys();
    if (known.size > MAX_AUTHORITIES && oldest !== undefined) known.delete(oldest);
  }

  isProven(realm: RealmName, identity: UserIdentity): boolean {
    if (this.#proven.has(identity)) return true;
    const known = [...(this.#authorities.get(realm)?.values() ?? [])];
    const isProven = known.some((spki) => isStatedBy(realm, identity, spki));
    if (isProven) this.#proven.add(identity);
    return isProven;
  }
}

/** Whether the authority with that key has said so. */
export function isStatedBy(realm: RealmName, identity: UserIdentity, spki: Uint8Array): boolean {
  return verify('sha256', identityStatement(realm, identity), publicKeyOfSpki(spki), identity.signature);
}

/** A leaf stands below the authority of its realm. Chains of another shape tell of none. */
function authorityOf(certificates: Uint8Array): Uint8Array | undefined {
  try {
    const [, authority] = decodeChain(certificates);
    return authority && parseCertificate(authority).spki;
  } catch (error) {
    if (error instanceof CanopyError) return undefined;
    throw error;
  }
}
