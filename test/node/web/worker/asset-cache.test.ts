// The page's own files in the browser: a version as a whole or not at all, and the one before for pages that are open.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { AssetCache, type Caches } from '../../../../node/web/worker/asset-cache.ts';

const ORIGIN = 'https://kyiv.acme.ua';

/** As much of a browser's caches as is used, in memory. */
class MemoryCaches implements Caches {
  readonly stores = new Map<string, Map<string, Response>>();

  async open(name: string) {
    const store = this.stores.get(name) ?? new Map<string, Response>();
    this.stores.set(name, store);
    return {
      put: async (address: string, answer: Response) => void store.set(address, answer),
      match: async (address: string) => store.get(address)?.clone(),
    };
  }
  async keys(): Promise<string[]> {
    return [...this.stores.keys()];
  }
  async delete(name: string): Promise<boolean> {
    return this.stores.delete(name);
  }
  async match(address: string): Promise<Response | undefined> {
    for (const store of this.stores.values()) if (store.has(address)) return store.get(address)?.clone();
    return undefined;
  }
}

function integrityOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** A node that serves these files, and checks as a browser does what a request says of its body. */
class Served {
  readonly files: Map<string, string>;
  readonly asked: string[] = [];
  isThere = true;

  constructor(files: Readonly<Record<string, string>>) {
    this.files = new Map(Object.entries(files));
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    this.asked.push(pathname);
    const body = this.files.get(pathname);
    if (!this.isThere) throw new TypeError('the node is away');
    if (body === undefined) return new Response(undefined, { status: 404 });
    if (request.integrity !== '' && request.integrity !== integrityOf(body)) throw new TypeError('integrity');
    return new Response(body);
  };
}

function versionOf(files: Readonly<Record<string, string>>, caches: MemoryCaches, served: Served, version: string) {
  const assets = Object.entries(files).map(([path, text]) => [path, integrityOf(text)] as const);
  const parts = { fetch: served.fetch, origin: ORIGIN, assets, version };
  return new AssetCache({ ...parts, caches });
}

function page(path: string): Request {
  const request = new Request(ORIGIN + path);
  // a navigation can't be made by hand
  Object.defineProperty(request, 'mode', { value: 'navigate' });
  return request;
}

const FILES = { '/index.html': 'the page', '/assets/a-1.js': 'script' };

test('an installed version answers while the node is away, at each address of the page', async () => {
  const [caches, served] = [new MemoryCaches(), new Served(FILES)];
  const version = versionOf(FILES, caches, served, 'one');
  await version.install();
  served.isThere = false;
  assert.equal(await (await version.answer(page('/')))?.text(), 'the page');
  assert.equal(await (await version.answer(page('/chat/1')))?.text(), 'the page');
  assert.equal(await (await version.answer(new Request(`${ORIGIN}/assets/a-1.js`)))?.text(), 'script');
});

test('a version with one file that is not as listed is not installed, and nothing of it stays', async () => {
  const caches = new MemoryCaches();
  const served = new Served({ ...FILES, '/assets/a-1.js': 'another script' });
  await assert.rejects(versionOf(FILES, caches, served, 'one').install());
  assert.deepEqual(await caches.keys(), []);
  served.files.delete('/assets/a-1.js');
  await assert.rejects(versionOf(FILES, caches, served, 'one').install());
  assert.deepEqual(await caches.keys(), []);
});

test('the version before stays for pages that are open, older ones go', async () => {
  const caches = new MemoryCaches();
  for (const name of ['one', 'two', 'three']) {
    const files = { '/index.html': name, [`/assets/${name}.js`]: name };
    const version = versionOf(files, caches, new Served(files), name);
    await version.install();
    await version.activate();
  }
  assert.deepEqual(await caches.keys(), ['canopy-assets-two', 'canopy-assets-three']);
  const files = { '/index.html': 'three', '/assets/three.js': 'three' };
  const now = versionOf(files, caches, new Served({}), 'three');
  assert.equal(await (await now.answer(page('/')))?.text(), 'three');
  assert.equal(await (await now.answer(new Request(`${ORIGIN}/assets/two.js`)))?.text(), 'two');
});

test('the API, files of messages, other places and what is sent are not its business', async () => {
  const cache = versionOf(FILES, new MemoryCaches(), new Served(FILES), 'one');
  for (const path of ['/api/v1/me', '/_file/abc', '/healthz', '/metrics', '/other.txt']) {
    assert.equal(cache.answer(new Request(ORIGIN + path)), undefined, path);
  }
  assert.equal(cache.answer(new Request('https://elsewhere.example/assets/a-1.js')), undefined);
  assert.equal(cache.answer(new Request(`${ORIGIN}/assets/a-1.js`, { method: 'POST' })), undefined);
});

test('what the browser threw away is fetched from the node', async () => {
  const [caches, served] = [new MemoryCaches(), new Served(FILES)];
  const version = versionOf(FILES, caches, served, 'one');
  await version.install();
  caches.stores.clear();
  assert.equal(await (await version.answer(new Request(`${ORIGIN}/assets/a-1.js`)))?.text(), 'script');
});

test('a version knows whether a page is made of its files', () => {
  const cache = versionOf(FILES, new MemoryCaches(), new Served(FILES), 'one');
  assert.equal(cache.hasAll(['/assets/a-1.js']), true);
  assert.equal(cache.hasAll(['/assets/a-1.js', '/assets/a-2.css']), false);
});
