import assert from 'node:assert/strict';
import { appendFile, mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { systemDisk } from '../../../node/blobs/disk.ts';
import { SEALED_CHUNK } from '../../../src/crypto/files/sizes.ts';
import { directConversationId } from '../../../src/realm/ids.ts';
import { HandClock } from '../hand-clock.ts';
import { BlobRealm, BlobWorld, CLERK, COOK, ENGINEER, KYIV, makeBlob, NEVER, readAll, whole } from './blob-realm.ts';

const LIMIT = { timeout: 60_000 };
const DAY = 24 * 60 * 60 * 1000;
const PAIR = directConversationId(CLERK, COOK);
const unknown = { code: 'blob-unknown' };

describe('an upload', LIMIT, () => {
  test('is read by its owner as it was, and by nobody else', LIMIT, async (t) => {
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
    const { id, bytes } = await makeBlob(2 * SEALED_CHUNK + 1000);
    await realm.upload(CLERK, bytes, id);
    assert.deepEqual(await readAll(await realm.service.lan.open(CLERK, id, NEVER)), bytes);
    await assert.rejects(realm.service.lan.open(COOK, id, NEVER), unknown);
  });

  test('of an empty file is one of a tag alone', LIMIT, async (t) => {
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
    const { id, bytes } = await makeBlob(16);
    await realm.upload(CLERK, bytes, id);
    assert.deepEqual(await readAll(await realm.service.lan.open(CLERK, id, NEVER)), bytes);
    for (const size of [0, 15, SEALED_CHUNK + 1, -1, Number.NaN]) {
      await assert.rejects(realm.service.lan.create(CLERK, size), { code: 'bad-size' });
    }
  });

  test('goes on where it was after a stop', LIMIT, async (t) => {
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
    const { id, bytes } = await makeBlob(3 * SEALED_CHUNK);
    const { upload } = await realm.service.lan.create(CLERK, bytes.length);
    await realm.service.lan.append(CLERK, upload, 0, whole(bytes.subarray(0, 2 * SEALED_CHUNK)));
    await realm.stop();
    await realm.start();
    const { offset } = await realm.service.lan.status(CLERK, upload);
    assert.equal(offset, 2 * SEALED_CHUNK);
    await assert.rejects(realm.service.lan.finish(CLERK, upload, id), { code: 'upload-unfinished' });
    await assert.rejects(realm.service.lan.append(CLERK, upload, 0, whole(bytes.subarray(0, SEALED_CHUNK))), {
      code: 'upload-offset',
    });
    await realm.service.lan.append(CLERK, upload, offset, whole(bytes.subarray(offset)));
    await realm.service.lan.finish(CLERK, upload, id);
    // Whoever did not hear the answer asks again.
    await realm.service.lan.finish(CLERK, upload, id);
    assert.deepEqual(await readAll(await realm.service.lan.open(CLERK, id, NEVER)), bytes);
    assert.deepEqual(await readdir(join(realm.blobs, 'up')), []);
  });

  test('forgets what was written and not acknowledged, and what the disk lost', LIMIT, async (t) => {
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
    const { bytes } = await makeBlob(4 * SEALED_CHUNK);
    const { upload } = await realm.service.lan.create(CLERK, bytes.length);
    await realm.service.lan.append(CLERK, upload, 0, whole(bytes.subarray(0, 3 * SEALED_CHUNK)));
    await realm.stop();
    const part = join(realm.blobs, 'up', `${upload}.part`);
    await appendFile(part, bytes.subarray(0, 1000));
    await appendFile(join(realm.blobs, 'up', `${upload}.list`), new Uint8Array(7));
    await realm.start();
    assert.equal((await realm.service.lan.status(CLERK, upload)).offset, 3 * SEALED_CHUNK);
    await realm.stop();
    const handle = await open(part, 'r+');
    await handle.write(new Uint8Array(100), 0, 100, 2 * SEALED_CHUNK + 50);
    await handle.close();
    await realm.start();
    assert.equal((await realm.service.lan.status(CLERK, upload)).offset, 2 * SEALED_CHUNK);
  });

  test('with another content than its id says is refused and gone', LIMIT, async (t) => {
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
    const [right, wrong] = [await makeBlob(1000, 1), await makeBlob(1000, 2)];
    const { upload } = await realm.service.lan.create(CLERK, 1000);
    await realm.service.lan.append(CLERK, upload, 0, whole(wrong.bytes));
    await assert.rejects(realm.service.lan.finish(CLERK, upload, right.id), { code: 'blob-mismatch' });
    await assert.rejects(realm.service.lan.status(CLERK, upload), { code: 'upload-unknown' });
    assert.deepEqual(await readdir(join(realm.blobs, 'up')), []);
    assert.equal(realm.service.quotas.usage.announced, 0);
  });

  test('takes whole chunks of what is missing and nothing else', LIMIT, async (t) => {
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
    const { upload } = await realm.service.lan.create(CLERK, SEALED_CHUNK + 500);
    for (const length of [0, 1, SEALED_CHUNK - 1, SEALED_CHUNK + 499, SEALED_CHUNK + 501, 2 * SEALED_CHUNK]) {
      await assert.rejects(realm.service.lan.append(CLERK, upload, 0, whole(new Uint8Array(length))), {
        code: 'bad-chunk',
      });
    }
    assert.equal(
      (await realm.service.lan.append(CLERK, upload, 0, whole(new Uint8Array(SEALED_CHUNK)))).offset,
      SEALED_CHUNK,
    );
  });

  test('of somebody else does not exist', LIMIT, async (t) => {
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
    const { upload } = await realm.service.lan.create(CLERK, 1000);
    const none = { code: 'upload-unknown' };
    const { id, bytes } = await makeBlob(1000);
    await assert.rejects(realm.service.lan.status(COOK, upload), none);
    await assert.rejects(realm.service.lan.append(COOK, upload, 0, whole(bytes)), none);
    await assert.rejects(realm.service.lan.finish(COOK, upload, id), none);
    await assert.rejects(realm.service.lan.abandon(COOK, upload), none);
    await realm.service.lan.abandon(CLERK, upload);
    await assert.rejects(realm.service.lan.status(CLERK, upload), none);
  });

  test('is refused above the limits, before anything is written', LIMIT, async (t) => {
    const rules = { fileSize: 2000, userQuota: 3000, store: 5000 };
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV, { rules });
    const { lan } = realm.service;
    await assert.rejects(lan.create(CLERK, 2001), { code: 'file-too-long' });
    const { id, bytes } = await makeBlob(2000);
    await realm.upload(CLERK, bytes, id);
    await assert.rejects(lan.create(CLERK, 1001), { code: 'quota-exceeded' });
    await lan.create(CLERK, 1000);
    await assert.rejects(lan.create(CLERK, 1000), { code: 'quota-exceeded' });
    await lan.create(COOK, 2000);
    await assert.rejects(lan.create(COOK, 1000), { code: 'store-full' });
    await realm.stop();
    await realm.start();
    await assert.rejects(realm.service.lan.create(COOK, 1000), { code: 'store-full' });
  });

  test('is refused while the disk is full, and goes on when it is not', LIMIT, async (t) => {
    let isFull = false;
    const noSpace = (): never => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    const disk = {
      ...systemDisk,
      open: async (...given: Parameters<typeof systemDisk.open>) => {
        const handle = await systemDisk.open(...given);
        const { write } = handle;
        Object.assign(handle, {
          write: (...args: unknown[]) => (isFull ? noSpace() : Reflect.apply(write, handle, args)),
        });
        return handle;
      },
      statfs: async (path: string) => (isFull ? { bavail: 1, bsize: 1 } : systemDisk.statfs(path)),
    };
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV, { disk });
    const { id, bytes } = await makeBlob(2 * SEALED_CHUNK);
    const { upload } = await realm.service.lan.create(CLERK, bytes.length);
    await realm.service.lan.append(CLERK, upload, 0, whole(bytes.subarray(0, SEALED_CHUNK)));
    isFull = true;
    const rest = bytes.subarray(SEALED_CHUNK);
    await assert.rejects(realm.service.lan.append(CLERK, upload, SEALED_CHUNK, whole(rest)), { code: 'disk-full' });
    await assert.rejects(realm.service.lan.create(CLERK, 1000), { code: 'disk-full' });
    assert.equal((await realm.service.lan.status(CLERK, upload)).offset, SEALED_CHUNK);
    isFull = false;
    await realm.service.lan.append(CLERK, upload, SEALED_CHUNK, whole(rest));
    await realm.service.lan.finish(CLERK, upload, id);
    assert.deepEqual(await readAll(await realm.service.lan.open(CLERK, id, NEVER)), bytes);
  });
});

