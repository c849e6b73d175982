// CBOR (RFC 8949) from outside, decoded once and strictly: definite lengths, shortest integers, no repeated map keys, valid
// UTF-8, bounded depth. A length that promises more than there is fails before anything is allocated for it.
import { decode, encode, Token, Tokenizer, Type } from 'cborg';
import { PeerError } from '../realm/errors.ts';

/** Far above every form of ours; keeps hostile nesting off the call stack. */
const MAX_DEPTH = 8;

const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
} as const;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Counts open arrays and maps, and looks at the bytes of strings that came out with a replacement character. */
class BoundedTokenizer extends Tokenizer {
  readonly #bytes: Uint8Array;
  readonly #open: number[] = [];

  constructor(bytes: Uint8Array) {
    super(bytes, STRICT);
    this.#bytes = bytes;
  }

  override next(): Token {
    const start = this.pos();
    const token = super.next();
    this.#count(token);
    if (token.type === Type.string && String(token.value).includes('\ufffd')) {
      utf8.decode(this.#bytes.subarray(start + headLength(this.#bytes[start] ?? 0), this.pos()));
    }
    return token;
  }

  #count(token: Token): void {
    for (let last = this.#open.length - 1; last >= 0 && this.#open[last] === 0; last--) this.#open.pop();
    const last = this.#open.length - 1;
    if (last >= 0) this.#open[last] = (this.#open[last] ?? 0) - 1;
    if (token.type !== Type.array && token.type !== Type.map) return;
    if (this.#open.length === MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`);
    this.#open.push(token.type === Type.map ? Number(token.value) * 2 : Number(token.value));
  }
}

/** Bytes of an item's head: the initial byte and its argument (RFC 8949 section 3). */
function headLength(initial: number): number {
  const minor = initial & 0x1f;
  return minor < 24 ? 1 : 1 + 2 ** (minor - 24);
}

/** Exactly one item of at most `limit` bytes. @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeStrict(bytes: Uint8Array, limit: number): unknown {
  if (bytes.length > limit) throw new PeerError('frame-too-long', `${bytes.length} bytes; at most ${limit}`);
  try {
    return decode(bytes, { ...STRICT, tokenizer: new BoundedTokenizer(plain(bytes)) });
  } catch (cause) {
    throw new PeerError('frame-malformed', 'these bytes are not one strict CBOR item', { cause });
  }
}

/** The counterpart for what we made ourselves. */
export function encodeItem(item: unknown): Uint8Array {
  return plain(encode(item));
}

/** In Node cborg makes Buffers, whose `slice` shares memory and which compare as another type: only plain arrays leave here. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
    return plain(value);
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
