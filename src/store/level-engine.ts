// The engine of production: LevelDB by the package `level`. Values carry a CRC-32 over key and value, because LevelDB as built
// for Node does not check its blocks on reading: a damaged value is refused, never served.
//
// After a failed write LevelDB takes no more until it is opened again, and a log with a torn record may only be appended to after
// that. So a failure is remembered, reads go on, and the next write first reopens, once the disk has room again. Reads wait for that;
// should opening fail, they try it themselves, so that what was acknowledged is readable as soon as it can be.
import { mkdir, statfs } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { Level } from 'level';
import { CanopyError, ConflictError, LocalError } from '../realm/errors.ts';
import type { Engine, KeyRange, ReadView, Row, Snapshot, Write } from './engine.ts';
import { findDamagedLog } from './log-check.ts';
import { Readers } from './readers.ts';

type Store = Level<Uint8Array, Uint8Array>;
type LevelSnapshot = ReturnType<Store['snapshot']>;

/** Room that must be free before a failed store is opened for writing again: LevelDB writes a new log and tables then. */
const ROOM_TO_RECOVER = 16 * 1024 * 1024;
const CHECKSUM = 4;
/** Milliseconds that rewriting waits for who reads, and how often it is done again when somebody read meanwhile. */
const READERS_DEADLINE = 5_000;
const ROUNDS = 3;

function messagesOf(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) parts.push(`${codeField(at)} ${at.message}`);
  return parts.join('; ');
}

/** Called once, for what was found while the database was open. */
export type OnDamage = (error: CanopyError) => void;

const DAMAGED = 'store-damaged';

function codeField(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What an error of LevelDB means for people. */
function explain(directory: string, cause: unknown): CanopyError {
  if (cause instanceof CanopyError) return cause;
  const text = messagesOf(cause);
  if (text.includes('LEVEL_LOCKED')) {
    return new ConflictError('dir-in-use', `${directory} is in use by another process`, {
      hint: 'Stop the server that runs there, or choose another directory.',
      cause,
    });
  }
  if (/ENOSPC|EDQUOT|No space left|[Qq]uota|File too large/.test(text)) return diskFull(directory, cause);
  if (/CORRUPTION|Corruption|corrupt|No such file/.test(text)) return damaged(directory, text, cause);
  return new LocalError('store-failed', `The database in ${directory} failed: ${text}`, {
    hint: 'Check the disk and the rights of the directory, then start again.',
    cause,
  });
}

function diskFull(directory: string, cause?: unknown): LocalError {
  return new LocalError('disk-full', `The disk of ${directory} is full; nothing of this write was acknowledged`, {
    hint: 'Free some space; writing goes on by itself.',
    cause,
  });
}

function damaged(directory: string, what: string, cause?: unknown): LocalError {
  return new LocalError(DAMAGED, `The database in ${directory} is damaged: ${what}`, {
    hint: 'Stop the server, copy the directory aside and restore the latest backup. Without one, run: node src/store/repair.ts DIRECTORY',
    cause,
  });
}

function seal(key: Uint8Array, value: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(value.length + CHECKSUM);
  sealed.set(value);
  new DataView(sealed.buffer).setUint32(value.length, crc32(value, crc32(key)));
  return sealed;
}

/** LevelDB hands out Buffers, whose `slice` shares memory; what leaves the store are plain arrays. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function unseal(directory: string, key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const length = sealed.length - CHECKSUM;
  if (length >= 0) {
    const value = plain(sealed).subarray(0, length);
    const stored = new DataView(sealed.buffer, sealed.byteOffset + length).getUint32(0);
    if (stored === crc32(value, crc32(key))) return value;
  }
  throw damaged(directory, 'a value has a wrong checksum');
}

class LevelView implements ReadView {
  readonly #engine: LevelEngine;
  readonly #snapshot: LevelSnapshot | undefined;

  constructor(engine: LevelEngine, snapshot?: LevelSnapshot) {
    this.#engine = engine;
    this.#snapshot = snapshot;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const { directory } = this.#engine;
    try {
      const store = await this.#store();
      // On this thread: the pool's detour costs five times the CPU of the read, and a read that misses every cache takes
      // less than the fsync that each acknowledgement waits for.
      const sealed = store.getSync(key, this.#options());
      return sealed && unseal(directory, key, sealed);
    } catch (error) {
      throw this.#engine.explained(error);
    }
  }

  async *iterate(range: KeyRange): AsyncIterable<Row> {
    const { directory, readers } = this.#engine;
    try {
      const store = await this.#store();
      const done = readers.begin();
      const rows = store.iterator({ ...this.#options(), ...range });
      try {
        for await (const [key, sealed] of rows) yield [plain(key), unseal(directory, key, sealed)];
      } finally {
        await rows.close();
        done();
      }
    } catch (error) {
      throw this.#engine.explained(error);
    }
  }

  /** A snapshot ends with the store that it was taken of. */
  #store(): Store | Promise<Store> {
    const { store } = this.#engine;
    return this.#snapshot || store.status === 'open' ? store : this.#engine.reopened();
  }

  #options(): { snapshot?: LevelSnapshot } {
    return this.#snapshot ? { snapshot: this.#snapshot } : {};
  }
}

