// CBOR (RFC 8949) from outside, decoded once and strictly: definite lengths, shortest integers, no repeated map keys, valid
// UTF-8, bounded depth. A length that promises more than there is fails before anything is allocated for it. Whoever reads
// wraps what is thrown here into an error of its own, and checks what came out field by field.
import { decode, encode, Token, Tokenizer, Type } from 'cborg';

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

/** Exactly one item. @throws Error of no particular kind */
export function readCbor(bytes: Uint8Array): unknown {
  return decode(bytes, { ...STRICT, tokenizer: new BoundedTokenizer(plainBytes(bytes)) });
}

/** As `readCbor`; undefined for what is not exactly one item. */
export function tryReadCbor(bytes: Uint8Array): unknown {
  try {
    return readCbor(bytes);
  } catch {
    return undefined;
  }
}

export function writeCbor(item: unknown): Uint8Array {
  return plainBytes(encode(item));
}

/** In Node cborg makes Buffers, whose `slice` shares memory and which compare as another type: only plain arrays leave here. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
