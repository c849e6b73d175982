// Whether the branch is locked, and what a lock leaves behind for later.
//
//   ('lock')                            [version 1, since, whether devices erase what they hold]: there while the branch is locked
//   ('locked-out', SHA-256 of a token)  [version 1, user id, device id, time]: of a session that the lock ended. A later lock with
//                                       erasing makes it a mark of device-store.ts, unlocking drops it
//   ('wipe-due', user id, device id)    [version 1, time]: this device logs in as a new one and in no other way; there until the
//                                       directory says that the device is removed, or for as long as a mark counts
import { RefusedError } from '../../src/realm/errors.ts';
import { type DeviceId, parseDeviceId, parseUserId, type UserId } from '../../src/realm/ids.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';
import { decodeMark, encodeMark, type WipeMark } from './device-store.ts';

export interface Lock {
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Whether devices erase what they hold. */
  readonly wipe: boolean;
}

/** A session that has ended: what its token was, and whose. */
export interface LockedOut {
  readonly hash: Uint8Array;
  readonly mark: WipeMark;
}

export interface DueDevice {
  readonly user: UserId;
  readonly device: DeviceId;
  /** Milliseconds since 1970. */
  readonly time: number;
}

const VERSION = 1;
const LOCK = key('lock');

export class LockStore {
  readonly #database: Database;
  readonly #due = new Map<string, DueDevice>();
  readonly #listeners = new Set<(lock: Lock | undefined) => void>();
  #current: Lock | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(): Promise<void> {
    const kept = await this.#database.get(LOCK);
    this.#current = kept && decodeLock(kept);
    for await (const [rowKey, bytes] of this.#database.iterate(under('wipe-due'))) {
      const [, user, device] = parseKey(rowKey);
      this.#note({ user: parseUserId(String(user)), device: parseDeviceId(String(device)), time: decodeTime(bytes) });
    }
  }

  get current(): Lock | undefined {
    return this.#current;
  }

  /** Counts at once and in memory alone; `put` has what keeps it. */
  set(lock: Lock | undefined): void {
    this.#current = lock;
    for (const listener of this.#listeners) listener(lock);
  }

  /** Calls back with each lock and each unlocking. Returns the unsubscriber. */
  onChange(listener: (lock: Lock | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws RefusedError `branch-locked` */
  assertOpen(): void {
    if (this.#current) throw new RefusedError('branch-locked', 'the branch is locked; nobody is let in');
  }

  /** Whether that device may come back as a new one alone. */
  mustWipe(user: UserId, device: DeviceId): boolean {
    return this.#due.has(nameOf(user, device));
  }

  get due(): readonly DueDevice[] {
    return [...this.#due.values()];
  }

  put({ since, wipe }: Lock): Write {
    return { type: 'put', key: LOCK, value: encodeFields([VERSION, since, wipe]) };
  }

  del(): Write {
    return { type: 'del', key: LOCK };
  }

  /** In force at once, as the lock is. */
  putDue(due: DueDevice): Write {
    this.#note(due);
    return { type: 'put', key: dueKey(due), value: encodeFields([VERSION, due.time]) };
  }

  /** The directory says it from now on, or it was too long ago. */
  async dropDue(due: DueDevice, more: readonly Write[] = []): Promise<void> {
    await this.#database.commit([{ type: 'del', key: dueKey(due) }, ...more]);
    this.#due.delete(nameOf(due.user, due.device));
  }

  putLockedOut({ hash, mark }: LockedOut): Write {
    return { type: 'put', key: key('locked-out', hash), value: encodeMark(mark) };
  }

  async lockedOut(): Promise<LockedOut[]> {
    const found: LockedOut[] = [];
    for await (const [rowKey, bytes] of this.#database.iterate(under('locked-out'))) {
      const hash = parseKey(rowKey)[1];
      if (hash instanceof Uint8Array) found.push({ hash, mark: decodeMark(bytes) });
    }
    return found;
  }

  delLockedOut({ hash }: LockedOut): Write {
    return { type: 'del', key: key('locked-out', hash) };
  }

  commit(writes: readonly Write[]): Promise<void> {
    return this.#database.commit(writes);
  }

  #note(due: DueDevice): void {
    this.#due.set(nameOf(due.user, due.device), due);
  }
}

export async function openLockStore(database: Database): Promise<LockStore> {
  const store = new LockStore(database);
  await store.load();
  return store;
}

function nameOf(user: UserId, device: DeviceId): string {
  return `${user}/${device}`;
}

function dueKey({ user, device }: DueDevice): Uint8Array {
  return key('wipe-due', user, device);
}

function decodeLock(bytes: Uint8Array): Lock {
  return decodeFields(bytes, 'lock', (reader) => {
    reader.version(VERSION);
    return { since: reader.number(), wipe: reader.boolean() };
  });
}

function decodeTime(bytes: Uint8Array): number {
  return decodeFields(bytes, 'device to be wiped', (reader) => {
    reader.version(VERSION);
    return reader.number();
  });
}
