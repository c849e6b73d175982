// Keys sort as their tuples do, read back as what they were, and a prefix covers exactly what it begins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { between, type KeyPart, key, parseKey, under } from '../../src/store/keys.ts';

const part: fc.Arbitrary<KeyPart> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.maxSafeNat(),
  fc.nat(300),
  fc.uint8Array({ maxLength: 6 }),
);
const tuple = fc.array(part, { maxLength: 4 });

function rank(value: KeyPart): number {
  if (value instanceof Uint8Array) return 0;
  return typeof value === 'string' ? 1 : 2;
}

function compareParts(a: KeyPart, b: KeyPart): number {
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(asBytes(a)), Buffer.from(asBytes(b)));
}

function asBytes(value: KeyPart): Uint8Array {
  return value instanceof Uint8Array ? value : new TextEncoder().encode(String(value));
}

function compareTuples(a: readonly KeyPart[], b: readonly KeyPart[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i];
    if (right === undefined) return 1;
    const order = compareParts(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

test('keys sort as their tuples', () => {
  fc.assert(
    fc.property(tuple, tuple, (a, b) => {
      assert.equal(Math.sign(Buffer.compare(key(...a), key(...b))), Math.sign(compareTuples(a, b)));
    }),
    { numRuns: 2000 },
  );
});

test('a key reads back as its parts', () => {
  fc.assert(fc.property(tuple, (parts) => assert.deepEqual(parseKey(key(...parts)), parts)));
});

test('a prefix covers what it begins and nothing else', () => {
  fc.assert(
    fc.property(tuple, tuple, tuple, (prefix, rest, other) => {
      const { gte, lt } = under(...prefix);
      const covers = (parts: readonly KeyPart[]) =>
        Buffer.compare(key(...parts), gte) >= 0 && Buffer.compare(key(...parts), lt) < 0;
      assert.ok(covers([...prefix, ...rest]));
      const begins = other.length >= prefix.length && compareTuples(other.slice(0, prefix.length), prefix) === 0;
      assert.equal(covers(other), begins);
    }),
    { numRuns: 2000 },
  );
});

test('a range between two numbers holds those from the first up to the last', () => {
  const { gte, lt } = between(['n'], 5, 300);
  const holds = (n: number) => Buffer.compare(key('n', n), gte) >= 0 && Buffer.compare(key('n', n), lt) < 0;
  assert.deepEqual([4, 5, 299, 300].map(holds), [false, true, true, false]);
});

test('a truncated key is no key, or one of fewer parts', () => {
  fc.assert(
    fc.property(tuple, fc.nat(), (parts, cut) => {
      const whole = key(...parts);
      const short = whole.slice(0, whole.length === 0 ? 0 : cut % whole.length);
      try {
        assert.ok(parseKey(short).length <= parts.length);
      } catch (error) {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'bad-key');
      }
    }),
  );
});

test('what has no place in the order is refused', () => {
  for (const bad of [-1, 1.5, Number.NaN, 2 ** 53, '\ud800']) assert.throws(() => key(bad), { code: 'bad-key' });
});

test('a key that is too long is refused', () => {
  assert.equal(key('x'.repeat(4094)).length, 4096);
  for (const parts of [['x'.repeat(4095)], ['x'.repeat(100_000)], ['x'.repeat(4000), 'x'.repeat(4000), 1]]) {
    assert.throws(() => key(...parts), { code: 'bad-key' });
  }
});
