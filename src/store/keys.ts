// Keys are tuples of strings, whole numbers and bytes, written so that the order of the bytes is the order of the tuples:
// part by part; bytes before strings before numbers; strings by code point; a tuple before every longer one it begins.
//
//   bytes   01, the bytes with 00 written as 00 ff, then 00
//   string  02, its UTF-8 likewise, then 00
//   number  10 + length, then that many bytes, big-endian, no leading zero (0 has none)
import { InputError } from '../realm/errors.ts';

export type KeyPart = string | number | Uint8Array;

const BYTES = 0x01;
const STRING = 0x02;
const NUMBER = 0x10;
const END = 0x00;
const ESCAPED = 0xff;
/** Above every tag, so that it ends the range of what a prefix begins. */
const AFTER = 0xff;
const MAX_KEY = 4096;

function pushEscaped(out: number[], tag: number, bytes: Uint8Array): void {
  out.push(tag);
  for (const byte of bytes) {
    out.push(byte);
    if (byte === 0) out.push(ESCAPED);
  }
  out.push(END);
}

function pushNumber(out: number[], value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InputError('bad-key', `${value} can't be part of a key; expected a whole number from 0`);
  }
  const digits: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  out.push(NUMBER + digits.length, ...digits);
}

function pushString(out: number[], text: string): void {
  // A lone surrogate would become U+FFFD and two different keys one.
  if (!text.isWellFormed()) throw new InputError('bad-key', 'A string with a lone surrogate cannot be part of a key');
  pushEscaped(out, STRING, new TextEncoder().encode(text));
}

/** @throws InputError `bad-key` */
export function key(...parts: readonly KeyPart[]): Uint8Array {
  const out: number[] = [];
  for (const part of parts) {
    if (typeof part === 'string') pushString(out, part);
    else if (typeof part === 'number') pushNumber(out, part);
    else pushEscaped(out, BYTES, part);
  }
  if (out.length > MAX_KEY) throw new InputError('bad-key', `A key has at most ${MAX_KEY} bytes, not ${out.length}`);
  return Uint8Array.from(out);
}

/** The range of all keys that begin with these parts, the key of exactly these parts included. */
export function under(...parts: readonly KeyPart[]): { gte: Uint8Array; lt: Uint8Array } {
  const prefix = key(...parts);
  const lt = new Uint8Array(prefix.length + 1);
  lt.set(prefix);
  lt[prefix.length] = AFTER;
  return { gte: prefix, lt };
}

/** Keys under `parts` whose next part is at least `first` and, when given, below `end`. */
export function between(parts: readonly KeyPart[], first: KeyPart, end?: KeyPart): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: key(...parts, first), lt: end === undefined ? under(...parts).lt : key(...parts, end) };
}

function malformed(): never {
  throw new InputError('bad-key', 'These bytes are not a key');
}

class KeyReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  part(): KeyPart {
    const tag = this.#byte();
    if (tag === BYTES) return this.#escaped();
    if (tag === STRING) return this.#string();
    if (tag >= NUMBER && tag <= NUMBER + 7) return this.#number(tag - NUMBER);
    return malformed();
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? malformed();
  }

  #string(): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#escaped());
    } catch {
      return malformed();
    }
  }

  #escaped(): Uint8Array {
    const out: number[] = [];
    for (;;) {
      const byte = this.#byte();
      if (byte === END) {
        if (this.#bytes[this.#at] !== ESCAPED) return Uint8Array.from(out);
        this.#at++;
      }
      out.push(byte);
    }
  }

  #number(length: number): number {
    let value = 0;
    for (let i = 0; i < length; i++) {
      const digit = this.#byte();
      if (i === 0 && digit === 0) malformed();
      value = value * 256 + digit;
    }
    return Number.isSafeInteger(value) ? value : malformed();
  }
}

/** The parts of a key. @throws InputError `bad-key` */
export function parseKey(bytes: Uint8Array): KeyPart[] {
  const reader = new KeyReader(bytes);
  const parts: KeyPart[] = [];
  while (!reader.done) parts.push(reader.part());
  return parts;
}
