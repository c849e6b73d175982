// Frames and records in strict CBOR (src/realm/cbor.ts), read field by field; what does not fit is the peer's fault.
import { plainBytes, readCbor, writeCbor } from '../realm/cbor.ts';
import { PeerError } from '../realm/errors.ts';

/** Exactly one item of at most `limit` bytes. @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeStrict(bytes: Uint8Array, limit: number): unknown {
  if (bytes.length > limit) throw new PeerError('frame-too-long', `${bytes.length} bytes; at most ${limit}`);
  try {
    return readCbor(bytes);
  } catch (cause) {
    throw new PeerError('frame-malformed', 'these bytes are not one strict CBOR item', { cause });
  }
}

/** The counterpart for what we made ourselves. */
export function encodeItem(item: unknown): Uint8Array {
  return writeCbor(item);
}

/** Reads the elements of a decoded array one by one, each checked; what does not fit is `frame-malformed`. */
export class Fields {
  readonly #items: readonly unknown[];
  readonly #what: string;
  #at = 0;

  /** @throws PeerError `frame-malformed` unless `item` is an array of `length` (or of at least one, without a length) */
  constructor(item: unknown, what: string, length?: number) {
    if (!Array.isArray(item) || (length !== undefined && item.length !== length)) {
      throw new PeerError('frame-malformed', `a ${what} is an array${length === undefined ? '' : ` of ${length}`}`);
    }
    this.#items = item;
    this.#what = what;
  }

  get count(): number {
    return this.#items.length;
  }

  raw(): unknown {
    return this.#items[this.#at++];
  }

  uint(max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.raw();
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > max) {
      return this.fail(`a whole number up to ${max}`);
    }
    return value;
  }

  flag(): boolean {
    const value = this.raw();
    return typeof value === 'boolean' ? value : this.fail('true or false');
  }

  bytes(max: number, exactly?: number): Uint8Array {
    const value = this.raw();
    if (!(value instanceof Uint8Array) || value.length > max || (exactly !== undefined && value.length !== exactly)) {
      return this.fail(`${exactly ?? `at most ${max}`} bytes`);
    }
    return plainBytes(value);
  }

  text(max: number): string {
    const value = this.raw();
    return typeof value === 'string' && value.length <= max ? value : this.fail(`text of at most ${max} characters`);
  }

  list(max: number): readonly unknown[] {
    const value = this.raw();
    return Array.isArray(value) && value.length <= max ? value : this.fail(`a list of at most ${max}`);
  }

  /** Runs a parser of ours on the next element's text; its refusal is the peer's fault. */
  parsed<T>(max: number, parse: (text: string) => T): T {
    const text = this.text(max);
    try {
      return parse(text);
    } catch (cause) {
      throw new PeerError('frame-malformed', `element ${this.#at - 1} of a ${this.#what} is malformed`, { cause });
    }
  }

  fail(expected: string): never {
    throw new PeerError('frame-malformed', `element ${this.#at - 1} of a ${this.#what} must be ${expected}`);
  }
}
