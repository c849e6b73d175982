// DER, read strictly (X.690 section 10): definite lengths in their shortest form, no high tag numbers, nothing trailing.
// The readers of certificates are built on this and not on a BER library, because two readers that disagree about one
// certificate are a way around its constraints: what is not the one canonical encoding is refused before it is understood.
import { RefusedError } from '../realm/errors.ts';

/** A certificate of ours has about 800 bytes. */
export const MAX_DER = 4096;
const MAX_DEPTH = 12;

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export interface Der {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Header and content. */
  readonly whole: Uint8Array;
}

export function malformed(what: string, cause?: unknown): RefusedError {
  return new RefusedError(
    'cert-malformed',
    `the certificate is malformed: ${what}`,
    cause === undefined ? {} : { cause },
  );
}

/** The length field at `at`, and where the content begins. */
function readLength(bytes: Uint8Array, at: number): { length: number; start: number } {
  const first = bytes[at];
  if (first === undefined) throw malformed('it ends inside a length');
  if (first < 0x80) return { length: first, start: at + 1 };
  const size = first & 0x7f;
  if (size === 0 || size > 2) throw malformed('a length is indefinite or too large');
  let length = 0;
  for (let i = 1; i <= size; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) throw malformed('it ends inside a length');
    length = length * 256 + byte;
  }
  if (length < (size === 1 ? 0x80 : 0x100)) throw malformed('a length is not in its shortest form');
  return { length, start: at + 1 + size };
}

/** The element that starts at `at`. @throws RefusedError `cert-malformed` */
function readAt(bytes: Uint8Array, at: number): Der {
  const tag = bytes[at];
  if (tag === undefined) throw malformed('an element is missing');
  if ((tag & 0x1f) === 0x1f) throw malformed('a tag number is too high');
  const { length, start } = readLength(bytes, at + 1);
  if (start + length > bytes.length) throw malformed('an element is cut off');
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) };
}

/** All elements of a constructed value's content. */
export function readAll(content: Uint8Array): Der[] {
  const elements: Der[] = [];
  for (let at = 0; at < content.length; ) {
    const element = readAt(content, at);
    elements.push(element);
    at += element.whole.length;
  }
  return elements;
}

/** The only element in `bytes`, which must have this tag. */
export function readOne(bytes: Uint8Array, tag: number, what: string): Der {
  const element = readAt(bytes, 0);
  if (element.whole.length !== bytes.length) throw malformed(`something follows ${what}`);
  return expectTag(element, tag, what);
}

export function expectTag(element: Der | undefined, tag: number, what: string): Der {
  if (element?.tag !== tag) throw malformed(`${what} is missing or of another type`);
  return element;
}

/** The elements of the sequence that `bytes` consist of. */
export function readSequence(bytes: Uint8Array, what: string): Der[] {
  return readAll(readOne(bytes, TAG.sequence, what).content);
}

/** Refuses what is not strict DER anywhere inside. Contents of octet and bit strings are checked when they are read. */
export function checkStrict(bytes: Uint8Array, depth = 0, most = MAX_DER): void {
  if (bytes.length > most) throw malformed(`it has more than ${most} bytes`);
  if (depth > MAX_DEPTH) throw malformed('it is nested too deeply');
  for (const element of readAll(bytes)) {
    if (element.tag & 0x20) checkStrict(element.content, depth + 1, most);
    else checkPrimitive(element);
  }
}

function checkPrimitive({ tag, content }: Der): void {
  if (tag === TAG.boolean) readBoolean(content);
  if (tag === TAG.integer) readInteger(content);
}

export function readBoolean(content: Uint8Array): boolean {
  const value = content[0];
  if (content.length !== 1 || (value !== 0 && value !== 0xff)) throw malformed('a truth value is neither 00 nor FF');
  return value === 0xff;
}

/** Checks the shortest form and gives the two's complement bytes. */
export function readInteger(content: Uint8Array): Uint8Array {
  const [first, second] = content;
  if (first === undefined) throw malformed('an integer is empty');
  const padded = second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (padded) throw malformed('an integer is not in its shortest form');
  return content;
}

/** A small number of at most one byte. */
export function readSmall(content: Uint8Array): number {
  const [first] = readInteger(content);
  if (first === undefined || content.length !== 1 || first > 0x7f) throw malformed('a number is out of range');
  return first;
}

/** The dotted text of an object identifier; parts of any size. */
export function readOid(content: Uint8Array): string {
  const parts: bigint[] = [];
  let value = 0n;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) throw malformed('an object identifier is not in its shortest form');
    value = value * 128n + BigInt(byte & 0x7f);
    fresh = byte < 0x80;
    if (fresh) {
      parts.push(value);
      value = 0n;
    }
  }
  const [first] = parts;
  if (!fresh || first === undefined) throw malformed('an object identifier is cut off');
  const top = first < 80n ? first / 40n : 2n;
  return [top, first - top * 40n, ...parts.slice(1)].join('.');
}

export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  const bytes = new Uint8Array(header.length + length);
  bytes.set(header);
  let at = header.length;
  for (const part of contents) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
