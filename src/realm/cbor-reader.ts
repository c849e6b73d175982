// Reads one CBOR item (RFC 8949) straight from its bytes into values, without a token for each: everything that comes over the wire
// or out of the store goes through here. It takes what a strict decoder takes and nothing else: definite lengths, shortest integers
// within ±2^53, no tags, no undefined, finite numbers, valid UTF-8, maps with text for keys and none twice, bounded depth. A length
// that promises more than there is fails before anything is allocated for it.

/** Far above every form of ours; keeps hostile nesting off the call stack. */
const MAX_DEPTH = 8;
/** Bytes up to which a loop is cheaper than a call of the platform. */
const SHORT = 48;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function fail(why: string): never {
  throw new Error(`not strict CBOR: ${why}`);
}

export class CborReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #depth = 0;
  /** The bytes can hold other forms of the same value: a map's order, a number's width. */
  hasForms = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The one item of which these bytes consist. @throws Error */
  only(): unknown {
    const item = this.#item();
    if (this.#at !== this.#bytes.length) fail('more than one item');
    return item;
  }

  #item(): unknown {
    const initial = this.#bytes[this.#at++] ?? fail('the bytes end');
    const minor = initial & 0x1f;
    switch (initial >> 5) {
      case 0:
        return this.#argument(minor);
      case 1:
        return this.#negative(minor);
      case 2:
        return this.#copy(this.#length(minor));
      case 3:
        return this.#text(this.#length(minor));
      case 4:
        return this.#array(this.#argument(minor));
      case 5:
        return this.#map(this.#argument(minor));
      case 7:
        return this.#simple(minor);
      default:
        return fail('a tag');
    }
  }

  #argument(minor: number): number {
    if (minor < 24) return minor;
    if (minor > 27) fail(`additional information ${minor}`);
    const width = 1 << (minor - 24);
    if (this.#at + width > this.#bytes.length) fail('the bytes end');
    let value = 0;
    // Exact below 2^53; above it the sum is not below it either.
    for (let i = 0; i < width; i++) value = value * 256 + (this.#bytes[this.#at++] ?? 0);
    const least = width === 1 ? 24 : 2 ** (4 * width);
    if (value < least) fail('an integer in more bytes than it needs');
    if (value > Number.MAX_SAFE_INTEGER) fail('an integer beyond 2^53');
    return value;
  }

  #negative(minor: number): number {
    const value = -1 - this.#argument(minor);
    return value < Number.MIN_SAFE_INTEGER ? fail('an integer beyond 2^53') : value;
  }

  #length(minor: number): number {
    const length = this.#argument(minor);
    return length > this.#bytes.length - this.#at ? fail('the bytes end') : length;
  }

  /** Its own bytes, so that a short field does not keep a whole frame in memory. */
  #copy(length: number): Uint8Array {
    const start = this.#at;
    this.#at += length;
    if (length > SHORT) return this.#bytes.slice(start, this.#at);
    const copied = new Uint8Array(length);
    for (let i = 0; i < length; i++) copied[i] = this.#bytes[start + i] ?? 0;
    return copied;
  }

  #text(length: number): string {
    const start = this.#at;
    this.#at += length;
    if (length > SHORT) return utf8.decode(this.#bytes.subarray(start, this.#at));
    let text = '';
    for (let i = start; i < this.#at; i++) {
      const code = this.#bytes[i] ?? 0;
      if (code > 0x7f) return utf8.decode(this.#bytes.subarray(start, this.#at));
      text += String.fromCharCode(code);
    }
    return text;
  }

  #array(length: number): unknown[] {
    if (++this.#depth > MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH}`);
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(this.#item());
    this.#depth--;
    return items;
  }

  #map(length: number): Record<string, unknown> {
    if (++this.#depth > MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH}`);
    this.hasForms = true;
    const map: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const name = this.#item();
      if (typeof name !== 'string') return fail('a key of a map that is no text');
      if (Object.hasOwn(map, name)) fail('a key of a map twice');
      // Assigned, `__proto__` would change the object instead of becoming a field.
      Object.defineProperty(map, name, { value: this.#item(), configurable: true, enumerable: true, writable: true });
    }
    this.#depth--;
    return map;
  }

  #simple(minor: number): unknown {
    switch (minor) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 25:
        return this.#float(2);
      case 26:
        return this.#float(4);
      case 27:
        return this.#float(8);
      default:
        return fail(`simple value ${minor}`);
    }
  }

  #float(width: 2 | 4 | 8): number {
    const start = this.#at;
    if (start + width > this.#bytes.length) fail('the bytes end');
    this.#at += width;
    this.hasForms = true;
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + start, width);
    const value = width === 8 ? view.getFloat64(0) : width === 4 ? view.getFloat32(0) : half(view.getUint16(0));
    return Number.isFinite(value) ? value : fail('a number that is not finite');
  }
}

/** IEEE 754 binary16 (RFC 8949 appendix D). */
function half(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  const size = exponent === 0 ? fraction * 2 ** -24 : (fraction + 1024) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}
