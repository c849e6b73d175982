import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSealedSize, MAX_CHUNKS, MAX_SEALED } from '../../../src/crypto/files/sizes.ts';
import { decodeAsk, decodeBlobFrame, encodeAsk, encodeBlobFrame } from '../../../src/protocols/blob/frames.ts';
import type { BlobFrame } from '../../../src/protocols/blob/index.ts';
import { blobIdOf } from '../../../src/realm/blob-id.ts';
import { CanopyError, PeerError } from '../../../src/realm/errors.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

const LIMIT = { timeout: 20_000 };
const realm = fc.constantFrom('ua', 'acme.ua', 'kyiv.acme.ua').map(parseRealmName);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const asks = fc.record(
  {
    id: bytes(32).map(blobIdOf),
    reader: realm,
    origin: realm,
    first: fc.nat(MAX_CHUNKS),
    count: fc.nat(MAX_CHUNKS),
    withList: fc.boolean(),
  },
  { noNullPrototype: true },
);
const frames: fc.Arbitrary<BlobFrame> = fc.oneof(
  fc
    .integer({ min: 16, max: MAX_SEALED })
    .filter(isSealedSize)
    .map((size) => ({ kind: 'blob' as const, size })),
  fc.stringMatching(/^[a-z0-9-]{1,64}$/).map((code) => ({ kind: 'refused' as const, code })),
  fc
    .integer({ min: 1, max: 20 })
    .chain((count) => bytes(32 * count))
    .map((hashes) => ({ kind: 'list' as const, hashes })),
  fc
    .tuple(fc.nat(0xffff_ffff), fc.uint8Array({ minLength: 1, maxLength: 300 }))
    .map(([index, chunk]) => ({ kind: 'chunk' as const, index, bytes: chunk })),
);

test('asks and frames come back as they were', LIMIT, () => {
  fc.assert(fc.property(asks, (ask) => assert.deepEqual(decodeAsk(encodeAsk(ask)), ask)));
  fc.assert(fc.property(frames, (frame) => assert.deepEqual(decodeBlobFrame(encodeBlobFrame(frame)), frame)));
});

test('no truncation of an ask, a head or a refusal decodes', LIMIT, () => {
  const ask = encodeAsk({
    id: blobIdOf(new Uint8Array(32).fill(0xab)),
    reader: parseRealmName('lviv.acme.ua'),
    origin: parseRealmName('kyiv.acme.ua'),
    first: 3,
    count: 7,
    withList: true,
  });
  assert.equal(
    Buffer.from(ask).toString('hex'),
    `87015820${'ab'.repeat(32)}6c6c7669762e61636d652e75616c6b7969762e61636d652e75610307f5`,
  );
  for (let length = 0; length < ask.length; length++)
    assert.throws(() => decodeAsk(ask.subarray(0, length)), PeerError);
  for (const frame of [
    { kind: 'blob', size: 1000 },
    { kind: 'refused', code: 'blob-unknown' },
  ] as const) {
    const whole = encodeBlobFrame(frame);
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => decodeBlobFrame(whole.subarray(0, length)), PeerError);
    }
  }
});

test('what cannot be is refused', LIMIT, () => {
  for (const hex of [
    '',
    '01',
    '0100000001',
    '02',
    `02${'00'.repeat(31)}`,
    '83016462 6c6f6200',
    '8301667265667573656400',
  ]) {
    assert.throws(() => decodeBlobFrame(Buffer.from(hex.replace(' ', ''), 'hex')), CanopyError, hex);
  }
  assert.throws(() => decodeBlobFrame(new Uint8Array(1 + 4097 * 32).fill(2)), { code: 'frame-malformed' });
});
