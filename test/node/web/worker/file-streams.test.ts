// A file through a URL: the worker's half and the page's half, talking over real channels. What is asked for comes, in parts as well,
// never ahead of who takes it, and in a form that a browser can do nothing with but play or save it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { partOf } from '../../../../node/web/worker/byte-range.ts';
import { answerFile } from '../../../../node/web/worker/file-streams.ts';
import type { WorkerScope } from '../../../../node/web/worker/scope.ts';
import { type ServedFile, ServedFiles } from '../../../../node/web/worker/served-files.ts';
import type { Port } from '../../../../node/web/worker/stream-messages.ts';
import { systemClock } from '../../../../src/realm/clock.ts';
import { systemRandom } from '../../../../src/realm/random.ts';

const LIMIT = { timeout: 30_000 };
const ORIGIN = 'https://chat.example';
const PIECE = 1000;

function world() {
  const woken: string[] = [];
  const pages = [0, 1].map(
    () => new ServedFiles({ clock: systemClock, random: systemRandom, tellWorker: ({ kind }) => woken.push(kind) }),
  );
  const [first, second] = pages;
  if (!first || !second) throw new Error('two pages');
  const scope: WorkerScope = {
    location: { origin: ORIGIN },
    clients: {
      matchAll: async () =>
        pages.map((page, at) => ({
          id: String(at),
          postMessage: (data: unknown, [port]: Port[]) => page.take(data, port),
        })),
      claim: async () => {},
    },
    skipWaiting: async () => {},
    addEventListener: () => {},
  };
  return { scope, first, second };
}

function served(bytes: Uint8Array, { type = 'video/mp4', name = 'a.mp4', isDownload = false } = {}) {
  const given: number[] = [];
  const over: AbortSignal[] = [];
  const file: ServedFile = {
    head: { name, size: bytes.length, type, isDownload },
    async *read(from, end, signal) {
      over.push(signal);
      for (let at = from; at < end; at += PIECE) {
        given.push(at);
        yield bytes.subarray(at, Math.min(end, at + PIECE));
      }
    },
  };
  return { file, given, over };
}

const bytes = new Uint8Array(5 * PIECE + 17).map((_, at) => at % 251);
const ask = (scope: WorkerScope, url: string, range?: string) =>
  answerFile(scope, new Request(ORIGIN + url, { headers: range === undefined ? {} : { range } }));

test('a file comes whole, and any part of it as a part', LIMIT, async () => {
  const { scope, second } = world();
  const url = second.serve(served(bytes).file);
  const whole = await ask(scope, url);
  assert.equal(whole?.status, 200);
  assert.deepEqual(new Uint8Array((await whole?.arrayBuffer()) ?? []), bytes);
  const part = await ask(scope, url, 'bytes=900-2100');
  assert.equal(part?.status, 206);
  assert.equal(part?.headers.get('content-range'), `bytes 900-2100/${bytes.length}`);
  assert.equal(part?.headers.get('content-length'), '1201');
  assert.deepEqual(new Uint8Array((await part?.arrayBuffer()) ?? []), bytes.slice(900, 2101));
  const tail = await ask(scope, url, 'bytes=-17');
  assert.deepEqual(new Uint8Array((await tail?.arrayBuffer()) ?? []), bytes.slice(-17));
  assert.equal((await ask(scope, url, `bytes=${bytes.length}-`))?.status, 416);
});

test('no piece is opened before somebody takes it, and none after nobody does', LIMIT, async () => {
  const { scope, first } = world();
  const { file, given, over } = served(bytes);
  const answer = await ask(scope, first.serve(file), 'bytes=0-');
  const reader = answer?.body?.getReader();
  await reader?.read();
  assert.deepEqual(given, [0]);
  await reader?.read();
  assert.deepEqual(given, [0, PIECE]);
  await reader?.cancel();
  while (!over[0]?.aborted) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(given, [0, PIECE]);
});

test('what fails at the page ends the answer with an error, not as if it were whole', LIMIT, async () => {
  const { scope, first } = world();
  const { file } = served(bytes);
  async function* broken() {
    yield bytes.subarray(0, PIECE);
    throw new Error('altered');
  }
  const answer = await ask(scope, first.serve({ ...file, read: broken }));
  await assert.rejects(async () => answer?.arrayBuffer());
});

test('a token that no page knows, or was withdrawn, is nothing; other addresses are left alone', LIMIT, async () => {
  const { scope, first } = world();
  assert.equal((await ask(scope, '/_file/00'))?.status, 404);
  const url = first.serve(served(bytes).file);
  first.withdraw(url);
  assert.equal((await ask(scope, url))?.status, 404);
  assert.equal(ask(scope, '/api/v1/server'), undefined);
  assert.equal(answerFile(scope, new Request(`https://other.example${url}`)), undefined);
});

test('nothing that comes out could act: sandboxed, unguessed, and saved where it is not played', LIMIT, async () => {
  const { scope, first } = world();
  const name = 'a"\r\nset-cookie: x=1; “план”.svg';
  for (const [options, disposition] of [
    [{}, /^inline$/],
    [{ isDownload: true }, /^attachment; filename\*=UTF-8''a\.mp4$/],
    [{ type: 'application/octet-stream', name }, /^attachment; filename\*=UTF-8''[\w%.!~*'()-]+$/],
  ] as const) {
    const answer = await ask(scope, first.serve(served(bytes, options).file));
    const header = (name: string) => answer?.headers.get(name) ?? '';
    assert.match(header('content-disposition'), disposition);
    assert.match(header('content-security-policy'), /^sandbox; default-src 'none'/);
    assert.equal(header('x-content-type-options'), 'nosniff');
    await answer?.body?.cancel();
  }
});

test('a range is what was asked for, or outside, whatever is asked', LIMIT, () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(6000), fc.nat(6000), (size, a, b) => {
      const both = partOf(`bytes=${a}-${b}`, size);
      if (a <= b && a < size) assert.deepEqual(both, { from: a, end: Math.min(size, b + 1), isPartial: true });
      else assert.equal(both, undefined);
      const open = partOf(`bytes=${a}-`, size);
      assert.deepEqual(open, a < size ? { from: a, end: size, isPartial: true } : undefined);
    }),
  );
  for (const odd of ['bytes=1-2,4-5', 'items=1-2', 'bytes=x', '']) {
    assert.deepEqual(partOf(odd, 10), { from: 0, end: 10, isPartial: false });
  }
});
