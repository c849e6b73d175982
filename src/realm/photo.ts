// The photo of a person: a small picture in the profile record, so that what vouches for the name vouches for it, and what erases the
// name erases it.
import { sha256 } from '@noble/hashes/sha2.js';
import { toString } from 'uint8arrays/to-string';
import { InputError } from './errors.ts';
import { pictureSize } from './picture-size.ts';

/** Bytes. A page makes one of 144 points a side, which takes less than half of this. */
export const MAX_PHOTO = 16 * 1024;

/** Points of a side, as the picture itself says: what is larger is painted nowhere. */
export const MAX_SIDE = 512;

function isPicture(bytes: Uint8Array): boolean {
  const { width, height } = pictureSize(bytes) ?? { width: 0, height: 0 };
  return width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE;
}

/** Only what begins as a WebP, JPEG or PNG of at most 512 points a side. @throws InputError `bad-photo` */
export function parsePhoto(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= MAX_PHOTO && isPicture(bytes)) return bytes;
  throw new InputError('bad-photo', 'this is no photo for a profile', {
    hint: `Take a WebP, JPEG or PNG picture of at most ${MAX_PHOTO / 1024} KiB and ${MAX_SIDE} points a side.`,
  });
}

/** What names the bytes of a photo: SHA-256, base64url. */
export function photoName(photo: Uint8Array): string {
  return toString(sha256(photo), 'base64url');
}
