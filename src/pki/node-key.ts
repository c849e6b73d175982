// Statements of a realm's node that travel with its certificate chain: whose they are, and by which key.
import { RefusedError } from '../realm/errors.ts';
import type { RealmName } from '../realm/names.ts';
import { decodeChain, type Trust, type ValidatedLeaf, validateLeaf } from './chain.ts';

/**
 * The leaf at the beginning of an encoded chain.
 * @throws RefusedError `cert-…`; `origin-foreign` unless it is that of the node of `realm`
 */
export async function openNodeChain(bytes: Uint8Array, realm: RealmName, trust: Trust): Promise<ValidatedLeaf> {
  const leaf = await validateLeaf(decodeChain(bytes), trust);
  if (leaf.realm === realm && leaf.role === 'node') return leaf;
  throw new RefusedError(
    'origin-foreign',
    `the certificate is that of ${leaf.role} ${leaf.realm}, not of node ${realm}`,
  );
}
