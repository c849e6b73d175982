// The address of a blob: 32 bytes that follow from its ciphertext (src/crypto/files/chunk-list.ts). In text, in URLs and in the
// names of files it is 64 lower-case hexadecimal digits and nothing else, so that no path can be smuggled in by one.
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { InputError } from './errors.ts';

declare const brand: unique symbol;
export type BlobId = string & { readonly [brand]: 'blob' };

export const BLOB_ID_BYTES = 32;
const FORM = /^[0-9a-f]{64}$/;

/** @throws InputError `bad-id` */
export function parseBlobId(text: string): BlobId {
  if (!FORM.test(text)) {
    throw new InputError(
      'bad-id',
      `"${text.slice(0, 80)}" is not a blob id; expected 64 lower-case hexadecimal digits`,
    );
  }
  return text as BlobId;
}

/** @throws InputError `bad-id` */
export function blobIdOf(bytes: Uint8Array): BlobId {
  return parseBlobId(toString(bytes, 'hex'));
}

export function blobIdBytes(id: BlobId): Uint8Array {
  return new Uint8Array(fromString(id, 'hex'));
}
