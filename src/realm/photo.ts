// The photo of a person: a small picture in the profile record, so that what vouches for the name vouches for it, and what erases the
// name erases it.
import { sha256 } from '@noble/hashes/sha2.js';
import { toString } from 'uint8arrays/to-string';
import { InputError } from './errors.ts';

/** Bytes. A page makes one of 144 points a side, which takes less than half of this. */
export const MAX_PHOTO = 16 * 1024;

const HEAD = 12;
const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));

function isPicture(bytes: Uint8Array): boolean {
  if (bytes.length < HEAD) return false;
  if (ascii(bytes, 0, 4) === 'RIFF') return ascii(bytes, 8, HEAD) === 'WEBP';
  return ascii(bytes, 0, 3) === '\u00ff\u00d8\u00ff' || ascii(bytes, 0, 8) === '\u0089PNG\r\n\u001a\n';
}

/** Only what begins as WebP, JPEG or PNG. @throws InputError `bad-photo` */
export function parsePhoto(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= MAX_PHOTO && isPicture(bytes)) return bytes;
  throw new InputError('bad-photo', 'this is no photo for a profile', {
    hint: `Take a WebP, JPEG or PNG picture of at most ${MAX_PHOTO / 1024} KiB.`,
  });
}

/** What names the bytes of a photo: SHA-256, base64url. */
export function photoName(photo: Uint8Array): string {
  return toString(sha256(photo), 'base64url');
}
