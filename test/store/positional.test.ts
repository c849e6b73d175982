// Positional arrays: they read back, every truncation and every other form of the same content is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeFields, encodeFields, type FieldReader } from '../../src/store/positional.ts';

const sample = fc.record(
  {
    n: fc.maxSafeNat(),
    text: fc.string({ unit: 'grapheme', maxLength: 40 }),
    bytes: fc.uint8Array({ maxLength: 40 }),
    flag: fc.boolean(),
    list: fc.array(fc.nat(), { maxLength: 5 }),
  },
  { noNullPrototype: true },
);

function read(reader: FieldReader) {
  reader.version(1);
  return {
    n: reader.number(),
    text: reader.text(400),
    bytes: reader.bytes(40),
    flag: reader.boolean(),
    list: reader.list(5, (item) => item.number()),
  };
}

test('fields read back', () => {
  fc.assert(
    fc.property(sample, (value) => {
      const bytes = encodeFields([1, value.n, value.text, value.bytes, value.flag, value.list]);
      assert.deepEqual(decodeFields(bytes, 'sample', read), value);
    }),
  );
});

test('every truncation is refused', () => {
  const bytes = encodeFields([1, 70_000, 'text', new Uint8Array(20), true, [1, 2]]);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeFields(bytes.slice(0, length), 'sample', read), { code: 'malformed' });
  }
});

test('no bytes do more than be refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => decodeFields(bytes, 'sample', read), { name: 'InputError' });
    }),
  );
});

const hostile: [string, Uint8Array][] = [
  ['a length of four thousand millions', Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff)],
  ['deep nesting', new Uint8Array(60_000).fill(0x81)],
  ['bad UTF-8', Uint8Array.of(0x82, 1, 0x62, 0xc3, 0x28)],
  ['a number in a longer form than needed', Uint8Array.of(0x81, 0x18, 0x01)],
  ['an array of no stated length', Uint8Array.of(0x9f, 1, 0xff)],
  ['something after the end', Uint8Array.of(0x81, 1, 1)],
  ['a map with __proto__', Uint8Array.of(0xa1, 0x69, ...new TextEncoder().encode('__proto__'), 0xa0)],
];
for (const [what, bytes] of hostile) {
  test(`${what} is refused`, () => {
    assert.throws(() => decodeFields(bytes, 'sample', (reader) => reader.version(1)), { name: 'InputError' });
  });
}

test('a field too many, a field too few and a newer version are refused', () => {
  const only = (reader: FieldReader) => reader.version(1);
  assert.throws(() => decodeFields(encodeFields([1, 2]), 'sample', only), { code: 'malformed' });
  assert.throws(() => decodeFields(encodeFields([]), 'sample', only), { code: 'malformed' });
  assert.throws(() => decodeFields(encodeFields([2]), 'sample', only), { code: 'unknown-version' });
});
