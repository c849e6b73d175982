// The keys of the ledger are leaves of nodes: how the own one signs, and what is known of those of others.
import type { RealmName, Role } from '../../realm/names.ts';

/** The node's leaf as it is now. */
export interface LedgerSigner {
  /** 32 raw bytes, Ed25519. */
  readonly publicKey: Uint8Array;
  /** Leaf first, as encodeChain of src/pki writes it. */
  readonly chain: Uint8Array;
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Whether the holder of a leaf has signed these bytes. */
export type VerifyLeaf = (data: Uint8Array, signature: Uint8Array) => boolean;

/** What a certificate chain says of the leaf at its beginning. */
export interface LedgerKey {
  readonly realm: RealmName;
  readonly role: Role;
  /** 32 raw bytes, Ed25519. */
  readonly publicKey: Uint8Array;
  readonly verify: VerifyLeaf;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Checks an encoded certificate chain up to the overlay's root, as of `time`. @throws RefusedError `cert-*` */
export type CheckChain = (chain: Uint8Array, time: number) => Promise<LedgerKey>;
