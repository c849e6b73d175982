import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type FileCard, mediaType, packFileCard, unpackFileCard } from '../../../src/crypto/files/file-card.ts';
import { MAX_PLAIN } from '../../../src/crypto/files/sizes.ts';
import { blobIdOf, parseBlobId } from '../../../src/realm/blob-id.ts';
import { readCbor, writeCbor } from '../../../src/realm/cbor.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const preview = fc.record(
  {
    type: fc.constant('image/webp'),
    bytes: fc.uint8Array({ maxLength: 500 }),
    width: fc.nat(4096),
    height: fc.nat(4096),
  },
  { noNullPrototype: true },
);
const cards: fc.Arbitrary<FileCard> = fc
  .record(
    {
      name: fc.string({ minLength: 1, maxLength: 120, unit: 'grapheme' }).filter((name) => name.length <= 255),
      size: fc.nat(MAX_PLAIN),
      type: fc.constantFrom('text/plain', 'application/octet-stream', 'image/svg+xml'),
      blob: bytes(32).map(blobIdOf),
      key: bytes(32),
      prefix: bytes(7),
      hash: bytes(32),
      preview: fc.option(preview, { nil: undefined }),
    },
    { noNullPrototype: true },
  )
  .map(({ preview: shown, ...card }) => (shown ? { ...card, preview: shown } : card));

describe('what a message says of a file', { timeout: 30_000 }, () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(cards, (card) => {
        assert.deepEqual(unpackFileCard(readCbor(writeCbor(packFileCard(card)))), card);
      }),
    );
  });

  test('is refused when a field is missing, of another length or type', () => {
    const [card] = fc.sample(
      cards.filter((one) => one.preview === undefined),
      1,
    );
    assert.ok(card);
    const packed = new Map<string, unknown>(Object.entries(packFileCard(card)));
    for (const name of packed.keys()) {
      const without = Object.fromEntries([...packed].filter(([key]) => key !== name));
      assert.throws(() => unpackFileCard(without), { code: 'frame-malformed' }, name);
    }
    for (const wrong of [
      { key: new Uint8Array(31) },
      { blob: new Uint8Array(33) },
      { prefix: 'abcdefg' },
      { size: -1 },
      { size: MAX_PLAIN + 1 },
      { name: '' },
      { name: 'x'.repeat(256) },
      { preview: [] },
      { preview: { type: 'image/png', bytes: new Uint8Array(16 * 1024 + 1), width: 1, height: 1 } },
    ]) {
      assert.throws(() => unpackFileCard({ ...Object.fromEntries(packed), ...wrong }), { code: 'frame-malformed' });
    }
    for (const value of [null, [], 'card', new Uint8Array(3)]) {
      assert.throws(() => unpackFileCard(value), { code: 'frame-malformed' });
    }
  });

  test('names no type that is none', () => {
    assert.equal(mediaType('Image/PNG'), 'image/png');
    for (const text of ['', 'png', 'text/html; charset=utf-7', 'a/b/c', '\r\nset-cookie: x/y']) {
      assert.equal(mediaType(text), 'application/octet-stream');
    }
  });
});

describe('the id of a blob', { timeout: 30_000 }, () => {
  test('is 64 lower-case hexadecimal digits, and never a path', () => {
    const id = 'ab'.repeat(32);
    assert.equal(parseBlobId(id), id);
    for (const text of [
      '',
      '..',
      `../${'a'.repeat(61)}`,
      id.toUpperCase(),
      `${id}\n`,
      `${id}a`,
      id.slice(1),
      `${id}%00`,
    ]) {
      assert.throws(() => parseBlobId(text), { code: 'bad-id' }, JSON.stringify(text));
    }
  });
});
