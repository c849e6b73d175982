// What a request with chunks may be, and the sweep beside people who refer to a file at that very moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SEALED_CHUNK } from '../../../src/crypto/files/sizes.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import { HandClock } from '../hand-clock.ts';
import { BlobRealm, BlobWorld, CLERK, KYIV, makeBlob, NEVER, readAll } from './blob-realm.ts';

const LIMIT = { timeout: 30_000 };
const DAY = 24 * 60 * 60 * 1000;

async function* broken(bytes: Uint8Array, upTo: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < upTo; at += 10_000) yield bytes.subarray(at, Math.min(upTo, at + 10_000));
  throw new Error('the line is cut');
}

test('a request that is cut in the middle has lost the chunk that was on its way, and no other', LIMIT, async (t) => {
  const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
  const { lan } = realm.service;
  const { id, bytes } = await makeBlob(6 * SEALED_CHUNK + 500);
  const { upload } = await lan.create(CLERK, bytes.length);
  const parts = broken(bytes, 3 * SEALED_CHUNK + 200_000);
  await assert.rejects(lan.append(CLERK, upload, 0, { length: bytes.length, parts }), /the line is cut/);
  assert.equal((await lan.status(CLERK, upload)).offset, 3 * SEALED_CHUNK);
  const rest = bytes.subarray(3 * SEALED_CHUNK);
  const pieces = Array.from({ length: 100 }, (_, n) => {
    const size = Math.ceil(rest.length / 100);
    return rest.subarray(n * size, (n + 1) * size);
  });
  await lan.append(CLERK, upload, 3 * SEALED_CHUNK, { length: rest.length, parts: pieces });
  await lan.finish(CLERK, upload, id);
  assert.deepEqual(await readAll(await lan.open(CLERK, id, NEVER)), bytes);
});

test('a request that holds more or less than it says is refused', LIMIT, async (t) => {
  const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
  const { lan } = realm.service;
  const { bytes } = await makeBlob(2 * SEALED_CHUNK);
  const { upload } = await lan.create(CLERK, bytes.length);
  const says = (length: number) => lan.append(CLERK, upload, 0, { length, parts: [bytes] });
  await assert.rejects(says(SEALED_CHUNK), { code: 'bad-chunk' });
  const { offset } = await lan.status(CLERK, upload);
  assert.equal(offset, SEALED_CHUNK);
  const short = { length: SEALED_CHUNK, parts: [bytes.subarray(0, 100)] };
  await assert.rejects(lan.append(CLERK, upload, offset, short), { code: 'bad-chunk' });
  assert.equal((await lan.status(CLERK, upload)).offset, SEALED_CHUNK);
});

test(
  'a sweep and somebody who refers to the file at that moment: it stays, or it is unknown to that person',
  LIMIT,
  async (t) => {
    const seen = new Set<string>();
    const clock = new HandClock(Date.now());
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV, { clock });
    const { service } = realm;
    for (let ticks = 0; ticks < 24; ticks += 2) {
      const { id, bytes } = await makeBlob(1000, ticks);
      await realm.upload(CLERK, bytes, id);
      clock.advance(DAY + 1);
      const sweeping = service.sweep(false);
      for (let tick = 0; tick < ticks; tick++) await new Promise((resolve) => setImmediate(resolve));
      const referring = service.access.assertMayRefer(CLERK, [new Uint8Array(Buffer.from(id, 'hex'))]);
      const said = await referring.then(() => 'taken', codeOf);
      await sweeping;
      seen.add(said);
      const opened = await service.lan.open(CLERK, id, NEVER).then((blob) => blob.close().then(() => 'taken'), codeOf);
      assert.equal(opened, said, `after ${ticks} ticks`);
    }
    assert.deepEqual([...seen].sort(), ['blob-unknown', 'taken']);
  },
);

test('a file that is uploaded again a day later is as good as new', LIMIT, async (t) => {
  const clock = new HandClock(Date.now());
  const realm = await BlobRealm.open(t, new BlobWorld(), KYIV, { clock });
  const { id, bytes } = await makeBlob(1000);
  await realm.upload(CLERK, bytes, id);
  clock.advance(DAY + 1);
  await realm.upload(CLERK, bytes, id);
  clock.advance(60 * 60_000);
  assert.equal((await realm.service.sweep(false)).unreferenced, 0);
  assert.deepEqual(await readAll(await realm.service.lan.open(CLERK, id, NEVER)), bytes);
  clock.advance(DAY);
  assert.equal((await realm.service.sweep(false)).unreferenced, 1);
});
