// The client's cache in Node: LevelDB by the package `level`, in a folder of the user's own.
import { chmod, mkdir, rm } from 'node:fs/promises';
import { Level } from 'level';
import {
  type CacheEngine,
  type CacheRange,
  type CacheRow,
  type CacheWrite,
  cacheFailed,
  cacheFull,
} from '../../src/client/cache/engine.ts';

type Store = Level<string, Uint8Array>;

/** @throws LocalError `cache-full`, `cache-failed` (also when another client has the folder open) */
export async function openLevelEngine(folder: string): Promise<CacheEngine> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    return new LevelEngine(folder, await openStore(folder));
  } catch (cause) {
    throw failureOf(cause);
  }
}

async function openStore(folder: string): Promise<Store> {
  const store: Store = new Level(folder, { keyEncoding: 'utf8', valueEncoding: 'view' });
  await store.open();
  return store;
}

class LevelEngine implements CacheEngine {
  readonly #folder: string;
  #store: Store;
  /** After a failed write LevelDB takes no more until it is opened again. */
  #hasFailed = false;

  constructor(folder: string, store: Store) {
    this.#folder = folder;
    this.#store = store;
  }

  async range({ from, to, reverse = false, limit = -1 }: CacheRange): Promise<readonly CacheRow[]> {
    try {
      const rows = await this.#store.iterator({ gte: from, lt: to, reverse, limit }).all();
      return rows.map(([key, value]) => [key, new Uint8Array(value)]);
    } catch (cause) {
      throw failureOf(cause);
    }
  }

  async write(writes: readonly CacheWrite[]): Promise<void> {
    if (writes.length === 0) return;
    try {
      if (this.#hasFailed) await this.#reopen();
      await this.#store.batch(
        writes.map((write) =>
          'delete' in write
            ? { type: 'del' as const, key: write.delete }
            : { type: 'put' as const, key: write.put, value: write.value },
        ),
        { sync: true },
      );
    } catch (cause) {
      this.#hasFailed = true;
      throw failureOf(cause);
    }
  }

  async wipe(): Promise<void> {
    await this.#store.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async #reopen(): Promise<void> {
    await this.#store.close();
    this.#store = await openStore(this.#folder);
    this.#hasFailed = false;
  }
}

function failureOf(error: unknown) {
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) parts.push(at.message, 'code' in at ? String(at.code) : '');
  return /ENOSPC|EDQUOT|No space left|[Qq]uota/.test(parts.join(' ')) ? cacheFull(error) : cacheFailed(error);
}
