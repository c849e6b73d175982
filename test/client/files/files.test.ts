// Up- and downloads of the client against the real service of a node, without a network between: what is resumed, what is refused, and
// that no chunk number seals two plaintexts under one key.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import * as v from 'valibot';
import { Files } from '../../../src/client/files/files.ts';
import type { FileSink, FileSource } from '../../../src/client/files/places.ts';
import type { Http } from '../../../src/client/http.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import { PLAIN_CHUNK } from '../../../src/crypto/files/sizes.ts';
import { parseBlobId } from '../../../src/realm/blob-id.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { UnreachableError } from '../../../src/realm/errors.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { BlobRealm, BlobWorld, CLERK, KYIV, NEVER, readAll, whole } from '../../node/blobs/blob-realm.ts';

const LIMIT = { timeout: 60_000 };

/** Everything that was ever handed to the server, by upload and offset. */
class Line {
  readonly sent = new Map<string, Uint8Array[]>();
  /** Requests with chunks until the line breaks; the server may or may not have had the last. */
  left = Number.POSITIVE_INFINITY;
  readonly #realm: BlobRealm;

  constructor(realm: BlobRealm) {
    this.#realm = realm;
  }

  get http(): Pick<Http, 'get' | 'post' | 'postBytes' | 'range'> {
    const { lan } = this.#realm.service;
    const upload = (path: string) => /uploads\/([0-9a-f]+)/.exec(path)?.[1] ?? '';
    return {
      get: async (path, schema) => v.parse(schema, await lan.status(CLERK, upload(path))),
      post: async (path, body, schema) => {
        if (path === '/uploads' && 'size' in body) return v.parse(schema, await lan.create(CLERK, Number(body.size)));
        if ('blob' in body) await lan.finish(CLERK, upload(path), parseBlobId(String(body.blob)));
        else await lan.abandon(CLERK, upload(path));
        return v.parse(schema, {});
      },
      postBytes: async (path, bytes, schema) => {
        const key = `${upload(path)} ${path.split('=')[1]}`;
        this.sent.set(key, [...(this.sent.get(key) ?? []), bytes.slice()]);
        this.left -= 1;
        if (this.left === -1) throw new Error('the client is dead');
        const answer = await lan.append(CLERK, upload(path), Number(path.split('=')[1]), whole(bytes));
        if (this.left === 0) throw new UnreachableError('server-unreachable', 'no answer came');
        return v.parse(schema, answer);
      },
      range: async (path, from, to) => {
        const blob = await lan.open(CLERK, parseBlobId(path.slice(7)), NEVER);
        const all = await readAll(blob);
        return { bytes: all.slice(from, to), from, size: all.length };
      },
    };
  }
}

function source(content: Uint8Array, mark = 'a'): FileSource {
  return {
    name: 'a.bin',
    size: content.length,
    type: '',
    mark,
    read: async (from, length) => content.slice(from, from + length),
  };
}

class MemorySink implements FileSink {
  bytes = new Uint8Array();
  isFinished = false;

  async have(): Promise<number> {
    return this.bytes.length;
  }

  async read(from: number, length: number): Promise<Uint8Array> {
    return this.bytes.slice(from, from + length);
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    const grown = new Uint8Array(Math.max(this.bytes.length, at + bytes.length));
    grown.set(this.bytes);
    grown.set(bytes, at);
    this.bytes = grown;
  }

  async finish(): Promise<void> {
    this.isFinished = true;
  }
}

async function start(t: TestContext) {
  const line = new Line(await BlobRealm.open(t, new BlobWorld(), KYIV));
  const storage = memoryStorage();
  const files = () =>
    new Files({ http: line.http, storage, clock: systemClock, random: systemRandom, me: () => CLERK });
  return { line, files };
}

const content = (length: number, fill = 1) => new Uint8Array(length).map((_, at) => (at * 7 + fill) % 251);

describe('a file', LIMIT, () => {
  test('of any size comes back as it was, whole and in parts', LIMIT, async (t) => {
    const { files } = await start(t);
    for (const size of [0, 1, PLAIN_CHUNK, PLAIN_CHUNK + 1, 3 * PLAIN_CHUNK - 5]) {
      const plain = content(size);
      const card = await files().upload(source(plain, String(size)));
      const sink = new MemorySink();
      await files().download(card, sink);
      assert.ok(sink.isFinished);
      assert.deepEqual(sink.bytes, plain);
      const [from, length] = [Math.floor(size / 2), 300];
      assert.deepEqual(await files().part(card, from, length), plain.slice(from, from + length));
      const taken: Uint8Array[] = [];
      for await (const piece of (await files().open(card)).plain(0, size, NEVER)) taken.push(piece);
      assert.deepEqual(Buffer.concat(taken), Buffer.from(plain));
    }
  });

  test(
    'that is the same goes on where it was, under the same key, after a lost answer and the death of the client',
    LIMIT,
    async (t) => {
      const { line, files } = await start(t);
      const plain = content(9 * PLAIN_CHUNK);
      line.left = 2;
      await assert.rejects(files().upload(source(plain)), /the client is dead/);
      line.left = Number.POSITIVE_INFINITY;
      const card = await files().upload(source(plain));
      assert.equal(new Set([...line.sent.keys()].map((key) => key.split(' ')[0])).size, 1);
      for (const [key, times] of line.sent) for (const bytes of times) assertPrefix(times[0], bytes, key);
      const sink = new MemorySink();
      await files().download(card, sink);
      assert.deepEqual(sink.bytes, plain);
    },
  );

  test(
    'that changed meanwhile begins anew under another key, though its name, size and time are the same',
    LIMIT,
    async (t) => {
      const { line, files } = await start(t);
      const plain = content(9 * PLAIN_CHUNK);
      line.left = 2;
      await assert.rejects(files().upload(source(plain)), /the client is dead/);
      line.left = Number.POSITIVE_INFINITY;
      const changed = plain.slice();
      changed[2 * PLAIN_CHUNK] = (changed[2 * PLAIN_CHUNK] ?? 0) ^ 1;
      const card = await files().upload(source(changed));
      assert.equal(new Set([...line.sent.keys()].map((key) => key.split(' ')[0])).size, 2);
      const sink = new MemorySink();
      await files().download(card, sink);
      assert.deepEqual(sink.bytes, changed);
    },
  );

  test('whose first part was damaged here since is fetched once more as a whole', LIMIT, async (t) => {
    const { files } = await start(t);
    const plain = content(3 * PLAIN_CHUNK);
    const card = await files().upload(source(plain));
    const sink = new MemorySink();
    sink.bytes = plain.slice(0, 2 * PLAIN_CHUNK + 10);
    sink.bytes[5] = (sink.bytes[5] ?? 0) ^ 1;
    await files().download(card, sink);
    assert.deepEqual(sink.bytes, plain);
  });

  test('that is not what its card says is refused', LIMIT, async (t) => {
    const { files } = await start(t);
    const card = await files().upload(source(content(1000)));
    for (const wrong of [
      { hash: new Uint8Array(32) },
      { size: 999 },
      { key: new Uint8Array(32) },
      { prefix: new Uint8Array(7) },
    ]) {
      const sink = new MemorySink();
      await assert.rejects(files().download({ ...card, ...wrong }, sink), { code: 'file-altered' });
      assert.equal(sink.isFinished, false);
    }
  });
});

/** What was sealed twice for one place is the same ciphertext. */
function assertPrefix(first: Uint8Array | undefined, other: Uint8Array, key: string): void {
  const length = Math.min(first?.length ?? 0, other.length);
  assert.deepEqual(first?.subarray(0, length), other.subarray(0, length), key);
}
