// Files that wait to be sent: what is kept is there after a restart, sealed, and gone when it is dropped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import { KeptFiles } from '../../../src/client/files/kept-files.ts';

const LIMIT = { timeout: 60_000 };
const NEVER = new AbortController().signal;
const MIB = 1024 * 1024;
const content = (size: number): Uint8Array => new Uint8Array(size).map((_, at) => (at * 7 + (at >> 10)) % 251);

function source(bytes: Uint8Array, name = 'plan.pdf') {
  const read = async (from: number, length: number) => bytes.slice(from, from + length);
  return { name, size: bytes.length, type: 'application/pdf', mark: `${name}/1`, read };
}

async function start() {
  const engine = new MemoryEngine();
  const secret = await makeCacheSecret(new Uint8Array(32).fill(3));
  const open = async () => new KeptFiles(await SealedCache.open({ engine, secret }));
  return { engine, open };
}

test('a kept file is read at any place after a restart', LIMIT, async () => {
  const { open } = await start();
  const plain = content(2 * MIB + 77);
  const file = await (await open()).keep({ id: 'a', source: source(plain), note: 'to the office', signal: NEVER });
  assert.equal(file.isHere, true);
  const again = await open();
  const [found] = await again.list();
  assert.deepEqual(found, file);
  const kept = again.source(file);
  for (const [from, length] of [
    [0, plain.length],
    [MIB - 1, 2],
    [2 * MIB, 500],
    [5, 0],
  ] as const) {
    assert.deepEqual(await kept.read(from, length), plain.slice(from, from + length));
  }
});

test('what was kept is nowhere in clear, and gone once it is dropped', LIMIT, async () => {
  const { engine, open } = await start();
  const bytes = new TextEncoder().encode('marker-in-a-file '.repeat(100));
  const kept = await open();
  const file = await kept.keep({
    id: 'a',
    source: source(bytes, 'marker-name.txt'),
    note: 'marker-note',
    signal: NEVER,
  });
  const rows = await engine.range({ from: '', to: '~~' });
  const stored = rows.map(([key, value]) => key + Buffer.from(value).toString('latin1')).join('');
  assert.ok(rows.length >= 2);
  for (const marker of ['marker-in-a-file', 'marker-name', 'marker-note']) assert.ok(!stored.includes(marker));
  await kept.drop(file);
  assert.deepEqual(await kept.list(), []);
  assert.deepEqual(await engine.range({ from: '', to: '~~' }), []);
});

test('of a file that is too large its name is kept', LIMIT, async () => {
  const { open } = await start();
  const huge = { ...source(content(1)), size: 200 * MIB };
  const file = await (await open()).keep({ id: 'a', source: huge, note: '', signal: NEVER });
  assert.equal(file.isHere, false);
  assert.deepEqual(await (await open()).list(), [file]);
});

test('what was being kept when the page ended is asked for again', LIMIT, async () => {
  const { open } = await start();
  const stopped = new AbortController();
  const bytes = content(3 * MIB);
  const slow = {
    ...source(bytes),
    read: async (from: number, length: number) => (stopped.abort(), bytes.slice(from, from + length)),
  };
  await assert.rejects((await open()).keep({ id: 'a', source: slow, note: 'n', signal: stopped.signal }));
  const [file] = await (await open()).list();
  assert.equal(file?.isHere, false);
});
