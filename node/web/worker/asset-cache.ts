// The page's own files, so that it opens without the node. The build writes the list of them, each with its SHA-256, into this script:
// another file anywhere makes another script, which the browser installs beside the old one. A version is taken as a whole or not
// at all: one file that is not what the list says, and the version before stays.
//
// A page that is open goes on with the files of its version when a newer one has come, so the version before is kept as well.

/** A browser's caches, as far as they are used. */
export interface Caches {
  open(name: string): Promise<{
    put(address: string, answer: Response): Promise<void>;
    match(address: string): Promise<Response | undefined>;
  }>;
  keys(): Promise<string[]>;
  delete(name: string): Promise<boolean>;
  match(address: string): Promise<Response | undefined>;
}

export interface AssetCacheComponents {
  readonly caches: Caches;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly origin: string;
  /** Path and integrity (`sha256-…`, as in Subresource Integrity) of each file. */
  readonly assets: readonly (readonly [path: string, integrity: string])[];
  /** Names the list as a whole. */
  readonly version: string;
}

const PREFIX = 'canopy-assets-';
const INDEX = '/index.html';
/** Addresses that are the node's to answer: its API, and what is served to nobody but the page. */
const NOT_OURS = /^\/(?:api|_file|healthz|readyz|metrics)(?:\/|$)/;

export class AssetCache {
  readonly #parts: AssetCacheComponents;
  readonly #name: string;
  readonly #paths: ReadonlySet<string>;

  constructor(components: AssetCacheComponents) {
    this.#parts = components;
    this.#name = PREFIX + components.version;
    this.#paths = new Set(components.assets.map(([path]) => path));
  }

  /** Rejects when one file is missing or is not what the list says; nothing of the version stays then. */
  async install(): Promise<void> {
    const { assets, caches, fetch, origin } = this.#parts;
    const cache = await caches.open(this.#name);
    try {
      await Promise.all(
        assets.map(async ([path, integrity]) => {
          // asked of the node anew: the browser's own cache may hold a file of another time
          const request = new Request(origin + path, { integrity, cache: 'no-cache', credentials: 'omit' });
          const answer = await fetch(request);
          if (!answer.ok) throw new TypeError(`${path}: ${answer.status}`);
          await cache.put(origin + path, answer);
        }),
      );
    } catch (error) {
      await caches.delete(this.#name);
      throw error;
    }
  }

  /** Forgets all versions but this one and the one before. */
  async activate(): Promise<void> {
    const { caches } = this.#parts;
    const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== this.#name);
    await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  }

  /** Whether these files belong to this version: their names change with what is in them. */
  hasAll(paths: readonly string[]): boolean {
    return paths.every((path) => this.#paths.has(path));
  }

  /** Undefined for what is not the page's own. */
  answer(request: Request): Promise<Response> | undefined {
    const { origin } = this.#parts;
    const url = new URL(request.url);
    if (request.method !== 'GET' || url.origin !== origin || NOT_OURS.test(url.pathname)) return undefined;
    if (request.mode === 'navigate') return this.#page(request);
    if (this.#paths.has(url.pathname)) return this.#file(request, origin + url.pathname);
    // of the version before, for a page that is still open
    return url.pathname.startsWith('/assets/') ? this.#older(request) : undefined;
  }

  /** Each address of the page is its one file. */
  async #page(request: Request): Promise<Response> {
    const { origin } = this.#parts;
    return this.#file(request, origin + INDEX);
  }

  async #file(request: Request, address: string): Promise<Response> {
    const { caches, fetch } = this.#parts;
    const cache = await caches.open(this.#name);
    return (await cache.match(address)) ?? fetch(request);
  }

  async #older(request: Request): Promise<Response> {
    const { caches, fetch } = this.#parts;
    return (await caches.match(request.url)) ?? fetch(request);
  }
}
