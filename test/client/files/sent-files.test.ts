// What a device keeps of the files that it sent, and what it sends once more: the same file under the same key, or nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { memoryCache } from '../../../src/client/cache/memory-cache.ts';
import { Emitter } from '../../../src/client/emitter.ts';
import { CommitBook } from '../../../src/client/engine/commit-book.ts';
import { Files } from '../../../src/client/files/files.ts';
import { GivingFiles } from '../../../src/client/files/giving-files.ts';
import type { FileSource } from '../../../src/client/files/places.ts';
import type { Http } from '../../../src/client/http.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import type { ClientEvents } from '../../../src/client/surface.ts';
import { RestoredServer } from '../../../src/client/sync/restored-server.ts';
import { ChunkList, chunkHash } from '../../../src/crypto/files/chunk-list.ts';
import { SEALED_CHUNK } from '../../../src/crypto/files/sizes.ts';
import type { FrameMessage } from '../../../src/protocols/lan/wire.ts';
import { blobIdOf } from '../../../src/realm/blob-id.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import {
  type MessageId,
  parseConversationId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
} from '../../../src/realm/ids.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { HandClock } from '../../node/hand-clock.ts';

const LIMIT = { timeout: 20_000 };
const NEVER = new AbortController().signal;
const CHAT = parseConversationId('00000000-0000-4000-8000-000000000002');
const DEVICE = parseDeviceId('00000000-0000-4000-8000-000000000003');
const CLERK = parseUserId('00000000-0000-4000-8000-000000000001');

/** A server's files: what came of each upload, and those that it has by their id. */
class Shelf {
  readonly uploads = new Map<string, Uint8Array[]>();
  readonly blobs = new Map<string, Uint8Array>();
  readonly sent: Uint8Array[] = [];

