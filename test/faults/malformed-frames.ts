// Frames that no codec of ours would write: the classic ones, and a seeded crowd of others.
import { encode } from 'cborg';

/** A small generator of a seed (mulberry32), so that a failure can be run again. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const MALFORMED: ReadonlyMap<string, Uint8Array> = new Map([
  ['nothing', new Uint8Array(0)],
  ['an array of 4 GiB', Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff)],
  ['an array of 2^53 items', Uint8Array.of(0x9b, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
  ['bytes of 4 GiB', Uint8Array.of(0x81, 0x5a, 0xff, 0xff, 0xff, 0xff, 1)],
  ['a text of 4 GiB', Uint8Array.of(0x81, 0x7a, 0xff, 0xff, 0xff, 0xff, 0x61)],
  ['a map of 4 GiB', Uint8Array.of(0xba, 0xff, 0xff, 0xff, 0xff)],
  ['deep nesting', new Uint8Array(900).fill(0x81)],
  ['deep maps', new Uint8Array(900).fill(0xa1)],
  ['bad UTF-8', Uint8Array.of(0x82, 0x00, 0x62, 0xc3, 0x28)],
  ['a surrogate alone', Uint8Array.of(0x82, 0x00, 0x63, 0xed, 0xa0, 0x80)],
  ['a prototype', encode(new Map<string, unknown>([['__proto__', { isAdmin: true }]]))],
  ['a constructor', encode(new Map<string, unknown>([['constructor', { prototype: { isAdmin: true } }]]))],
  ['a prototype inside', encode([0, new Map<string, unknown>([['__proto__', []]])])],
  ['an indefinite length', Uint8Array.of(0x9f, 0x00, 0xff)],
  ['a tag', Uint8Array.of(0xc2, 0x41, 0x01)],
  ['not a number', Uint8Array.of(0x81, 0xf9, 0x7e, 0x00)],
  ['minus one', encode([-1, -1, -1])],
  ['a number beyond what is safe', Uint8Array.of(0x81, 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
  ['two items', Uint8Array.of(0x80, 0x80)],
]);

/** Bytes at random, and items that are well formed and mean nothing. */
export function randomFrames(seed: number, count: number): Uint8Array[] {
  const random = randomOf(seed);
  const byte = (): number => Math.floor(random() * 256);
  const item = (depth: number): unknown => {
    const kind = Math.floor(random() * (depth > 3 ? 4 : 6));
    if (kind === 0) return Math.floor(random() * 8);
    if (kind === 1) return Uint8Array.from({ length: byte() % 40 }, byte);
    if (kind === 2) return 'kyiv.acme.ua'.slice(byte() % 12);
    if (kind === 3) return Math.floor(random() * 2 ** 50);
    return Array.from({ length: byte() % 8 }, () => item(depth + 1));
  };
  return Array.from({ length: count }, (_, index) =>
    index % 2 === 0 ? Uint8Array.from({ length: byte() }, byte) : encode([Math.floor(random() * 5), item(1), item(1)]),
  );
}