class LevelSnapshotView extends LevelView implements Snapshot {
  readonly #held: LevelSnapshot;
  readonly #done: () => void;

  constructor(engine: LevelEngine) {
    const held = engine.store.snapshot();
    super(engine, held);
    this.#held = held;
    this.#done = engine.readers.begin();
  }

  async close(): Promise<void> {
    await this.#held.close();
    this.#done();
  }
}

class LevelEngine implements Engine {
  readonly directory: string;
  readonly readers = new Readers();
  readonly #view: LevelView;
  #store: Store;
  #failed = false;
  #reopening: Promise<void> | undefined;
  #closed = false;
  #onDamage: OnDamage | undefined;

  constructor(directory: string, store: Store, onDamage: OnDamage | undefined) {
    this.directory = directory;
    this.#store = store;
    this.#onDamage = onDamage;
    this.#view = new LevelView(this);
  }

  get store(): Store {
    return this.#store;
  }

  /** What it means for people; the first damage is told to whoever looks after the database, too. */
  explained(cause: unknown): CanopyError {
    const error = explain(this.directory, cause);
    if (error.code === DAMAGED) {
      this.#onDamage?.(error);
      this.#onDamage = undefined;
    }
    return error;
  }

  async write(writes: readonly Write[]): Promise<void> {
    if (this.#failed) await this.#recover();
    try {
      await this.#store.batch(writes.map(toOperation), { sync: true });
    } catch (error) {
      this.#failed = true;
      throw this.explained(error);
    }
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#view.get(key);
  }

  iterate(range: KeyRange): AsyncIterable<Row> {
    return this.#view.iterate(range);
  }

  snapshot(): Snapshot {
    return new LevelSnapshotView(this);
  }

  async compact({ gte, lt }: Pick<KeyRange, 'gte' | 'lt'>): Promise<void> {
    try {
      for (let round = 0, before = -1; round < ROUNDS && before !== this.readers.count; round++) {
        await this.readers.gone(READERS_DEADLINE);
        before = this.readers.count;
        await this.#rewrite(gte, lt);
      }
    } catch (error) {
      throw this.explained(error);
    }
  }

  async #rewrite(gte: Uint8Array, lt: Uint8Array): Promise<void> {
    const store = this.#store;
    if (!('compactRange' in store) || typeof store.compactRange !== 'function') return;
    await store.compactRange(gte, lt);
    // The lowest level is rewritten only when something above it overlaps: deletions of keys at both ends that nobody can use.
    const first = Uint8Array.of(...gte, 0);
    await this.write([first, lastBefore(lt)].map((key) => ({ type: 'del', key })));
    await store.compactRange(gte, lt);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#reopening?.catch(() => undefined);
    await this.#store.close();
  }

  /** The store once it is open again. */
  async reopened(): Promise<Store> {
    await this.#reopening?.catch(() => undefined);
    if (this.#store.status !== 'open') await this.#reopen();
    return this.#store;
  }

  async #recover(): Promise<void> {
    const { bavail, bsize } = await statfs(this.directory);
    if (bavail * bsize < ROOM_TO_RECOVER) throw diskFull(this.directory);
    await this.#reopen();
  }

  #reopen(): Promise<void> {
    this.#reopening ??= this.#openAnew().finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #openAnew(): Promise<void> {
    if (this.#closed) throw new LocalError('store-closed', 'The database is closed.');
    await this.#store.close();
    this.#store = await openStore(this.directory);
    this.#failed = false;
  }
}

/** Bytes in the range, near its end: ranges end with ff (keys.ts), and no key goes on with fe either. */
function lastBefore(lt: Uint8Array): Uint8Array {
  const key = lt.slice();
  key[key.length - 1] = (key.at(-1) ?? 1) - 1;
  return key;
}

function toOperation(write: Write) {
  return write.type === 'put' ? { ...write, value: seal(write.key, write.value) } : write;
}

async function openStore(directory: string): Promise<Store> {
  try {
    await assertLogsWhole(directory);
    // The constructor begins to open by itself, so nothing may fail between it and `open`.
    const store = new Level<Uint8Array, Uint8Array>(directory, { keyEncoding: 'view', valueEncoding: 'view' });
    await store.open();
    return store;
  } catch (error) {
    throw explain(directory, error);
  }
}

async function assertLogsWhole(directory: string): Promise<void> {
  const log = await findDamagedLog(directory);
  if (log !== undefined) throw damaged(directory, `${log} has a broken record before whole ones`);
}

/** @throws ConflictError `dir-in-use`, LocalError `store-damaged`, `disk-full`, `store-failed` */
export async function openLevelEngine(directory: string, onDamage?: OnDamage): Promise<Engine> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return new LevelEngine(directory, await openStore(directory), onDamage);
}
