// How a file is cut: 256 KiB of plaintext a chunk, and 16 bytes more once it is sealed. An empty file is one empty chunk, so that
// its end is authenticated like that of any other.
//
// What a server sees of a file is its sealed size, and from it the exact size of the plaintext. Nothing is padded: padding that
// would hide the size of a 5 GiB video costs gigabytes, and for small files the sizes of messages tell as much.
import { InputError } from '../../realm/errors.ts';

/** Bytes of plaintext in every chunk but the last, which has 0 to as many. */
export const PLAIN_CHUNK = 256 * 1024;
/** The tag of AES-GCM. */
export const TAG = 16;
/** Bytes of ciphertext in every chunk but the last. */
export const SEALED_CHUNK = PLAIN_CHUNK + TAG;
/** The construction's own bound is a counter of 32 bits; a list of hashes that fits into memory bounds us sooner: 64 GiB. */
export const MAX_CHUNKS = 2 ** 18;
export const MAX_SEALED = MAX_CHUNKS * SEALED_CHUNK;
export const MAX_PLAIN = MAX_CHUNKS * PLAIN_CHUNK;

/** @throws InputError `file-too-long` */
export function chunksOfPlain(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0 || size > MAX_PLAIN) {
    throw new InputError('file-too-long', `A file of ${size} bytes; at most ${MAX_PLAIN}`);
  }
  return Math.max(1, Math.ceil(size / PLAIN_CHUNK));
}

export function sealedSize(plainSize: number): number {
  return plainSize + chunksOfPlain(plainSize) * TAG;
}

/** Whether a blob can have this size at all. */
export function isSealedSize(size: number): boolean {
  if (!Number.isSafeInteger(size) || size < TAG || size > MAX_SEALED) return false;
  const last = size % SEALED_CHUNK;
  // A last chunk without content belongs to an empty file alone.
  return last === 0 || last > TAG || size === TAG;
}

export function chunksOfSealed(size: number): number {
  return Math.ceil(size / SEALED_CHUNK);
}

/** Where a chunk lies within its blob. */
export function sealedRange(index: number, size: number): { readonly from: number; readonly to: number } {
  return { from: index * SEALED_CHUNK, to: Math.min(size, (index + 1) * SEALED_CHUNK) };
}
