// CBOR (RFC 8949) from outside, decoded once and strictly (cbor-reader.ts). Whoever reads wraps what is thrown here into an error
// of its own, and checks what came out field by field.
import { encode } from 'cborg';
import { equals } from 'uint8arrays/equals';
import { CborReader } from './cbor-reader.ts';

/** Exactly one item. @throws Error of no particular kind */
export function readCbor(bytes: Uint8Array): unknown {
  return new CborReader(plainBytes(bytes)).only();
}

/** As `readCbor`, and in the very bytes that `writeCbor` gives. @throws Error of no particular kind */
export function readCanonicalCbor(bytes: Uint8Array): unknown {
  const reader = new CborReader(plainBytes(bytes));
  const item = reader.only();
  // Integers, text, bytes and arrays of them have one strict form; only maps and fractions have more.
  if (reader.hasForms && !equals(writeCbor(item), bytes)) throw new Error('the bytes are not in canonical form');
  return item;
}

/** As `readCbor`; undefined for what is not exactly one item. */
export function tryReadCbor(bytes: Uint8Array): unknown {
  try {
    return readCbor(bytes);
  } catch {
    return undefined;
  }
}

export function writeCbor(item: unknown): Uint8Array {
  return plainBytes(encode(item));
}

/** In Node cborg makes Buffers, whose `slice` shares memory and which compare as another type: only plain arrays leave here. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  if (Object.getPrototypeOf(bytes) === Uint8Array.prototype) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
