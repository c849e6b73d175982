// What the head of a picture says of its size, for pictures that somebody else made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pictureSize } from '../../src/realm/picture-size.ts';

/** A head alone, as the formats lay it down. */
function head(...parts: readonly (string | readonly number[])[]): Uint8Array {
  const bytes = parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part));
  const whole = new Uint8Array(bytes.length + 40);
  whole.set(bytes);
  return whole;
}

const RIFF = ['RIFF', [0, 0, 0, 0], 'WEBP'] as const;

test('the size stands in the head of each form that pages make', () => {
  const png = head([0x89], 'PNG\r\n\x1a\n', [0, 0, 0, 13], 'IHDR', [0, 0, 1, 0], [0, 0, 0, 144]);
  assert.deepEqual(pictureSize(png), { width: 256, height: 144 });
  const lossy = head(...RIFF, 'VP8 ', [9, 0, 0, 0], [0, 0, 0], [0x9d, 0x01, 0x2a], [144, 0], [0x90, 0x40]);
  assert.deepEqual(pictureSize(lossy), { width: 144, height: 144 });
  // 16 383 by 16 383 of one colour are a few hundred bytes
  const lossless = head(...RIFF, 'VP8L', [9, 0, 0, 0], [0x2f], [0xfe, 0xbf, 0xff, 0x0f]);
  assert.deepEqual(pictureSize(lossless), { width: 16_383, height: 16_383 });
  const extended = head(...RIFF, 'VP8X', [10, 0, 0, 0], [0, 0, 0, 0], [0xff, 0x3f, 0], [0x8f, 0, 0]);
  assert.deepEqual(pictureSize(extended), { width: 16_384, height: 144 });
  const tables = [0xff, 0xe0, 0, 4, 1, 1, 0xff, 0xc4, 0, 3, 7];
  const jpeg = head([0xff, 0xd8, ...tables, 0xff, 0xc0, 0, 17, 8, 0, 144, 1, 0]);
  assert.deepEqual(pictureSize(jpeg), { width: 256, height: 144 });
});

test('a JPEG with markers that readers skip in different ways before its frame has no size', () => {
  const frame = [0xff, 0xc0, 0, 17, 8, 0, 16, 0, 16];
  const before = (...bytes: readonly number[]) => pictureSize(head([0xff, 0xd8, ...bytes, ...frame]));
  assert.deepEqual(before(), { width: 16, height: 16 });
  // taken for a segment, a restart marker would lead into the middle of a comment that holds another frame
  for (const marker of [0xd0, 0xd7, 0xd8, 0xd9, 0x01, 0xff]) assert.equal(before(0xff, marker), undefined);
  assert.equal(before(0xff, 0xfe, 0, 1), undefined, 'a length that does not count itself');
});

test('what is no such picture has no size, whatever the bytes', () => {
  assert.equal(pictureSize(new Uint8Array()), undefined);
  assert.equal(pictureSize(head('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">')), undefined);
  assert.equal(pictureSize(head(...RIFF, 'XXXX')), undefined);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      assert.equal(pictureSize(bytes), undefined);
    }),
  );
});
