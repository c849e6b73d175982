// Who signs in a simulated world.
//
// Certificate chains are STAND-INS: a list of what a chain would say, believed because nobody in this world forges one. Real
// chains are checked wherever real chains are made (test/pki, test/overlay, test/protocols).
//
// Signatures of batches are real Ed25519 in every tenth seed. In the others they are STAND-INS too, a hash over the public key
// and the data: it fits or doesn't fit as a signature does, costs a fiftieth, and protects from nobody. Keys follow from the
// realm's name, so that a run signs the same bytes each time.
import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { equals } from 'uint8arrays/equals';
import type { BatchSigner, OriginKeys } from '../../node/delivery/batch-signing.ts';
import { leafKeyOfSeed, verifyWithLeaf } from '../../src/pki/keys.ts';
import type { CheckChain, LedgerSigner, VerifyLeaf } from '../../src/protocols/ledger/leaf-key.ts';
import { readCbor, writeCbor } from '../../src/realm/cbor.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import { verifyOnce } from './verified.ts';

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const YEAR = 365 * 24 * 3_600_000;

export type Signatures = 'real' | 'stand-in';

export function signaturesOf(seed: number): Signatures {
  return seed % 10 === 0 ? 'real' : 'stand-in';
}

export interface SimulatedIdentity {
  readonly realm: RealmName;
  readonly publicKey: Uint8Array;
  readonly chain: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

export function identityOf(realm: RealmName): SimulatedIdentity {
  const seed = new TextEncoder().encode(realm.padEnd(32, '.')).slice(-32);
  const { publicKey } = leafKeyOfSeed(seed);
  const key = privateKey(seed);
  return {
    realm,
    publicKey,
    chain: writeCbor([realm, publicKey]),
    sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
  };
}

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
}

function readChain(bytes: Uint8Array): { realm: RealmName; publicKey: Uint8Array } {
  const value = readCbor(bytes);
  const [realm, publicKey] = Array.isArray(value) ? value : [];
  if (typeof realm !== 'string' || !(publicKey instanceof Uint8Array)) {
    throw new RefusedError('cert-malformed', 'no stand-in of a chain');
  }
  return { realm: parseRealmName(realm), publicKey };
}

export function batchSigner({ chain, publicKey, sign }: SimulatedIdentity, signatures: Signatures): BatchSigner {
  return { chain, sign: signatures === 'real' ? sign : (data) => standIn(publicKey, data) };
}

export function originKeys(signatures: Signatures): OriginKeys {
  return {
    keyOf: async (chain, origin) => {
      const { realm, publicKey } = readChain(chain);
      if (realm === origin) return publicKey;
      throw new RefusedError('origin-foreign', `the chain is that of ${realm}, not of ${origin}`);
    },
    verify: signatures === 'real' ? verifyWithLeaf : fits,
  };
}

export function fits(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  return equals(standIn(publicKey, data), signature);
}

/** As long as an Ed25519 signature. */
export function standIn(publicKey: Uint8Array, data: Uint8Array): Uint8Array {
  const hash = createHash('sha256').update(publicKey).update(data).digest();
  return new Uint8Array(Buffer.concat([hash, hash]));
}

export function ledgerSigner({ publicKey, chain, sign }: SimulatedIdentity): LedgerSigner {
  return { publicKey, chain, sign: async (bytes) => sign(bytes) };
}

export const checkChain: CheckChain = async (chain, time) => {
  const { realm, publicKey } = readChain(chain);
  const verify: VerifyLeaf = (data, signature) => verifyOnce(publicKey, data, signature);
  return { realm, role: 'node', publicKey, verify, notBefore: time - YEAR, notAfter: time + 10 * YEAR };
};
