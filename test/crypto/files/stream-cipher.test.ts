import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ChunkList, chunkHash, listDigest } from '../../../src/crypto/files/chunk-list.ts';
import {
  chunksOfPlain,
  chunksOfSealed,
  isSealedSize,
  MAX_PLAIN,
  MAX_SEALED,
  PLAIN_CHUNK,
  SEALED_CHUNK,
  sealedSize,
} from '../../../src/crypto/files/sizes.ts';
import { FileCipher, makeFileSecret } from '../../../src/crypto/files/stream-cipher.ts';

const LIMIT = { timeout: 30_000 };
const SECRET = { key: new Uint8Array(32).map((_, at) => at), prefix: new Uint8Array(7).map((_, at) => 0xa0 + at) };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const altered = { code: 'file-altered' };

async function threeChunks(): Promise<{ cipher: FileCipher; plain: Uint8Array[]; sealed: Uint8Array[] }> {
  const cipher = await FileCipher.of(SECRET);
  const plain = [PLAIN_CHUNK, PLAIN_CHUNK, 1000].map((length, at) => new Uint8Array(length).fill(at + 1));
  const sealed = await Promise.all(plain.map((chunk, at) => cipher.seal(at, chunk, at === 2)));
  return { cipher, plain, sealed };
}

describe('chunks of a file', LIMIT, () => {
  test('are what AES-256-GCM of another implementation makes of the nonce of the construction', LIMIT, async () => {
    const cipher = await FileCipher.of(SECRET);
    for (const [index, isLast] of [
      [0, false],
      [1, false],
      [0x0102_0304, true],
    ] as const) {
      const plain = new Uint8Array(isLast ? 5 : PLAIN_CHUNK).fill(7);
      const counter = Buffer.alloc(5);
      counter.writeUInt32BE(index);
      counter[4] = isLast ? 1 : 0;
      const gcm = createCipheriv('aes-256-gcm', SECRET.key, Buffer.concat([SECRET.prefix, counter]));
      const expected = Buffer.concat([gcm.update(plain), gcm.final(), gcm.getAuthTag()]);
      assert.equal(hex(await cipher.seal(index, plain, isLast)), hex(expected));
    }
  });

  test('have these bytes', LIMIT, async () => {
    const cipher = await FileCipher.of(SECRET);
    assert.equal(hex(await cipher.seal(0, new Uint8Array(), true)), VECTORS.empty);
    assert.equal(hex(await cipher.seal(0, new TextEncoder().encode('canopy'), true)), VECTORS.word);
    const list = await Promise.all([new Uint8Array(), Uint8Array.of(1)].map(chunkHash));
    assert.equal(hex(await listDigest('blob', 17, Buffer.concat(list))), VECTORS.blob);
    assert.equal(hex(await listDigest('content', 17, Buffer.concat(list))), VECTORS.content);
  });

  test('open in any order', LIMIT, async () => {
    const { cipher, plain, sealed } = await threeChunks();
    for (const at of [2, 0, 1]) {
      assert.deepEqual(await cipher.open(at, sealed[at] ?? new Uint8Array(), at === 2), plain[at]);
    }
  });

  test('that changed places are refused', LIMIT, async () => {
    const { cipher, sealed } = await threeChunks();
    await assert.rejects(cipher.open(0, sealed[1] ?? new Uint8Array(), false), altered);
    await assert.rejects(cipher.open(1, sealed[0] ?? new Uint8Array(), false), altered);
  });

  test('of a file that was cut short or went on are refused', LIMIT, async () => {
    const { cipher, sealed } = await threeChunks();
    // Cut after the second: it would have to be the last.
    await assert.rejects(cipher.open(1, sealed[1] ?? new Uint8Array(), true), altered);
    // Gone on after the third: it would have to be none.
    await assert.rejects(cipher.open(2, sealed[2] ?? new Uint8Array(), false), altered);
    await assert.rejects(cipher.open(3, sealed[2] ?? new Uint8Array(), true), altered);
  });

  test('of another file, or with a changed bit anywhere, are refused', LIMIT, async () => {
    const { cipher } = await threeChunks();
    const other = await FileCipher.of(makeFileSecret((length) => crypto.getRandomValues(new Uint8Array(length))));
    const foreign = await other.seal(0, new Uint8Array(10), true);
    await assert.rejects(cipher.open(0, foreign, true), altered);
    const own = await cipher.seal(0, new Uint8Array(10), true);
    for (let at = 0; at < own.length; at++) {
      const changed = own.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      await assert.rejects(cipher.open(0, changed, true), altered);
      await assert.rejects(cipher.open(0, own.subarray(0, at), true), altered);
    }
  });

  test('have a number of 32 bits', LIMIT, async () => {
    const cipher = await FileCipher.of(SECRET);
    const last = await cipher.seal(2 ** 32 - 1, new Uint8Array(3), true);
    assert.equal((await cipher.open(2 ** 32 - 1, last, true)).length, 3);
    await assert.rejects(cipher.seal(2 ** 32, new Uint8Array(3), true), { code: 'bad-chunk' });
    await assert.rejects(cipher.seal(-1, new Uint8Array(3), true), { code: 'bad-chunk' });
  });

  test('are whole, but for the last', LIMIT, async () => {
    const cipher = await FileCipher.of(SECRET);
    await assert.rejects(cipher.seal(0, new Uint8Array(PLAIN_CHUNK - 1), false), { code: 'bad-chunk' });
    await assert.rejects(cipher.seal(0, new Uint8Array(PLAIN_CHUNK + 1), true), { code: 'bad-chunk' });
  });

  test('need a key and a prefix of the right length', LIMIT, async () => {
    await assert.rejects(FileCipher.of({ ...SECRET, key: new Uint8Array(16) }), { code: 'bad-file-key' });
    await assert.rejects(FileCipher.of({ ...SECRET, prefix: new Uint8Array(8) }), { code: 'bad-file-key' });
  });
});

