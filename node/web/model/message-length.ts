// How long a message may be. The body of an envelope has at most 64 KiB; a UTF-16 unit takes at most 3 bytes of UTF-8, so
// this many always fit, and a person can be told in characters.
export const MAX_TEXT = 20_000;

/** Characters left; negative when it is too long. */
export function roomLeft(text: string): number {
  return MAX_TEXT - text.length;
}

/** Bytes of UTF-8 (src/crypto/content-kinds.ts). */
export const MAX_GROUP_NAME = 256;
