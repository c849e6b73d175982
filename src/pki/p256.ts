// Keys and signatures of authorities as WebCrypto takes them, so that a browser checks them too: ECDSA P-256 with SHA-256.
import { equals } from 'uint8arrays/equals';
import { fromString } from 'uint8arrays/from-string';
import { malformed, readInteger, readSequence, TAG } from './der.ts';

/** Everything of the SPKI before the point's own bytes: the only encoding that we take (RFC 5480). */
const P256_SPKI = fromString('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
const P256_POINT_BYTES = 64;
const SCALAR = 32;

/** True for an uncompressed P-256 key in its one encoding. */
export function isP256Spki(spki: Uint8Array): boolean {
  return spki.length === P256_SPKI.length + P256_POINT_BYTES && equals(spki.subarray(0, P256_SPKI.length), P256_SPKI);
}

/** @param signature DER (RFC 3279 section 2.2.3). @throws RefusedError `cert-malformed` when the key is no point of the curve */
export async function verifyP256(spki: Uint8Array, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const raw = rawSignature(signature);
  if (!raw) return false;
  const key = await importP256(spki);
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, raw, new Uint8Array(bytes));
}

async function importP256(spki: Uint8Array) {
  try {
    const form = { name: 'ECDSA', namedCurve: 'P-256' } as const;
    return await crypto.subtle.importKey('spki', new Uint8Array(spki), form, false, ['verify']);
  } catch (cause) {
    throw malformed('the public key cannot be read', cause);
  }
}

/** r and s, 32 bytes each; undefined when it is no signature at all. */
function rawSignature(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  try {
    const [r, s, ...rest] = readSequence(der, 'a signature');
    if (r?.tag !== TAG.integer || s?.tag !== TAG.integer || rest.length > 0) return undefined;
    const raw = new Uint8Array(2 * SCALAR);
    for (const [at, { content }] of [r, s].entries()) {
      const value = readInteger(content);
      const bytes = value[0] === 0 ? value.subarray(1) : value;
      if (bytes.length > SCALAR || (value[0] ?? 0) >= 0x80) return undefined;
      raw.set(bytes, (at + 1) * SCALAR - bytes.length);
    }
    return raw;
  } catch {
    return undefined;
  }
}