describe('sizes', LIMIT, () => {
  test('of a sealed file follow from those of its plaintext, and are the only ones that a blob can have', LIMIT, () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_PLAIN }), (size) => {
        const sealed = sealedSize(size);
        assert.ok(isSealedSize(sealed));
        assert.equal(chunksOfSealed(sealed), chunksOfPlain(size));
      }),
    );
    assert.equal(sealedSize(0), 16);
    assert.equal(sealedSize(PLAIN_CHUNK), SEALED_CHUNK);
    assert.equal(sealedSize(MAX_PLAIN), MAX_SEALED);
    for (const size of [-1, 0, 15, SEALED_CHUNK + 1, SEALED_CHUNK + 16, MAX_SEALED + 1, 1.5, Number.NaN]) {
      assert.equal(isSealedSize(size), false, String(size));
    }
    assert.throws(() => chunksOfPlain(MAX_PLAIN + 1), { code: 'file-too-long' });
  });
});

describe('a list of chunks', LIMIT, () => {
  test('grows, is cut, and names its file with the size', LIMIT, async () => {
    const list = new ChunkList();
    for (let at = 0; at < 200; at++) list.push(createHash('sha256').update(String(at)).digest());
    assert.equal(list.count, 200);
    assert.equal(list.at(200), undefined);
    const before = hex(await list.digest('blob', 1000));
    assert.notEqual(hex(await list.digest('blob', 1001)), before);
    assert.notEqual(hex(await list.digest('content', 1000)), before);
    const again = new ChunkList(list.bytes);
    assert.equal(hex(await again.digest('blob', 1000)), before);
    again.cut(199);
    assert.notEqual(hex(await again.digest('blob', 1000)), before);
    assert.throws(() => new ChunkList(new Uint8Array(33)), { code: 'bad-list' });
  });
});

// Of another implementation (OpenSSL, Python).
const VECTORS = {
  empty: '4d34eaed9250e09e52907c89588102a2',
  word: '14002771c87fb37dfbfe71dfc9c79667ade6174ecc80',
  blob: '22a821e9b3e23e1b863767565196a46d7c5e138a8f7d1f45b0274a5828d2d45c',
  content: '495a3151a6b8dbac646bd4d9022ba295f2eb9e03df394587d98093968afd7eba',
};
