// The process dies at each write, rename and sync of an upload in turn, half of the write done; what is there afterwards opens, knows no
// more than it has, and the upload goes on to its end.
import assert from 'node:assert/strict';
import { type FileHandle } from 'node:fs/promises';
import { test } from 'node:test';
import { type Disk, systemDisk } from '../../../node/blobs/disk.ts';
import { SEALED_CHUNK } from '../../../src/crypto/files/sizes.ts';
import { BlobRealm, BlobWorld, CLERK, KYIV, makeBlob, NEVER, readAll, whole } from './blob-realm.ts';

const LIMIT = { timeout: 60_000 };
const SIZE = 2 * SEALED_CHUNK + 1000;

/** Dies at the n-th thing that would change the disk; from then on nothing works. */
class MortalDisk {
  left = Number.POSITIVE_INFINITY;
  done = 0;
  isMortal = true;

  readonly disk: Disk = {
    ...systemDisk,
    open: async (...given: Parameters<Disk['open']>) => this.#mortal(await systemDisk.open(...given)),
    rename: async (...given: Parameters<Disk['rename']>) => {
      this.#step();
      return systemDisk.rename(...given);
    },
    rm: async (...given: Parameters<Disk['rm']>) => {
      this.#step();
      return systemDisk.rm(...given);
    },
  };

  #step(): void {
    if (!this.isMortal) return;
    this.done += 1;
    this.left -= 1;
    if (this.left < 0) throw new Error('the process is dead');
  }

  #mortal(handle: FileHandle): FileHandle {
    const { write, datasync, truncate } = handle;
    const step = (): void => this.#step();
    Object.assign(handle, {
      write: async (bytes: Uint8Array, offset: number, length: number, position: number) => {
        try {
          step();
        } catch (error) {
          await Reflect.apply(write, handle, [bytes, offset, Math.floor(length / 2), position]);
          throw error;
        }
        return Reflect.apply(write, handle, [bytes, offset, length, position]);
      },
      datasync: async () => {
        step();
        return Reflect.apply(datasync, handle, []);
      },
      truncate: async (length: number) => {
        step();
        return Reflect.apply(truncate, handle, [length]);
      },
    });
    return handle;
  }
}

test('an upload survives the death of its node at every step', LIMIT, async (t) => {
  const { id, bytes } = await makeBlob(SIZE);
  const steps = await stepsOf(t, id, bytes);
  assert.ok(steps > 8, `${steps} steps`);
  for (let at = 0; at < steps; at++) {
    const mortal = new MortalDisk();
    const realm = await BlobRealm.open(t, new BlobWorld(), KYIV, { disk: mortal.disk });
    const { upload } = await realm.service.lan.create(CLERK, SIZE);
    mortal.left = at;
    const died = await go(realm, upload, id, bytes).then(
      () => false,
      () => true,
    );
    assert.ok(died, `step ${at}`);
    mortal.isMortal = false;
    await realm.stop();
    await realm.start();
    await go(realm, upload, id, bytes);
    assert.deepEqual(await readAll(await realm.service.lan.open(CLERK, id, NEVER)), bytes, `step ${at}`);
    await realm.stop();
  }
});

async function stepsOf(t: Parameters<typeof BlobRealm.open>[0], id: Parameters<typeof go>[2], bytes: Uint8Array) {
  const mortal = new MortalDisk();
  const realm = await BlobRealm.open(t, new BlobWorld(), KYIV, { disk: mortal.disk });
  const { upload } = await realm.service.lan.create(CLERK, SIZE);
  const before = mortal.done;
  await go(realm, upload, id, bytes);
  const after = mortal.done;
  await realm.stop();
  return after - before;
}

/** From wherever it is to the end, as a client does. */
async function go(realm: BlobRealm, upload: string, id: Parameters<BlobRealm['upload']>[2], bytes: Uint8Array) {
  const { lan } = realm.service;
  const known = await lan.status(CLERK, upload).catch(() => undefined);
  for (let offset = known?.offset ?? SIZE; offset < SIZE; ) {
    ({ offset } = await lan.append(CLERK, upload, offset, whole(bytes.subarray(offset, offset + SEALED_CHUNK))));
  }
  await lan.finish(CLERK, upload, id);
}
