import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ChunkList, chunkHash } from '../../../src/crypto/files/chunk-list.ts';
import { SEALED_CHUNK } from '../../../src/crypto/files/sizes.ts';
import { decodeBlobFrame, encodeAsk, encodeBlobFrame } from '../../../src/protocols/blob/frames.ts';
import { BLOB_PROTOCOL, type BlobFrame } from '../../../src/protocols/blob/index.ts';
import { directConversationId } from '../../../src/realm/ids.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import {
  ACME,
  BETA,
  BETA_HOUSE,
  BlobRealm,
  BlobWorld,
  CLERK,
  COOK,
  ENGINEER,
  KYIV,
  LVIV,
  makeBlob,
  NEVER,
  readAll,
  SMITH,
  UA,
} from './blob-realm.ts';

const LIMIT = { timeout: 60_000 };
const PAIR = directConversationId(CLERK, ENGINEER);
const WITH_SMITH = directConversationId(CLERK, SMITH);

/** Chunks that pass the network, by who sends them. */
function countChunks(world: BlobWorld): Map<RealmName, number[]> {
  const sent = new Map<RealmName, number[]>();
  world.network.tap = async (frame, from) => {
    if (frame[0] === 1 && frame.length > 100) {
      const numbers = sent.get(from) ?? [];
      numbers.push(new DataView(frame.buffer, frame.byteOffset).getUint32(1));
      sent.set(from, numbers);
    }
    return frame;
  };
  return sent;
}

async function sentFromKyiv(t: Parameters<typeof BlobRealm.open>[0], chunks: number) {
  const world = new BlobWorld();
  const [kyiv, lviv] = [await BlobRealm.open(t, world, KYIV), await BlobRealm.open(t, world, LVIV)];
  const blob = await makeBlob((chunks - 1) * SEALED_CHUNK + 1000);
  await kyiv.upload(CLERK, blob.bytes, blob.id);
  world.members.set(PAIR, [CLERK, ENGINEER]);
  for (const realm of [kyiv, lviv]) await realm.refer(PAIR, CLERK, [ENGINEER], blob.id);
  return { world, kyiv, lviv, ...blob };
}

