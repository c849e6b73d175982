// The ledger's keys are the node's leaves: how they sign, and how those of others are checked.
import { type Chain, decodeChain, encodeChain, type Trust, validateLeaf } from '../../src/pki/chain.ts';
import { leafKeyOfSeed, signWithLeaf } from '../../src/pki/keys.ts';
import type { LedgerSigner } from '../../src/protocols/ledger/own-chain.ts';
import type { CheckChain } from '../../src/protocols/ledger/verify.ts';

/** Signs with the leaf whose raw 32-byte seed and chain these are. */
export function leafSigner(seed: Uint8Array, chain: Chain): LedgerSigner {
  const leaf = leafKeyOfSeed(seed);
  return { publicKey: leaf.publicKey, chain: encodeChain(chain), sign: async (bytes) => signWithLeaf(leaf, bytes) };
}

/** Whether a leaf might sign is judged as of the time of the entry that introduces it. */
export function checkByRoot(trust: Omit<Trust, 'now' | 'grace'>): CheckChain {
  return (chain, time) => validateLeaf(decodeChain(chain), { ...trust, now: time });
}
