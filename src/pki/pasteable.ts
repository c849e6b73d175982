// One line that a person copies from one screen to another: `<prefix>.<payload>.<checksum>`, base64url. The checksum tells a
// line that was cut or mistyped from one that is whole but wrong; it protects against nothing else.
import { createHash } from 'node:crypto';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { InputError } from '../realm/errors.ts';

/** Characters of a line that we read at all. */
export const MAX_LINE = 8192;
const CHECKSUM_BYTES = 6;
const CHECKSUM_TEXT = 8;

function checksum(prefix: string, payload: string): string {
  const digest = createHash('sha256').update(`${prefix}.${payload}`).digest();
  return toString(digest.subarray(0, CHECKSUM_BYTES), 'base64url');
}

export function encodeLine(prefix: string, bytes: Uint8Array): string {
  const payload = toString(bytes, 'base64url');
  return `${prefix}.${payload}.${checksum(prefix, payload)}`;
}

/**
 * White space, as a terminal adds it when it wraps a line, is ignored. `what` names the line for people.
 * @throws InputError `token-malformed`, `token-version`, `token-cut`, `token-mistyped`
 */
export function parseLine(prefix: string, text: string, what: string): Uint8Array {
  if (text.length > MAX_LINE) throw new InputError('token-malformed', `a ${what} has at most ${MAX_LINE} characters`);
  const [head = '', payload, sum, ...rest] = text.replaceAll(/\s/g, '').split('.');
  if (head !== prefix) throw wrongPrefix(prefix, head, what);
  if (!payload || sum === undefined || sum.length < CHECKSUM_TEXT) {
    throw new InputError('token-cut', `the ${what} is cut off`, {
      hint: 'Copy the whole line again, to its very end.',
    });
  }
  if (rest.length > 0 || sum !== checksum(prefix, payload)) {
    throw new InputError('token-mistyped', `the ${what} was changed on its way: its checksum is wrong`, {
      hint: 'Copy the whole line again.',
    });
  }
  return fromString(payload, 'base64url');
}

function wrongPrefix(prefix: string, head: string, what: string): InputError {
  const family = prefix.replace(/\d+$/, '');
  if (new RegExp(`^${family}\\d+$`).test(head)) {
    return new InputError('token-version', `the ${what} is of the form ${head}; this program knows ${prefix}`, {
      hint: 'Use the same release of Canopy on both sides.',
    });
  }
  return new InputError('token-malformed', `this is no ${what}: it does not begin with "${prefix}."`);
}
