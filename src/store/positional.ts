// Records and frames as positional cborg arrays: `[version, field, ...]`. One form for what lies in the store and for what goes over
// the wire. Decoding is strict: exactly these fields, these types, these limits, and the very bytes that encoding would give, so
// that a signature over the bytes is a signature over the fields.
import { readCanonicalCbor, writeCbor } from '../realm/cbor.ts';
import { InputError } from '../realm/errors.ts';

/** What a field may hold. */
export type Field = string | number | boolean | null | Uint8Array | readonly Field[];

export function encodeFields(fields: readonly Field[]): Uint8Array {
  return writeCbor(fields);
}

function malformed(what: string, why: string, cause?: unknown): InputError {
  return new InputError('malformed', `This is not a ${what}: ${why}`, { cause });
}

function decodeStrictly(bytes: Uint8Array, what: string): unknown {
  try {
    return readCanonicalCbor(bytes);
  } catch (error) {
    throw malformed(what, 'its bytes do not decode', error);
  }
}

/** Takes the fields one after the other; each step checks a type and a limit. @throws InputError `malformed` */
export class FieldReader {
  readonly #what: string;
  readonly #fields: readonly unknown[];
  #at = 0;

  constructor(what: string, fields: unknown) {
    if (!Array.isArray(fields)) throw malformed(what, 'expected an array');
    this.#what = what;
    this.#fields = fields;
  }

  /** A whole number from 0 to `most`. */
  number(most = Number.MAX_SAFE_INTEGER): number {
    const value = this.#next();
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
    return this.#fail(`a whole number from 0 to ${most}`);
  }

  /** A string of at most `most` UTF-16 units. */
  text(most: number): string {
    const value = this.#next();
    return typeof value === 'string' && value.length <= most ? value : this.#fail(`a string of at most ${most}`);
  }

  /** Bytes, `least` to `most` of them. */
  bytes(most: number, least = 0): Uint8Array {
    const value = this.#next();
    if (value instanceof Uint8Array && value.length >= least && value.length <= most) return value;
    return this.#fail(`${least} to ${most} bytes`);
  }

  boolean(): boolean {
    const value = this.#next();
    return typeof value === 'boolean' ? value : this.#fail('true or false');
  }

  /** A string of at most `most`, a finite number, true or false. */
  scalar(most: number): string | number | boolean {
    const value = this.#next();
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
    return typeof value === 'string' && value.length <= most ? value : this.#fail('a string, number or boolean');
  }

  /** One of the given strings. */
  oneOf<const T extends string>(allowed: readonly T[]): T {
    const value = this.#next();
    return allowed.find((one) => one === value) ?? this.#fail(`one of ${allowed.join(', ')}`);
  }

  /** A list of at most `most`, each item read by `item` from a reader that holds only it. */
  list<T>(most: number, item: (reader: FieldReader) => T): T[] {
    const value = this.#next();
    if (!Array.isArray(value) || value.length > most) return this.#fail(`a list of at most ${most}`);
    return value.map((one: unknown) => item(new FieldReader(this.#what, [one])));
  }

  /** A nested array of fields. */
  nested(): FieldReader {
    return new FieldReader(this.#what, this.#next());
  }

  /** Whether there are fields left. */
  get hasMore(): boolean {
    return this.#at < this.#fields.length;
  }

  /** Undefined for null. */
  optional<T>(read: (reader: this) => T): T | undefined {
    if (this.#fields[this.#at] !== null) return read(this);
    this.#at++;
    return undefined;
  }

  /** The first field, which names the version of the form; a newer one is told apart from garbage. */
  version(known: number): void {
    const found = this.number();
    if (found !== known) {
      throw new InputError('unknown-version', `This ${this.#what} has version ${found}; this Canopy knows ${known}`);
    }
  }

  /** Must follow the last field. */
  end(): void {
    if (this.#at !== this.#fields.length)
      throw malformed(this.#what, `expected ${this.#at} fields, not ${this.#fields.length}`);
  }

  #next(): unknown {
    return this.#fields[this.#at++];
  }

  #fail(expected: string): never {
    throw malformed(this.#what, `field ${this.#at} is not ${expected}`);
  }
}

/** Reads all fields of `bytes` with `read`. @throws InputError `malformed`, `unknown-version` */
export function decodeFields<T>(bytes: Uint8Array, what: string, read: (reader: FieldReader) => T): T {
  const reader = new FieldReader(what, decodeStrictly(bytes, what));
  const value = read(reader);
  reader.end();
  return value;
}