  readonly http: Pick<Http, 'get' | 'post' | 'postBytes' | 'range'> = {
    get: async (path, form) => v.parse(form, this.#view(path.split('/')[2] ?? '')),
    post: async (path, body, form) => {
      const [, kind = '', upload = '', what] = path.split('/');
      if (kind === 'blobs') {
        const { blobs } = v.parse(v.object({ blobs: v.array(v.string()) }), body);
        return v.parse(form, { lacking: blobs.filter((id) => !this.blobs.has(id)) });
      }
      if (what === 'finish') {
        const bytes = new Uint8Array(Buffer.concat(this.uploads.get(upload) ?? []));
        this.blobs.set(await idOf(bytes), bytes);
        assert.ok(this.blobs.has(v.parse(v.object({ blob: v.string() }), body).blob));
      }
      if (upload !== '') return v.parse(form, {});
      const name = String(this.uploads.size).padStart(32, '0');
      this.uploads.set(name, []);
      return v.parse(form, { upload: name, size: 0, offset: 0 });
    },
    postBytes: async (path, bytes, form) => {
      const upload = path.split('/')[2]?.split('?')[0] ?? '';
      this.uploads.get(upload)?.push(bytes);
      this.sent.push(bytes);
      return v.parse(form, this.#view(upload));
    },
    range: async (path, from, to) => {
      const bytes = this.blobs.get(path.split('/')[2] ?? '');
      if (!bytes) throw new RefusedError('blob-expired', 'it lies here no more');
      return { from, size: bytes.length, bytes: new Uint8Array(bytes.subarray(from, to)) };
    },
  };

  #view(upload: string) {
    const offset = (this.uploads.get(upload) ?? []).reduce((sum, part) => sum + part.length, 0);
    return { upload, size: offset, offset };
  }
}

async function idOf(bytes: Uint8Array) {
  const list = new ChunkList();
  for (let at = 0; at < bytes.length; at += SEALED_CHUNK)
    list.push(await chunkHash(bytes.subarray(at, at + SEALED_CHUNK)));
  return blobIdOf(await list.digest('blob', bytes.length));
}

function sourceOf(name: string, bytes: Uint8Array): FileSource {
  const read = async (from: number, length: number) => bytes.slice(from, from + length);
  return { name, size: bytes.length, type: 'text/plain', mark: name, read };
}

const bytesOf = (size: number, seed = 1): Uint8Array => new Uint8Array(size).map((_, at) => (at * 7 + seed) % 253);

async function device() {
  const [cache, clock, shelf] = [await memoryCache(), new HandClock(Date.UTC(2026, 5, 1)), new Shelf()];
  const parts = { http: shelf.http, cache, clock, storage: memoryStorage(), random: systemRandom, me: () => CLERK };
  const files = new Files(parts);
  const lost: string[] = [];
  const giving = new GivingFiles({ ...parts, files: () => files, onLost: (name) => lost.push(name) });
  return { cache, clock, shelf, files, lost, giving };
}

test(
  'what the server lost comes back as the same bytes, once, and of what is not here its sender hears',
  LIMIT,
  async () => {
    const { shelf, files, lost, giving } = await device();
    const card = await files.upload(sourceOf('small', bytesOf(700_000)));
    await files.upload(sourceOf('large', bytesOf(17 * 1024 * 1024)));
    const whole = shelf.blobs.get(card.blob);
    await giving.run();
    assert.deepEqual(giving.counters(), { files: 0, 'files-lost': 0 }, 'nothing is due');
    shelf.blobs.clear();
    await giving.restored();
    await giving.run();
    assert.deepEqual(shelf.blobs.get(card.blob), whole);
    assert.deepEqual([giving.counters(), lost], [{ files: 1, 'files-lost': 1 }, ['large']]);
    const { length } = shelf.sent;
    await giving.run();
    assert.equal(shelf.sent.length, length, 'it is not due any more');
  },
);

test('not one chunk of another file is sealed under the key of the first', LIMIT, async () => {
  const { shelf, files } = await device();
  const bytes = bytesOf(700_000);
  const card = await files.upload(sourceOf('file', bytes));
  const altered = bytes.slice();
  altered[699_999] = (altered[699_999] ?? 0) ^ 1;
  const { length } = shelf.sent;
  await assert.rejects(files.again(card, sourceOf('file', altered), NEVER), { code: 'file-changed' });
  await assert.rejects(files.again(card, sourceOf('file', bytesOf(699_999)), NEVER), { code: 'file-changed' });
  assert.equal(shelf.sent.length, length, 'nothing left this device');
  await files.again(card, sourceOf('file', bytes), NEVER);
  assert.ok(shelf.sent.length > length);
});

test('a sent file is kept for a week, the oldest give way, and what was taken back is gone', LIMIT, async () => {
  const { clock, files } = await device();
  const { sent } = files;
  assert.ok(sent);
  const names = async () => (await sent.all()).map(({ card, source }) => [card.name, source !== undefined]);
  const taken = await files.upload(sourceOf('taken back', bytesOf(100)));
  await sent.forget([taken.blob]);
  clock.advance(1000);
  for (let n = 0; n < 9; n++) {
    await files.upload(sourceOf(`${n}`, bytesOf(16 * 1024 * 1024 - 1, n)));
    clock.advance(1000);
  }
  // 128 MiB hold eight of them.
  assert.deepEqual(
    await names(),
    [8, 7, 6, 5, 4, 3, 2, 1].map((n) => [`${n}`, true]),
  );
  clock.advance(7 * 24 * 3_600_000 - 5000);
  assert.deepEqual((await names()).length, 5);
});

test(
  'a file goes with the message that brought it, known by the message or by what was kept of it',
  LIMIT,
  async () => {
    const { cache, clock, shelf, files } = await device();
    const restored = new RestoredServer({
      http: shelf.http,
      cache,
      clock,
      events: new Emitter<ClientEvents>(),
      engine: { commits: new CommitBook(cache, clock), layOutAnew: async () => {} },
      files: () => files,
    });
    const cards = await Promise.all([1, 2, 3].map((n) => files.upload(sourceOf(`${n}`, bytesOf(100, n)))));
    const message = (n: number): MessageId => parseMessageId(`00000000-0000-4000-8000-00000000000${n}`);
    const ids = { conversation: CHAT, sender: CLERK, device: DEVICE };
    const stamp = { ms: clock.now(), counter: 0 };
    for (const [at, file] of cards.entries()) {
      const shown = { ...ids, id: message(at), recipients: [], stamp, state: 'stored' } as const;
      const frame: FrameMessage = { ...shown, recipients: [], expires: 0, path: 'local', body: new Uint8Array(9) };
      restored.keep(frame, { ...shown, role: 'member', content: { kind: 'file', file, sentAt: 1 } });
    }
    const names = async () => (await files.sent?.all())?.map(({ card }) => card.name).sort();
    await restored.forget(CHAT, [message(0)]);
    assert.deepEqual(await names(), ['2', '3']);
    await restored.forget(CHAT, [message(9)], [cards[1]?.blob ?? assert.fail()]);
    assert.deepEqual(await names(), ['3']);
    assert.equal(await restored.sealed(CHAT, message(0)), undefined);
    assert.ok(await restored.sealed(CHAT, message(2)));
    restored.close();
  },
);
