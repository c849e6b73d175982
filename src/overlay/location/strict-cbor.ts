// CBOR as our wire formats use it: one canonical encoding of positional arrays, and nothing else is taken (RFC 8949 section
// 4.2.1). A value decodes only from the very bytes that it encodes to, so signed bytes have one meaning.
import { readCanonicalCbor, writeCbor } from '../../realm/cbor.ts';
import { messageOf, PeerError } from '../../realm/errors.ts';

export type CborValue = number | string | boolean | null | Uint8Array | readonly CborValue[];

export function encodeCbor(value: CborValue): Uint8Array {
  return writeCbor(value);
}

/** @throws PeerError with this code */
export function decodeCbor(bytes: Uint8Array, limit: number, code: string): unknown {
  if (bytes.length > limit) throw new PeerError(code, `${bytes.length} bytes are more than ${limit}`);
  try {
    return readCanonicalCbor(bytes);
  } catch (cause) {
    throw new PeerError(code, `no canonical CBOR: ${messageOf(cause)}`, { cause });
  }
}

export function isArray(value: unknown, length?: number): value is unknown[] {
  return Array.isArray(value) && (length === undefined || value.length === length);
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

export function isText(value: unknown, limit: number): value is string {
  return typeof value === 'string' && value.length <= limit;
}
