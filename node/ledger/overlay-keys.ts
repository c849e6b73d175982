// The ledger's keys are the node's leaves: how they sign, and how those of others are checked.
import { type Charter, EMPTY_CHARTER } from '../../src/overlay/charter.ts';
import { type Chain, decodeChain, encodeChain, type Trust, validateLeaf } from '../../src/pki/chain.ts';
import { leafKeyOfSeed, signWithLeaf, verifyWithLeaf } from '../../src/pki/keys.ts';
import type { CheckChain, LedgerSigner, VerifyLeaf } from '../../src/protocols/ledger/leaf-key.ts';

/** Signs with the leaf whose raw 32-byte seed and chain these are. */
export function leafSigner(seed: Uint8Array, chain: Chain): LedgerSigner {
  const leaf = leafKeyOfSeed(seed);
  return { publicKey: leaf.publicKey, chain: encodeChain(chain), sign: async (bytes) => signWithLeaf(leaf, bytes) };
}

/**
 * Whether a leaf might sign is judged as of the time of the entry that introduces it: what was signed before a revocation stays
 * true, what claims a later time is refused. An entry that a thief dates back before it gets no further than to whoever he
 * still reaches, because his connections are cut; and a second entry for a number that the realm has used proves the fraud.
 */
export function checkByRoot(
  trust: Omit<Trust, 'now' | 'grace' | 'isRevoked'>,
  charter: Pick<Charter, 'revokedAt'> = EMPTY_CHARTER,
): CheckChain {
  return async (chain, time) => {
    const ends: number[] = [];
    const isRevoked: Trust['isRevoked'] = (serial, issuer) => {
      const at = charter.revokedAt(serial, issuer);
      if (at !== undefined) ends.push(at);
      return at !== undefined && time > at;
    };
    const leaf = await validateLeaf(decodeChain(chain), { ...trust, now: time, isRevoked });
    const verify: VerifyLeaf = (data, signature) => verifyWithLeaf(leaf.publicKey, data, signature);
    return { ...leaf, verify, notAfter: Math.min(leaf.notAfter, ...ends) };
  };
}