describe('a blob of another realm', LIMIT, () => {
  test('comes once, however many read it, at the same time and later', LIMIT, async (t) => {
    const { world, lviv, id, bytes } = await sentFromKyiv(t, 5);
    const sent = countChunks(world);
    const read = async () => readAll(await lviv.service.lan.open(ENGINEER, id, NEVER));
    for (const copy of await Promise.all([read(), read(), read()])) assert.deepEqual(copy, bytes);
    assert.deepEqual(await read(), bytes);
    assert.deepEqual(sent.get(KYIV), [0, 1, 2, 3, 4]);
    await lviv.stop();
    await lviv.start();
    assert.deepEqual(await read(), bytes);
    assert.equal(sent.get(KYIV)?.length, 5);
  });

  test('goes on at the chunk that is missing when the line is cut, and when either node stops', LIMIT, async (t) => {
    const { world, kyiv, lviv, id, bytes } = await sentFromKyiv(t, 12);
    const sent = countChunks(world);
    const count = world.network.tap;
    let cuts = 0;
    world.network.tap = async (frame, from, to) => {
      const passed = await count(frame, from, to);
      if ((sent.get(KYIV)?.length ?? 0) === 4 * (cuts + 1)) {
        cuts += 1;
        setImmediate(() => (cuts === 1 ? world.network.cut(LVIV) : void restart()));
      }
      return passed;
    };
    let restarted: Promise<void> = Promise.resolve();
    const restart = (): Promise<void> => {
      const realm = cuts === 2 ? kyiv : lviv;
      restarted = realm.stop().then(() => realm.start());
      return restarted;
    };
    let copy: Uint8Array | undefined;
    while (!copy) {
      await restarted;
      copy = await lviv.service.lan
        .open(ENGINEER, id, NEVER)
        .then(readAll)
        .catch(() => undefined);
    }
    // The last chunk stops a node as well, which is not to start behind the test's back.
    await new Promise((resolve) => setImmediate(resolve));
    await restarted;
    assert.deepEqual(copy, bytes);
    assert.ok(cuts >= 2);
    const numbers = sent.get(KYIV) ?? [];
    // What was on its way when it was cut comes again: a chunk at each cut that this network holds, two at most.
    assert.ok(numbers.length <= 12 + 2 * cuts, String(numbers));
    assert.deepEqual([...new Set(numbers)], [...Array(12).keys()]);
  });

  for (const who of ['holder', 'reader'] as const) {
    test(`of which nothing is sent a second time when the ${who}'s node stops in order`, LIMIT, async (t) => {
      const { world, kyiv, lviv, id, bytes } = await sentFromKyiv(t, 12);
      const sent = countChunks(world);
      const stopped = Promise.withResolvers<void>();
      const count = world.network.tap;
      world.network.tap = async (frame, from, to) => {
        const passed = await count(frame, from, to);
        if (sent.get(KYIV)?.length === 4) setImmediate(() => void once().then(stopped.resolve, stopped.reject));
        return passed;
      };
      let restart: Promise<void> | undefined;
      const once = (): Promise<void> => (restart ??= again());
      const again = async (): Promise<void> => {
        const realm = who === 'holder' ? kyiv : lviv;
        await realm.stop();
        await realm.start();
      };
      const read = () => lviv.service.lan.open(ENGINEER, id, NEVER).then(readAll);
      await read().catch(() => {});
      await stopped.promise;
      assert.deepEqual(await read(), bytes);
      assert.deepEqual(sent.get(KYIV), [...Array(12).keys()]);
    });
  }

  test('is served while it arrives', LIMIT, async (t) => {
    const { world, lviv, id, bytes } = await sentFromKyiv(t, 6);
    const gate = Promise.withResolvers<void>();
    let passed = 0;
    world.network.tap = async (frame) => {
      if (frame[0] === 1 && frame.length > 100 && ++passed > 3) await gate.promise;
      return frame;
    };
    const blob = await lviv.service.lan.open(ENGINEER, id, NEVER);
    for (const index of [2, 0, 1]) {
      const from = index * SEALED_CHUNK;
      assert.deepEqual(await blob.chunk(index, NEVER), bytes.subarray(from, from + SEALED_CHUNK));
    }
    const last = blob.chunk(5, NEVER);
    gate.resolve();
    assert.equal((await last).length, 1000);
    await blob.close();
  });

  test('is not given to a realm without a member of its conversation, whatever that realm says', LIMIT, async (t) => {
    const { world, kyiv, id } = await sentFromKyiv(t, 2);
    const beta = await BlobRealm.open(t, world, BETA);
    world.members.set(WITH_SMITH, [CLERK, SMITH]);
    await beta.refer(WITH_SMITH, CLERK, [SMITH], id);
    await assert.rejects(beta.service.lan.open(SMITH, id, NEVER), { code: 'blob-unknown' });
    assert.ok(kyiv.audited.some(({ code, actor }) => code === 'access-refused' && actor === BETA));
    // Asking in the name of a realm that has one.
    const stream = await world.network.node(BETA).open(KYIV, BLOB_PROTOCOL, { signal: NEVER });
    await stream.write(encodeAsk({ id, reader: LVIV, origin: KYIV, first: 0, count: 1, withList: false }));
    const answer = await stream.read();
    assert.deepEqual(answer && decodeBlobFrame(answer), { kind: 'refused', code: 'out-of-way' });
  });

  test(
    'comes along the tree where there is no direct way, and the tiers between ask the origin for each reader',
    LIMIT,
    async (t) => {
      const world = new BlobWorld();
      const treeOnly = { isTreeOnly: true };
      const realms = await Promise.all(
        [KYIV, ACME, UA, BETA_HOUSE, BETA, LVIV].map((realm) => BlobRealm.open(t, world, realm, treeOnly)),
      );
      const [kyiv, , ua, , beta, lviv] = realms;
      assert.ok(kyiv && beta && lviv && ua);
      const { id, bytes } = await makeBlob(3 * SEALED_CHUNK);
      await kyiv.upload(CLERK, bytes, id);
      world.members.set(WITH_SMITH, [CLERK, SMITH]);
      world.members.set(PAIR, [CLERK, ENGINEER]);
      for (const realm of [kyiv, beta]) await realm.refer(WITH_SMITH, CLERK, [SMITH], id);
      const sent = countChunks(world);
      assert.deepEqual(await readAll(await beta.service.lan.open(SMITH, id, NEVER)), bytes);
      assert.deepEqual([...sent.keys()].sort(), [ACME, BETA_HOUSE, KYIV, UA].sort());
      assert.equal(sent.get(KYIV)?.length, 3);
      // Lviv knows of no message: its enterprise has the blob and still asks.
      await lviv.refer(PAIR, CLERK, [ENGINEER], id);
      await assert.rejects(lviv.service.lan.open(ENGINEER, id, NEVER), { code: 'blob-unknown' });
      await kyiv.refer(PAIR, CLERK, [ENGINEER], id);
      assert.deepEqual(await readAll(await lviv.service.lan.open(ENGINEER, id, NEVER)), bytes);
      assert.equal(sent.get(KYIV)?.length, 3);
    },
  );

  test('that was sent on comes from whoever sent it on, who fetches it', LIMIT, async (t) => {
    const { world, lviv, id, bytes } = await sentFromKyiv(t, 3);
    const beta = await BlobRealm.open(t, world, BETA);
    const onward = directConversationId(ENGINEER, SMITH);
    world.members.set(onward, [ENGINEER, SMITH]);
    for (const realm of [lviv, beta]) await realm.refer(onward, ENGINEER, [SMITH], id);
    assert.deepEqual(await readAll(await beta.service.lan.open(SMITH, id, NEVER)), bytes);
    await whole(lviv);
  });

  test('is told to be away when nobody who has it can be reached', LIMIT, async (t) => {
    const { world, lviv, id } = await sentFromKyiv(t, 2);
    world.network.down(KYIV);
    const soon = new AbortController();
    const reading = lviv.service.lan.open(ENGINEER, id, soon.signal);
    setTimeout(() => soon.abort(new Error('enough')), 50);
    await assert.rejects(reading, /enough/);
  });
});

