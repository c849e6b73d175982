// The charter: what the network chains of the ledger say about who may talk with whom, beyond what certificates say by
// themselves. Which certificates are revoked, and with which realms of other enterprises there is a trust. A node builds it
// from the chains that it follows; its relay gets it from its node, checks every signature in it again, and keeps it on disk.
import type { KeyName } from '../pki/keys.ts';
import type { RealmName } from '../realm/names.ts';

/** Which way a trust lets messages go, as seen from this realm. */
export type TrustDirection = 'both' | 'outward' | 'inward';

/** A trust in force: signed by both realms, accepted, neither removed nor expired. */
export interface TrustInForce {
  /** The realm at the other end. */
  readonly realm: RealmName;
  readonly direction: TrustDirection;
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface Charter {
  /** Whether a certificate that this authority's key has issued was revoked. The form of the serial is that of src/pki. */
  isRevoked(serial: string, issuer: KeyName): boolean;
  /** Milliseconds since 1970 from which on it counts as revoked, for what was signed before; undefined when it is not. */
  revokedAt(serial: string, issuer: KeyName): number | undefined;
  trustWith(realm: RealmName): TrustInForce | undefined;
  /** Whether two realms have a trust, for who helps them to find each other: a common ancestor. */
  arePartners(a: RealmName, b: RealmName): boolean;
  /** Calls back when either answer may have changed: open connections are to be judged again. Returns the unsubscriber. */
  onChange(listener: () => void): () => void;
}

/** That something was revoked needs nobody's word: the signed list is shown to whoever is refused for it. */
export interface RevocationProofs {
  /** The newest list, with its chain, that revokes this certificate (the form of src/pki/revocations.ts). */
  proofOf(serial: string, issuer: KeyName): Uint8Array | undefined;
  /** A list that came by a refusal, checked like those of the ledger. Resolves when it is on disk. @throws RefusedError, LocalError */
  learn(list: Uint8Array): Promise<void>;
}

/** Nothing revoked, no trust. */
export const EMPTY_CHARTER: Charter = {
  isRevoked: () => false,
  revokedAt: () => undefined,
  trustWith: () => undefined,
  arePartners: () => false,
  onChange: () => () => {},
};
