// Who signs batches and how the key of another realm's node is known: by its certificate, which travels in the hello.
import { type Chain, decodeChain, encodeChain, PathMemory, type Trust, validateLeaf } from '../../src/pki/chain.ts';
import { type LeafKey, signWithLeaf, verifyWithLeaf } from '../../src/pki/keys.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';

export interface BatchSigner {
  /** Of this node, as encodeChain of src/pki writes it. Read anew for each stream, since leaves are renewed. */
  readonly chain: Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

export interface OriginKeys {
  /**
   * The raw Ed25519 key of the origin's node. `grace` is how many milliseconds ago its certificate may have ended: what lies in
   * custody was signed before. @throws RefusedError unless the chain is that of a node of that realm
   */
  keyOf(chain: Uint8Array, origin: RealmName, grace?: number): Promise<Uint8Array>;
  /** Default: Ed25519. A simulation may put something cheaper here. */
  verify?(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean;
}

/** Whether a signature is that of one node. */
export type Verify = (data: Uint8Array, signature: Uint8Array) => boolean;

/** @throws RefusedError as keyOf */
export async function verifierOf(keys: OriginKeys, chain: Uint8Array, origin: RealmName, grace = 0): Promise<Verify> {
  const publicKey = await keys.keyOf(chain, origin, grace);
  const verify = keys.verify ?? verifyWithLeaf;
  return (data, signature) => verify(publicKey, data, signature);
}

export function createBatchSigner(identity: { readonly key: LeafKey; readonly chain: () => Chain }): BatchSigner {
  return {
    get chain() {
      return encodeChain(identity.chain());
    },
    sign: (data) => signWithLeaf(identity.key, data),
  };
}

export interface OriginKeysInit {
  readonly rootFingerprint: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly isRevoked?: Trust['isRevoked'];
}

export function createOriginKeys({ rootFingerprint, clock, isRevoked }: OriginKeysInit): OriginKeys {
  const memory = new PathMemory();
  return {
    keyOf: async (bytes, origin, grace = 0) => {
      const trust = { rootFingerprint, now: clock.now(), memory, grace, ...(isRevoked && { isRevoked }) };
      const leaf = await validateLeaf(decodeChain(bytes), trust);
      if (leaf.realm === origin && leaf.role === 'node') return leaf.publicKey;
      throw new RefusedError(
        'origin-foreign',
        `The certificate is that of ${leaf.role} ${leaf.realm}, not of node ${origin}`,
      );
    },
  };
}
