// Who this program is in the overlay: its leaf certificate's chain and the Ed25519 key behind it, which is also the key of
// its libp2p peer id, so that a peer id follows from the certificate.
import { generateKeyPairFromSeed, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { Ed25519PrivateKey } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import type { Chain } from '../pki/chain.ts';
import type { RealmName, Role, Tier } from '../realm/names.ts';

export interface Identity {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly role: Role;
  /** The raw 32-byte seed of the Ed25519 key. */
  readonly privateKey: Uint8Array;
  /** Leaf first, root last. Read at each handshake, so that a renewed one is shown without a restart. */
  readonly chain: Chain;
  /** SHA-256 of the root certificate's DER, in hex. */
  readonly rootFingerprint: string;
}

export function hostKey(identity: Identity): Promise<Ed25519PrivateKey> {
  return generateKeyPairFromSeed('Ed25519', identity.privateKey);
}

/** The peer id of whoever holds the key of a certificate (raw Ed25519, 32 bytes). */
export function peerIdOfKey(publicKey: Uint8Array): string {
  return peerIdFromPublicKey(publicKeyFromRaw(publicKey)).toString();
}
