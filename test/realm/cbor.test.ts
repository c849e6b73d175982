// Our reader against another decoder of strict CBOR: what one takes the other takes, as the same value, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode, Token, Tokenizer, Type } from 'cborg';
import fc from 'fast-check';
import { readCanonicalCbor, readCbor, tryReadCbor, writeCbor } from '../../src/realm/cbor.ts';

const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
} as const;

/** Text as it stands in the bytes: cborg replaces what is no UTF-8. */
class Utf8Tokenizer extends Tokenizer {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super(bytes, STRICT);
    this.#bytes = bytes;
  }

  override next(): Token {
    const start = this.pos();
    const token = super.next();
    if (token.type !== Type.string) return token;
    const minor = (this.#bytes[start] ?? 0) & 0x1f;
    const head = minor < 24 ? 1 : 1 + 2 ** (minor - 24);
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return new Token(Type.string, text.decode(this.#bytes.subarray(start + head, this.pos())), token.encodedLength);
  }
}

const REFUSED = Symbol('refused');

function byCborg(bytes: Uint8Array): unknown {
  try {
    return decode(bytes, { ...STRICT, tokenizer: new Utf8Tokenizer(bytes) });
  } catch {
    return REFUSED;
  }
}

function by(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): unknown {
  try {
    return read(bytes);
  } catch {
    return REFUSED;
  }
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const bytes = fc.uint8Array({ maxLength: 100 }).map((value) => new Uint8Array(value));
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0));
const leaf = fc.oneof(
  fc.boolean(),
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.integer(),
  number,
  bytes,
  fc.string({ unit: 'binary', maxLength: 100 }),
);
const { item } = fc.letrec((tie) => ({
  item: fc.oneof(
    { depthSize: 'small', maxDepth: 7 },
    leaf,
    fc.array(tie('item'), { maxLength: 5 }),
    fc.dictionary(fc.string({ maxLength: 6 }), tie('item'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test('whatever is written reads back, in both readings', () => {
  fc.assert(
    fc.property(item, (value) => {
      const written = writeCbor(value);
      assert.deepEqual(readCbor(written), byCborg(written));
      assert.deepEqual(readCanonicalCbor(written), byCborg(written));
    }),
    { numRuns: 500 },
  );
});

test('every truncation is refused, and so is a byte too many', () => {
  fc.assert(
    fc.property(item, fc.nat(), (value, cut) => {
      const written = writeCbor(value);
      assert.equal(tryReadCbor(written.subarray(0, cut % written.length)), undefined);
      assert.equal(tryReadCbor(Uint8Array.of(...written, 0)), undefined);
    }),
    { numRuns: 300 },
  );
});

test('bytes that are changed or made up are taken by both decoders, as the same, or by neither', () => {
  const changed = fc.tuple(item, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }));
  const bent = changed.map(([value, changes]) => {
    const written = Uint8Array.from(encode(value));
    for (const [at, byte] of changes) written[at % written.length] = byte;
    return written;
  });
  const garbage = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((value) => new Uint8Array(value));
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(bent, garbage), (some) => {
      const expected = byCborg(some);
      const found = by(readCbor, some);
      assert.deepEqual(found, expected, Buffer.from(some).toString('hex'));
      const isCanonical =
        expected !== REFUSED && Buffer.compare(Buffer.from(writeCbor(expected)), Buffer.from(some)) === 0;
      assert.deepEqual(by(readCanonicalCbor, some), isCanonical ? expected : REFUSED);
      if (expected !== REFUSED) taken++;
    }),
    { numRuns: 5000 },
  );
  assert.ok(taken > 500, `${taken} of them were readable`);
});

test('fixed forms', () => {
  const read = (text: string) => readCbor(hex(text));
  assert.deepEqual(read('83 01 38 63 1b 001f ffff ffff ffff'), [1, -100, Number.MAX_SAFE_INTEGER]);
  assert.deepEqual(read('84 f4 f5 f6 43 010203'), [false, true, null, Uint8Array.of(1, 2, 3)]);
  assert.deepEqual(read('82 f9 3e00 fb 3ff8 0000 0000 0000'), [1.5, 1.5]);
  assert.deepEqual(read('a1 69 5f5f70726f746f5f5f 01'), JSON.parse('{"__proto__":1}'));
  assert.equal(read('63 e282ac'), '€');
});

test('what no strict form allows is refused', () => {
  const refused: Record<string, string> = {
    'nothing at all': '',
    'an integer with a byte too many': '18 17',
    'an integer beyond 2^53': '1b 0020 0000 0000 0000',
    'a negative integer beyond -2^53': '3b 001f ffff ffff ffff',
    'an indefinite array': '9f 01 ff',
    'indefinite bytes': '5f 41 01 ff',
    'a tag': 'c1 01',
    undefined: 'f7',
    'a simple value': 'f8 ff',
    infinity: 'f9 7c00',
    'no number': 'f9 7e00',
    'a key twice': 'a2 61 61 01 61 61 02',
    'a key that is a number': 'a1 01 01',
    'text that is no UTF-8': '62 c328',
    'a reserved length': '5c 01',
    'bytes beyond the end': '5a 7fff ffff 01',
    'an array beyond the end': '9a 7fff ffff 01',
    'two items': '01 01',
    'nine arrays in each other': '81 81 81 81 81 81 81 81 80',
  };
  for (const [what, text] of Object.entries(refused)) assert.equal(tryReadCbor(hex(text)), undefined, what);
  assert.deepEqual(readCbor(hex('81 81 81 81 81 81 81 80')), [[[[[[[[]]]]]]]]);
});

test('a number in a wider form than it needs and a map out of order are read, but are not canonical', () => {
  for (const text of ['fa 3fc0 0000', 'f9 3c00', 'a2 61 62 01 61 61 02']) {
    assert.notEqual(tryReadCbor(hex(text)), undefined, text);
    assert.equal(by(readCanonicalCbor, hex(text)), REFUSED, text);
  }
});

test('what was read shares no memory with the frame that it came in', () => {
  for (const length of [3, 200]) {
    const frame = writeCbor([new Uint8Array(length).fill(7)]);
    const value = readCbor(frame);
    frame.fill(0);
    assert.deepEqual(value, [new Uint8Array(length).fill(7)]);
  }
});