describe('damage', LIMIT, () => {
  test('to a chunk is mended from the other realm by the first who reads it, at either end', LIMIT, async (t) => {
    const { world, kyiv, lviv, id, bytes } = await sentFromKyiv(t, 4);
    await readAll(await lviv.service.lan.open(ENGINEER, id, NEVER));
    await whole(lviv);
    const sent = countChunks(world);
    for (const [realm, user] of [
      [lviv, ENGINEER],
      [kyiv, CLERK],
    ] as const) {
      await damage(realm, id, 2);
      assert.deepEqual(await readAll(await realm.service.lan.open(user, id, NEVER)), bytes);
      assert.deepEqual((await realm.service.verify(true, NEVER)).damaged, []);
    }
    assert.deepEqual([sent.get(KYIV), sent.get(LVIV)], [[2], [2]]);
    await damage(lviv, id, 1);
    assert.deepEqual((await lviv.service.verify(false, NEVER)).damaged, [{ id, chunks: 1, mended: true }]);
  });
});

/** The last chunk is read before the whole has its name. */
async function whole(realm: BlobRealm): Promise<void> {
  while (realm.service.usage().all.blobs === 0) await pause();
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

async function damage(realm: BlobRealm, id: string, chunk: number): Promise<void> {
  const handle = await open(join(realm.blobs, id.slice(0, 2), `${id}.blob`), 'r+');
  await handle.write(new Uint8Array(64), 0, 64, chunk * SEALED_CHUNK + 10);
  await handle.close();
}

describe('a hostile holder', LIMIT, () => {
  const lies: readonly (readonly [string, (size: number) => BlobFrame[]])[] = [
    [
      'another size',
      (size: number) => [
        { kind: 'blob', size: size + SEALED_CHUNK },
        { kind: 'list', hashes: new Uint8Array(96) },
      ],
    ],
    ['a size that no blob has', () => [{ kind: 'blob', size: SEALED_CHUNK + 1 }]],
    [
      'a list of something else',
      (size: number) => [
        { kind: 'blob', size },
        { kind: 'list', hashes: new Uint8Array(64) },
      ],
    ],
    [
      'a list without end',
      (size: number) => [
        { kind: 'blob', size },
        ...Array.from({ length: 9 }, (): BlobFrame => ({ kind: 'list', hashes: new Uint8Array(4096 * 32) })),
      ],
    ],
  ];
  for (const [what, frames] of lies) {
    test(`that sends ${what} is found out before anything is written`, LIMIT, async (t) => {
      const { world, lviv, id, bytes } = await sentFromKyiv(t, 2);
      const hostile = world.network.node(KYIV);
      hostile.handle(BLOB_PROTOCOL, { allow: 'family' }, async (stream) => {
        await stream.read();
        for (const frame of frames(bytes.length)) await stream.write(encodeBlobFrame(frame));
        await stream.read();
      });
      await assertHostile(lviv, id);
    });
  }

  test('that sends a wrong chunk, or chunks without end, gets none of them onto the disk', LIMIT, async (t) => {
    const { world, lviv, id, bytes } = await sentFromKyiv(t, 3);
    const list = new ChunkList();
    for (let at = 0; at < bytes.length; at += SEALED_CHUNK)
      list.push(await chunkHash(bytes.subarray(at, at + SEALED_CHUNK)));
    world.network.node(KYIV).handle(BLOB_PROTOCOL, { allow: 'family' }, async (stream) => {
      await stream.read();
      await stream.write(encodeBlobFrame({ kind: 'blob', size: bytes.length }));
      await stream.write(encodeBlobFrame({ kind: 'list', hashes: list.bytes }));
      await stream.write(encodeBlobFrame({ kind: 'chunk', index: 0, bytes: bytes.subarray(0, SEALED_CHUNK) }));
      for (;;) await stream.write(encodeBlobFrame({ kind: 'chunk', index: 1, bytes: new Uint8Array(SEALED_CHUNK) }));
    });
    const blob = await lviv.service.lan.open(ENGINEER, id, NEVER);
    assert.deepEqual(await blob.chunk(0, NEVER), bytes.subarray(0, SEALED_CHUNK));
    while (!lviv.audited.some(({ code }) => code === 'blob-hostile')) await pause();
    await blob.close();
    assert.equal(lviv.service.counters()['fetched_chunks'], 1);
    assert.ok(lviv.audited.some(({ fields }) => fields?.['why'] === 'chunk-wrong' && fields['realm'] === KYIV));
  });
});

async function assertHostile(lviv: BlobRealm, id: Parameters<BlobRealm['upload']>[2]): Promise<void> {
  const soon = new AbortController();
  const reading = lviv.service.lan.open(ENGINEER, id, soon.signal);
  reading.catch(() => {});
  while (!lviv.audited.some(({ code }) => code === 'blob-hostile')) await pause();
  soon.abort(new Error('enough'));
  await assert.rejects(reading);
  assert.equal(lviv.service.counters()['fetched_bytes'], 0);
}

test('whoever is no member learns nothing by reading from another realm', LIMIT, async (t) => {
  const { world, lviv, id } = await sentFromKyiv(t, 2);
  world.members.set(PAIR, [CLERK]);
  await assert.rejects(lviv.service.lan.open(ENGINEER, id, NEVER), { code: 'blob-unknown' });
  await assert.rejects(lviv.service.lan.open(COOK, id, NEVER), { code: 'blob-unknown' });
});
