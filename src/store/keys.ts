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

const MAX_LENGTH_OF_NUMBER = 7;
const encoder = new TextEncoder();

/** Grows up to the longest key. Keys are made several times for each message, so no array of numbers stands in between. */
class KeyWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  part(part: KeyPart): void {
    if (typeof part === 'string') this.#string(part);
    else if (typeof part === 'number') this.#number(part);
    else this.#escaped(BYTES, part);
  }

  /** A copy: most keys are short, and a view of a short array costs five times as much as another short array. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #string(text: string): void {
    if (isPlain(text)) return this.#plain(text);
    // A lone surrogate would become U+FFFD and two different keys one.
    if (!text.isWellFormed()) throw new InputError('bad-key', 'A string with a lone surrogate cannot be part of a key');
    this.#escaped(STRING, encoder.encode(text));
  }

  /** Names and constants, the most of all strings: written as they are, without an encoder's detour. */
  #plain(text: string): void {
    this.#reserve(2 + text.length);
    this.#push(STRING);
    for (let at = 0; at < text.length; at++) this.#push(text.charCodeAt(at));
    this.#push(END);
  }

  #escaped(tag: number, bytes: Uint8Array): void {
    this.#reserve(2 + 2 * bytes.length);
    this.#push(tag);
    for (const byte of bytes) {
      this.#push(byte);
      if (byte === 0) this.#push(ESCAPED);
    }
    this.#push(END);
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new InputError('bad-key', `${value} can't be part of a key; expected a whole number from 0`);
    }
    let length = 0;
    for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) length++;
    this.#reserve(1 + MAX_LENGTH_OF_NUMBER);
    this.#push(NUMBER + length);
    for (let at = length - 1, rest = value; at >= 0; at--, rest = Math.floor(rest / 256)) {
      this.#bytes[this.#length + at] = rest % 256;
    }
    this.#length += length;
  }

  #push(byte: number): void {
    this.#bytes[this.#length++] = byte;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (this.#length > MAX_KEY || more > 2 * MAX_KEY + 2) throw tooLong();
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * needed);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** ASCII without the byte that would need an escape. */
function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === END || code > 0x7f) return false;
  }
  return true;
}

function tooLong(): InputError {
  return new InputError('bad-key', `A key has at most ${MAX_KEY} bytes`);
}

/** @throws InputError `bad-key` */
export function key(...parts: readonly KeyPart[]): Uint8Array {
  const writer = new KeyWriter();
  for (const part of parts) writer.part(part);
  const bytes = writer.finish();
  if (bytes.length > MAX_KEY) throw tooLong();
  return bytes;
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
