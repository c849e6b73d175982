// Who signs batches and how the key of another realm's node is known: by its certificate, which travels in the hello.
import { type Chain, decodeChain, encodeChain, PathMemory, type Trust, validateLeaf } from '../../src/pki/chain.ts';
import { type LeafKey, signWithLeaf, verifyWithLeaf } from '../../src/pki/keys.ts';
import { checkIncarnation } from '../../src/protocols/ledger/incarnation.ts';
import type { CheckChain } from '../../src/protocols/ledger/leaf-key.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { CanopyError, LocalError, RefusedError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';

export interface BatchSigner {
  /** Of this node, as encodeChain of src/pki writes it. Read anew for each stream, since leaves are renewed. */
  readonly chain: Uint8Array;
  /** Of this node's incarnation (src/protocols/ledger/incarnation.ts); empty in the first. */
  readonly certificate?: Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

export interface OriginKeys {
  /**
   * The raw Ed25519 key of the origin's node. `grace` is how many milliseconds ago its certificate may have ended: what lies in
   * custody was signed before. @throws RefusedError unless the chain is that of a node of that realm
   */
  keyOf(chain: Uint8Array, origin: RealmName, grace?: number): Promise<Uint8Array>;
  /**
   * Whether the realm above has certified this incarnation of the origin, or a later one. Default: nobody needs one.
   * @throws RefusedError `incarnation-uncertified`
   */
  assertCertified?(certificate: Uint8Array, origin: RealmName, incarnation: number): Promise<void>;
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

/** The first incarnation needs no certificate. */
const FIRST = 1;

/** @throws RefusedError `incarnation-uncertified` */
export async function assertCertified(
  keys: OriginKeys,
  certificate: Uint8Array,
  { origin, incarnation }: { readonly origin: RealmName; readonly incarnation: number },
): Promise<void> {
  if (incarnation > FIRST) await keys.assertCertified?.(certificate, origin, incarnation);
}

export function createBatchSigner(identity: {
  readonly key: LeafKey;
  readonly chain: () => Chain;
  readonly certificate?: Uint8Array | undefined;
}): BatchSigner {
  return {
    certificate: identity.certificate ?? new Uint8Array(),
    get chain() {
      return encodeChain(identity.chain());
    },
    sign: (data) => signWithLeaf(identity.key, data),
  };
}

type Claim = Parameters<NonNullable<OriginKeys['assertCertified']>>;

async function checkCertified(check: CheckChain, ...[certificate, origin, incarnation]: Claim): Promise<void> {
  try {
    const said = await checkIncarnation(certificate, check);
    if (said.realm === origin && said.incarnation >= incarnation) return;
  } catch (cause) {
    if (!(cause instanceof CanopyError) || cause instanceof LocalError) throw cause;
  }
  throw new RefusedError('incarnation-uncertified', `Nobody has certified incarnation ${incarnation} of ${origin}`);
}

export interface OriginKeysInit {
  readonly rootFingerprint: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly isRevoked?: Trust['isRevoked'];
  /** Judges who certified an incarnation. */
  readonly checkChain?: CheckChain;
}

export function createOriginKeys({ rootFingerprint, clock, isRevoked, checkChain }: OriginKeysInit): OriginKeys {
  const memory = new PathMemory();
  const certified = checkChain && ((...given: Claim) => checkCertified(checkChain, ...given));
  return {
    ...(certified && { assertCertified: certified }),
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
