// Attached files on their way: with what they go, in which order, what is left of them after a reload, a refusal, a change of mind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileSending } from '../../../node/web/model/file-sending.ts';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import { KeptFiles } from '../../../src/client/files/kept-files.ts';
import type { FileSource, TransferOptions } from '../../../src/client/files/places.ts';
import type { FileCard } from '../../../src/crypto/files/file-card.ts';
import { blobIdOf } from '../../../src/realm/blob-id.ts';
import { InputError } from '../../../src/realm/errors.ts';
import { parseConversationId, parseMessageId } from '../../../src/realm/ids.ts';

const LIMIT = { timeout: 30_000 };
const CHAT = parseConversationId('7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10');
const OTHER = parseConversationId('8a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10');
const REPLY = parseMessageId('00000000-0000-4000-9000-000000000007');
const bytes = new TextEncoder().encode('what the file says');

function source(name: string, size = bytes.length): FileSource {
  const read = async (from: number, length: number) => bytes.slice(from, from + length);
  return { name, size, type: '', mark: `${name}/1`, read };
}

function cardOf({ name, size }: FileSource): FileCard {
  const part = (length: number) => new Uint8Array(length);
  const blob = blobIdOf(part(32));
  return { name, size, type: 'application/pdf', blob, key: part(32), prefix: part(7), hash: part(32) };
}

/** A device whose pages come and go; its server takes a file when the test lets it. */
class Device {
  readonly sent: { name: string; text: string | undefined; replyTo: string | undefined }[] = [];
  readonly uploading = new Map<string, { finish(): void; fail(error: unknown): void; marks: string[] }>();
  readonly forgotten: string[] = [];
  readonly #engine = new MemoryEngine();
  #count = 0;

  async page(largest?: number): Promise<FileSending> {
    const secret = await makeCacheSecret(new Uint8Array(32));
    const kept = new KeptFiles(await SealedCache.open({ engine: this.#engine, secret }));
    return new FileSending({
      client: {
        send: async () => {
          throw new Error('nobody is written to by address here');
        },
        act: async (_chat, act) => {
          if (act.kind !== 'file') throw new Error('a file');
          this.sent.push({ name: act.file.name, text: act.text, replyTo: act.replyTo });
          return REPLY;
        },
      },
      files: () => ({
        kept,
        upload: (file, options) => this.#upload(file, options),
        forget: async ({ name }) => void this.forgotten.push(name),
      }),
      page: { preview: async () => undefined },
      chatOf: () => undefined,
      largest: () => largest,
      newId: () => String((this.#count += 1)),
    });
  }

  #upload(file: FileSource, { signal, onProgress }: TransferOptions = {}): Promise<FileCard> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
      onProgress?.({ done: 1, total: 2 });
      const marks = [...(this.uploading.get(file.name)?.marks ?? []), file.mark];
      this.uploading.set(file.name, { finish: () => resolve(cardOf(file)), fail: reject, marks });
    });
  }

  async finish(name: string): Promise<void> {
    (await until(() => this.uploading.get(name))).finish();
    await until(() => this.sent.find((one) => one.name === name));
  }
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const kinds = (sending: FileSending) => sending.jobs.value.map((job) => `${job.name} ${job.state.value.kind}`);

test('what is attached goes with what is written, one after the other, in its order', LIMIT, async () => {
  const device = new Device();
  const sending = await device.page();
  sending.attach(CHAT, [source('a'), source('b')], 1);
  sending.attach(OTHER, [source('elsewhere')], 2);
  assert.deepEqual(kinds(sending), ['a attached', 'b attached', 'elsewhere attached']);
  assert.equal(sending.send(CHAT, 'both of them', REPLY), true);
  await until(() => device.uploading.get('a'));
  assert.deepEqual(kinds(sending), ['a sending', 'b waiting', 'elsewhere attached']);
  await device.finish('a');
  await device.finish('b');
  assert.deepEqual(device.sent, [
    { name: 'a', text: 'both of them', replyTo: REPLY },
    { name: 'b', text: undefined, replyTo: undefined },
  ]);
  await until(() => (sending.jobs.value.length === 1 ? true : undefined));
  assert.deepEqual(kinds(sending), ['elsewhere attached']);
  assert.equal(sending.send(CHAT, 'text alone'), false);
});

test('a page that is opened again goes on with what was sent, and has what was attached', LIMIT, async () => {
  const device = new Device();
  const before = await device.page();
  before.attach(CHAT, [source('a')], 1);
  before.attach(OTHER, [source('b')], 2);
  before.send(CHAT, 'on its way');
  const { marks } = await until(() => device.uploading.get('a'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  before.stop();
  device.uploading.clear();
  const after = await device.page();
  await after.start();
  assert.deepEqual(kinds(after), ['a sending', 'b attached']);
  // the same mark: the library goes on where it was
  assert.deepEqual((await until(() => device.uploading.get('a'))).marks, marks);
  await device.finish('a');
  assert.deepEqual(device.sent, [{ name: 'a', text: 'on its way', replyTo: undefined }]);
  await until(() => (after.jobs.value.length === 1 ? true : undefined));
  const last = await device.page();
  await last.start();
  assert.deepEqual(kinds(last), ['b attached']);
});

test('what was too large to keep is chosen again, and only the same', LIMIT, async () => {
  const device = new Device();
  const size = 200 * 1024 * 1024;
  const before = await device.page();
  before.attach(CHAT, [source('huge', size)], 1);
  before.send(CHAT, '');
  const { marks } = await until(() => device.uploading.get('huge'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  before.stop();
  device.uploading.clear();
  const after = await device.page();
  await after.start();
  assert.deepEqual(kinds(after), ['huge missing']);
  const [job] = after.jobs.value;
  assert.ok(job);
  assert.equal(after.giveAgain(job, source('another', size)), false);
  assert.equal(after.giveAgain(job, source('huge', size)), true);
  assert.deepEqual((await until(() => device.uploading.get('huge'))).marks, marks);
});

test(
  'what is refused says why and can be tried again; what is cancelled is gone here and at the server',
  LIMIT,
  async () => {
    const device = new Device();
    const sending = await device.page();
    sending.attach(CHAT, [source('a'), source('b')], 1);
    sending.send(CHAT, '');
    (await until(() => device.uploading.get('a'))).fail(new InputError('quota-exceeded', 'no room'));
    await until(() => device.uploading.get('b'));
    assert.deepEqual(kinds(sending), ['a failed', 'b sending']);
    const [a, b] = sending.jobs.value;
    assert.ok(a && b);
    await sending.cancel(b);
    assert.deepEqual(device.forgotten, ['b']);
    device.uploading.delete('a');
    sending.retry(a);
    await device.finish('a');
    await until(() => (sending.jobs.value.length === 0 ? true : undefined));
    const again = await device.page();
    await again.start();
    assert.deepEqual(kinds(again), []);
  },
);

test('a file beyond the limit is refused before anything of it goes', LIMIT, async () => {
  const device = new Device();
  const sending = await device.page(10);
  sending.attach(CHAT, [source('a')], 1);
  assert.deepEqual(kinds(sending), ['a failed']);
  assert.equal(sending.send(CHAT, 'text'), false);
  assert.equal(device.uploading.size, 0);
});