describe('a stored blob', LIMIT, () => {
  test(
    'is read by the members of a conversation in which it was sent, for as long as the message is there',
    LIMIT,
    async (t) => {
      const world = new BlobWorld();
      const realm = await BlobRealm.open(t, world, KYIV);
      const { id, bytes } = await makeBlob(1000);
      await realm.upload(CLERK, bytes, id);
      world.members.set(PAIR, [CLERK, COOK]);
      const message = await realm.refer(PAIR, CLERK, [COOK], id);
      assert.deepEqual(await readAll(await realm.service.lan.open(COOK, id, NEVER)), bytes);
      await assert.rejects(realm.service.lan.open(ENGINEER, id, NEVER), unknown);
      world.members.set(PAIR, [CLERK]);
      await assert.rejects(realm.service.lan.open(COOK, id, NEVER), unknown);
      world.members.set(PAIR, [CLERK, COOK]);
      await realm.forget(message, CLERK);
      await assert.rejects(realm.service.lan.open(COOK, id, NEVER), unknown);
    },
  );

  test('can be sent on by whoever may read it, and by nobody else', LIMIT, async (t) => {
    const world = new BlobWorld();
    const realm = await BlobRealm.open(t, world, KYIV);
    const { id, bytes } = await makeBlob(1000);
    await realm.upload(CLERK, bytes, id);
    const blobs = [new Uint8Array(Buffer.from(id, 'hex'))];
    await realm.service.access.assertMayRefer(CLERK, blobs);
    await assert.rejects(realm.service.access.assertMayRefer(COOK, blobs), unknown);
    world.members.set(PAIR, [CLERK, COOK]);
    await realm.refer(PAIR, CLERK, [COOK], id);
    await realm.service.access.assertMayRefer(COOK, blobs);
  });

  test(
    'goes a day after its upload when no message refers to it, and with it its bytes in the quota',
    LIMIT,
    async (t) => {
      const world = new BlobWorld();
      const clock = new HandClock(Date.now());
      const realm = await BlobRealm.open(t, world, KYIV, { clock });
      const [kept, lost] = [await makeBlob(1000, 1), await makeBlob(1000, 2)];
      for (const { id, bytes } of [kept, lost]) await realm.upload(CLERK, bytes, id);
      world.members.set(PAIR, [CLERK, COOK]);
      await realm.refer(PAIR, CLERK, [COOK], kept.id);
      assert.equal((await realm.service.sweep(false)).unreferenced, 0);
      clock.advance(DAY + 1);
      await realm.service.sweep(false);
      assert.deepEqual(await readdir(join(realm.blobs, lost.id.slice(0, 2))), []);
      await assert.rejects(realm.service.lan.open(CLERK, lost.id, NEVER), unknown);
      assert.deepEqual(await readAll(await realm.service.lan.open(COOK, kept.id, NEVER)), kept.bytes);
      assert.equal(realm.service.usage().all.bytes, 1000);
    },
  );

  test('goes when the policy keeps it no longer, and says so to whoever may read it', LIMIT, async (t) => {
    const world = new BlobWorld();
    const clock = new HandClock(Date.now());
    const realm = await BlobRealm.open(t, world, KYIV, { clock, rules: { retention: 7 * DAY } });
    const { id, bytes } = await makeBlob(1000);
    await realm.upload(CLERK, bytes, id);
    world.members.set(PAIR, [CLERK, COOK]);
    await realm.refer(PAIR, CLERK, [COOK], id);
    clock.advance(7 * DAY + 1);
    await realm.service.sweep(false);
    await assert.rejects(realm.service.lan.open(COOK, id, NEVER), { code: 'blob-expired' });
  });

  test('that is damaged is told, and its bytes are never given', LIMIT, async (t) => {
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
    const { id, bytes } = await makeBlob(2 * SEALED_CHUNK);
    await realm.upload(CLERK, bytes, id);
    const path = join(realm.blobs, id.slice(0, 2), `${id}.blob`);
    const handle = await open(path, 'r+');
    await handle.write(Uint8Array.of(bytes[SEALED_CHUNK] === 0 ? 1 : 0), 0, 1, SEALED_CHUNK);
    await handle.close();
    const blob = await realm.service.lan.open(CLERK, id, NEVER);
    assert.deepEqual(await blob.chunk(0, NEVER), bytes.subarray(0, SEALED_CHUNK));
    await assert.rejects(blob.chunk(1, NEVER), { code: 'blob-damaged' });
    await blob.close();
    assert.ok(realm.audited.some(({ code }) => code === 'blob-damaged'));
    const report = await realm.service.verify(true, NEVER);
    assert.deepEqual(report.damaged, [{ id, chunks: 1, mended: false }]);
  });

  test('whose list is lost makes it again of its bytes', LIMIT, async (t) => {
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
    const { id, bytes } = await makeBlob(2 * SEALED_CHUNK);
    await realm.upload(CLERK, bytes, id);
    await rm(join(realm.blobs, id.slice(0, 2), `${id}.list`));
    assert.deepEqual(await readAll(await realm.service.lan.open(CLERK, id, NEVER)), bytes);
    await writeFile(join(realm.blobs, id.slice(0, 2), `${id}.list`), new Uint8Array(64));
    assert.deepEqual(await readAll(await realm.service.lan.open(CLERK, id, NEVER)), bytes);
  });

  test('that got its name right before the power went is known again', LIMIT, async (t) => {
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV);
    const { id, bytes } = await makeBlob(1000);
    await realm.stop();
    await mkdir(join(realm.blobs, id.slice(0, 2)), { recursive: true });
    await writeFile(join(realm.blobs, id.slice(0, 2), `${id}.blob`), bytes);
    const other = 'ab'.repeat(32);
    await mkdir(join(realm.blobs, 'ab'), { recursive: true });
    await writeFile(join(realm.blobs, 'ab', `${other}.blob`), bytes);
    await realm.start();
    assert.equal(realm.service.usage().all.blobs, 1);
    assert.deepEqual(await readdir(join(realm.blobs, 'ab')), []);
  });
});
