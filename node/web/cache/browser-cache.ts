// The cache of a browser: IndexedDB, one store of blocks and one of keys. The secret of the cache is a CryptoKey that no script can
// read out; it lies beside the blocks, since a browser offers no better place.
import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from 'idb';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import {
  type CacheEngine,
  type CacheRange,
  type CacheRow,
  type CacheWrite,
  cacheFailed,
  cacheFull,
} from '../../../src/client/cache/engine.ts';

interface Schema extends DBSchema {
  blocks: { key: string; value: Uint8Array };
  keys: { key: string; value: CryptoKey };
}

const VERSION = 1;
const SECRET = 'cache';

export interface BrowserPlace {
  readonly engine: CacheEngine;
  readonly secret: CryptoKey;
}

/** `name` is of one user on one server. @throws LocalError `cache-full`, `cache-failed` */
export async function openBrowserCache(name: string): Promise<BrowserPlace> {
  try {
    const database = await openDB<Schema>(name, VERSION, {
      upgrade: (fresh) => {
        fresh.createObjectStore('blocks');
        fresh.createObjectStore('keys');
      },
      // Another tab that holds the old form must not keep this one waiting.
      blocking: (_current, _wanted, event) => {
        if (event.target instanceof IDBDatabase) event.target.close();
      },
    });
    return { engine: new BrowserEngine(name, database), secret: await secretOf(database) };
  } catch (cause) {
    throw failureOf(cause);
  }
}

/** Two tabs that begin at one time end with the same secret. */
async function secretOf(database: IDBPDatabase<Schema>): Promise<CryptoKey> {
  const made = await makeCacheSecret(crypto.getRandomValues(new Uint8Array(32)));
  const transaction = database.transaction('keys', 'readwrite', { durability: 'strict' });
  const known = await transaction.store.get(SECRET);
  if (!known) await transaction.store.put(made, SECRET);
  await transaction.done;
  return known ?? made;
}

class BrowserEngine implements CacheEngine {
  readonly #name: string;
  readonly #database: IDBPDatabase<Schema>;

  constructor(name: string, database: IDBPDatabase<Schema>) {
    this.#name = name;
    this.#database = database;
  }

  async range({ from, to, reverse = false, limit }: CacheRange): Promise<readonly CacheRow[]> {
    if (from >= to) return [];
    try {
      const range = IDBKeyRange.bound(from, to, false, true);
      const transaction = this.#database.transaction('blocks');
      if (!reverse) {
        const [keys, values] = await Promise.all([
          transaction.store.getAllKeys(range, limit),
          transaction.store.getAll(range, limit),
        ]);
        return keys.map((key, at) => [key, values[at] ?? new Uint8Array()]);
      }
      const rows: CacheRow[] = [];
      let cursor = await transaction.store.openCursor(range, 'prev');
      while (cursor && rows.length < (limit ?? Number.POSITIVE_INFINITY)) {
        rows.push([cursor.key, cursor.value]);
        cursor = rows.length === limit ? null : await cursor.continue();
      }
      return rows;
    } catch (cause) {
      throw failureOf(cause);
    }
  }

  async write(writes: readonly CacheWrite[]): Promise<void> {
    try {
      const transaction = this.#database.transaction('blocks', 'readwrite', { durability: 'strict' });
      const { store } = transaction;
      await Promise.all([
        ...writes.map((write) => ('delete' in write ? store.delete(write.delete) : store.put(write.value, write.put))),
        transaction.done,
      ]);
    } catch (cause) {
      throw failureOf(cause);
    }
  }

  async wipe(): Promise<void> {
    await this.close();
    await deleteDB(this.#name);
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

function failureOf(cause: unknown) {
  const isFull = cause instanceof DOMException && cause.name === 'QuotaExceededError';
  return isFull ? cacheFull(cause) : cacheFailed(cause);
}
