// Signatures are checked for real, and each once: that the same bytes are signed by the same key is as true for the next of
// hundreds of realms that ask in one process. What is answered from memory is compared byte by byte.
import { equals } from 'uint8arrays/equals';
import { verifyWithLeaf } from '../../src/pki/keys.ts';

interface Checked {
  readonly publicKey: Uint8Array;
  readonly data: Uint8Array;
  readonly holds: boolean;
}

/** Above it all are forgotten; those that are asked for soon after each other are found all the same. */
const MAX_CHECKED = 50_000;
const checked = new Map<string, Checked>();

export function verifyOnce(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  const name = Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString('latin1');
  const known = checked.get(name);
  if (known && equals(known.publicKey, publicKey) && equals(known.data, data)) return known.holds;
  const holds = verifyWithLeaf(publicKey, data, signature);
  if (checked.size >= MAX_CHECKED) checked.clear();
  checked.set(name, { publicKey: publicKey.slice(), data: data.slice(), holds });
  return holds;
}
