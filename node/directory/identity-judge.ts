// Whose key an identity is, is for a realm's authority to say: a directory chain is signed by the realm's node, which is not enough. The
// authorities of a realm are those that have certified the keys of its chains; the ledger has checked each of these up to the
// root before it came here.
import { verify } from 'node:crypto';
import { identityStatement, type UserIdentity } from '../../src/crypto/identity-statement.ts';
import { parseCertificate } from '../../src/pki/certificate.ts';
import { type Chain, decodeChain } from '../../src/pki/chain.ts';
import { type KeyName, keyName, publicKeyOfSpki } from '../../src/pki/keys.ts';
import { CanopyError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';

interface Authority {
  readonly spki: Uint8Array;
  /** Its certificate first, the root's last. */
  readonly chain: Chain;
}

/** Authorities of one realm, which follow one another over the years. */
const MAX_AUTHORITIES = 16;

export class IdentityJudge {
  readonly #authorities = new Map<RealmName, Map<KeyName, Authority>>();
  readonly #proven = new WeakSet<UserIdentity>();

  /** The certificates of the node's leaf that a chain of that realm has introduced. */
  learn(realm: RealmName, certificates: Uint8Array): void {
    const authority = authorityOf(certificates);
    if (!authority) return;
    const known = this.#authorities.get(realm) ?? new Map<KeyName, Authority>();
    // The newest of those that one key had comes last.
    const name = keyName(authority.spki);
    known.delete(name);
    this.#authorities.set(realm, known.set(name, authority));
    const [oldest] = known.keys();
    if (known.size > MAX_AUTHORITIES && oldest !== undefined) known.delete(oldest);
  }

  isProven(realm: RealmName, identity: UserIdentity): boolean {
    if (this.#proven.has(identity)) return true;
    const isProven = this.#behind(realm, identity) !== undefined;
    if (isProven) this.#proven.add(identity);
    return isProven;
  }

  /** The certificates of the authority that has said so and of those above it, for whoever wants to see for themselves. */
  chainOf(realm: RealmName, identity: UserIdentity): Chain | undefined {
    return this.#behind(realm, identity)?.chain;
  }

  #behind(realm: RealmName, identity: UserIdentity): Authority | undefined {
    const known = [...(this.#authorities.get(realm)?.values() ?? [])];
    return known.findLast(({ spki }) => isStatedBy(realm, identity, spki));
  }
}

/** Whether the authority with that key has said so. */
export function isStatedBy(realm: RealmName, identity: UserIdentity, spki: Uint8Array): boolean {
  return verify('sha256', identityStatement(realm, identity), publicKeyOfSpki(spki), identity.signature);
}

/** A leaf stands below the authority of its realm. Chains of another shape tell of none. */
function authorityOf(certificates: Uint8Array): Authority | undefined {
  try {
    const [, ...chain] = decodeChain(certificates);
    const [authority] = chain;
    return authority && { chain, spki: parseCertificate(authority).spki };
  } catch (error) {
    if (error instanceof CanopyError) return undefined;
    throw error;
  }
}
