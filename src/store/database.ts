// The database of one node: one directory, one process, one level store. Whoever keeps something in it owns a key prefix,
// written in the header of that file; nobody else builds its keys.
//
// "Acknowledged means on disk": `commit` resolves after the fsync that covers its writes, so an acknowledgement sent after
// the await follows the fdatasync. Commits that arrive while an fsync runs share the next one (gather.ts); no timer is involved.
import { LocalError } from '../realm/errors.ts';
import type { Engine, KeyRange, ReadView, Row, Snapshot, Write } from './engine.ts';
import { bringForward, type Migration, migrations } from './format.ts';
import { Gather } from './gather.ts';
import { type OnDamage, openLevelEngine } from './level-engine.ts';

export interface Database extends ReadView {
  /** Atomic; resolves when on disk, in the order of the calls. @throws LocalError `disk-full`, `store-failed`, `store-damaged`, `store-closed` */
  commit(writes: readonly Write[]): Promise<void>;
  snapshot(): Snapshot;
  /** Has deleted and replaced values of this range leave the files. */
  compact(range: Pick<KeyRange, 'gte' | 'lt'>): Promise<void>;
  /** Waits for the commits under way. Idempotent. */
  close(): Promise<void>;
}

/** Commits that share one fsync at most, so that one group stays within a few megabytes. */
const MAX_GROUP = 1024;

class GroupedDatabase implements Database {
  readonly #engine: Engine;
  readonly #commits: Gather<readonly Write[]>;
  #closing: Promise<void> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#commits = new Gather((groups) => engine.write(groups.flat()), MAX_GROUP);
  }

  async commit(writes: readonly Write[]): Promise<void> {
    this.#assertOpen();
    if (writes.length > 0) await this.#commits.add(writes);
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    return this.#engine.get(key);
  }

  iterate(range: KeyRange): AsyncIterable<Row> {
    this.#assertOpen();
    return this.#engine.iterate(range);
  }

  snapshot(): Snapshot {
    this.#assertOpen();
    return this.#engine.snapshot();
  }

  async compact(range: Pick<KeyRange, 'gte' | 'lt'>): Promise<void> {
    this.#assertOpen();
    await this.#engine.compact?.(range);
  }

  close(): Promise<void> {
    this.#closing ??= this.#commits.idle().then(() => this.#engine.close());
    return this.#closing;
  }

  #assertOpen(): void {
    if (this.#closing) throw new LocalError('store-closed', 'The database is closed.');
  }
}

/** A database over any engine; brings its format forward first. @throws LocalError `format-newer` */
export async function createDatabase(engine: Engine, steps: readonly Migration[] = migrations): Promise<Database> {
  await bringForward(engine, steps);
  return new GroupedDatabase(engine);
}

/** @throws ConflictError `dir-in-use`, LocalError `store-damaged`, `format-newer`, `disk-full` */
export async function openDatabase(directory: string, onDamage?: OnDamage): Promise<Database> {
  const engine = await openLevelEngine(directory, onDamage);
  try {
    return await createDatabase(engine);
  } catch (error) {
    await engine.close();
    throw error;
  }
}
