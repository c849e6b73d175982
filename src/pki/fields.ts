// Decoding of the positional CBOR lists that this folder exchanges: `unknown` until each field has been checked.
import { readCbor } from '../realm/cbor.ts';
import { PeerError } from '../realm/errors.ts';

export class FieldReader {
  readonly #code: string;
  readonly #what: string;

  /** `code` is that of the PeerError thrown for anything unexpected in `what`. */
  constructor(code: string, what: string) {
    this.#code = code;
    this.#what = what;
  }

  wrong(field: string, cause?: unknown): PeerError {
    return new PeerError(this.#code, `${this.#what} is malformed: ${field}`, cause === undefined ? {} : { cause });
  }

  /** The fields of a list whose first one is a version that we know. */
  list(bytes: Uint8Array, limit: number, version: number): unknown[] {
    if (bytes.length > limit) throw this.wrong(`it has more than ${limit} bytes`);
    let value: unknown;
    try {
      value = readCbor(bytes);
    } catch (cause) {
      throw this.wrong('it is no strict CBOR', cause);
    }
    if (!Array.isArray(value) || value[0] !== version) throw this.wrong(`it is no list of version ${version}`);
    return value.slice(1);
  }

  bytes(value: unknown, limit: number, exact?: 'exact'): Uint8Array {
    const fits = value instanceof Uint8Array && (exact ? value.length === limit : value.length <= limit);
    if (!fits) throw this.wrong(`a byte string of ${exact ? '' : 'at most '}${limit} bytes is missing`);
    return value;
  }

  text(value: unknown, limit: number): string {
    if (typeof value !== 'string' || value.length > limit)
      throw this.wrong(`a text of at most ${limit} characters is missing`);
    return value;
  }

  time(value: unknown): number {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw this.wrong('a time is missing');
    return value;
  }

  /** What a parse function makes of a field; its own complaint becomes the cause. */
  parse<T>(field: string, parse: () => T): T {
    try {
      return parse();
    } catch (cause) {
      throw this.wrong(field, cause);
    }
  }
}
