// The recovery key: 160 random bits that a person prints once and types when the password is lost. It is written in eight groups of
// five characters of Crockford's base 32 (no I, L, O, U; they are read as what they look like):
//
//   8Q2WX-0MZ4K-…     four characters of the secret, and one that checks them
//
// The check character is a sum over GF(32) of the group's number and its characters, each with a factor of its own. So it notices every
// single wrong character, every two that changed places, and groups in the wrong order; and it says which group to look at.
import { InputError } from '../../realm/errors.ts';
import type { RandomBytes } from '../../realm/random.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LOOKS_LIKE: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' };
const GROUPS = 8;
const DATA = 4;
const GROUP = DATA + 1;
const BITS = 5;
export const RECOVERY_BYTES = 20;
/** Typed text above this length is no recovery key; separators included. */
const MAX_TYPED = 200;
/** x^5 + x^2 + 1 */
const POLYNOMIAL = 0b100101;

export interface RecoveryKey {
  readonly secret: Uint8Array;
  /** For printing. Shown once and kept nowhere. */
  readonly text: string;
}

export function newRecoveryKey(random: RandomBytes): RecoveryKey {
  const secret = random(RECOVERY_BYTES);
  return { secret, text: recoveryText(secret) };
}

export function recoveryText(secret: Uint8Array): string {
  const values = toValues(secret);
  const groups = Array.from({ length: GROUPS }, (_, index) => {
    const data = values.slice(index * DATA, (index + 1) * DATA);
    return [...data, checkOf(index, data)].map((value) => ALPHABET[value]).join('');
  });
  return groups.join('-');
}

/** The secret of what was typed. @throws InputError `recovery-key-length`, `recovery-key-character`, `recovery-key-group` (the message names it) */
export function parseRecoveryKey(typed: string): Uint8Array {
  if (typed.length > MAX_TYPED) throw wrongLength();
  const characters = [...typed.toUpperCase().replaceAll(/[\s\p{Pd}.,_]/gu, '')].map((one) => LOOKS_LIKE[one] ?? one);
  const values = characters.map((one) => ALPHABET.indexOf(one));
  const odd = characters.find((_, at) => values[at] === -1);
  if (odd !== undefined) {
    throw new InputError('recovery-key-character', `"${odd}" is in no recovery key`, {
      hint: 'It is made of digits and letters without I, L, O and U.',
    });
  }
  if (values.length !== GROUPS * GROUP) throw wrongLength();
  const data: number[] = [];
  for (let index = 0; index < GROUPS; index++) {
    const group = values.slice(index * GROUP, (index + 1) * GROUP);
    if (checkOf(index, group.slice(0, DATA)) !== group[DATA]) throw wrongGroup(index + 1);
    data.push(...group.slice(0, DATA));
  }
  return toBytes(data);
}

function wrongLength(): InputError {
  return new InputError('recovery-key-length', `a recovery key has ${GROUPS} groups of ${GROUP} characters`);
}

function wrongGroup(number: number): InputError {
  return new InputError('recovery-key-group', `group ${number} of the recovery key is mistyped`, {
    hint: 'Compare it with the printed one; the groups stand in their order.',
  });
}

/** Each place has its own factor, none of them 0 or that of another. */
function checkOf(index: number, data: readonly number[]): number {
  return data.reduce((sum, value, at) => sum ^ multiply(value, at + 2), multiply(index + 1, 1));
}

/** In GF(32). */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let factor = a, rest = b; rest > 0; rest >>= 1) {
    if (rest & 1) product ^= factor;
    factor <<= 1;
    if (factor & 0b100000) factor ^= POLYNOMIAL;
  }
  return product;
}

function toValues(bytes: Uint8Array): number[] {
  const values: number[] = [];
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    for (; bits >= BITS; bits -= BITS) values.push((held >> (bits - BITS)) & 31);
    held &= (1 << bits) - 1;
  }
  return values;
}

function toBytes(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array((values.length * BITS) / 8);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const value of values) {
    held = (held << BITS) | value;
    bits += BITS;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >> bits;
    held &= (1 << bits) - 1;
  }
  return bytes;
}
