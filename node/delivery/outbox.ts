// The durable queues of what other realms have not acknowledged. One sequence for each destination; its numbers are given
// out when an entry is added, in the same turn in which its writes are handed to the database, so that the order on disk is
// the order of the numbers. A number whose write failed is never used again: the destination is told to skip it.
//
// The keys are those of outbox-entry.ts.
import type { EncodedEnvelope } from '../../src/crypto/envelope.ts';
import { decodeStrict, Fields } from '../../src/crypto/strict-cbor.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { between, parseKey, under } from '../../src/store/keys.ts';
import { entryKey, entryWrites, type OutboxEntry, type Position, placeOf, readEntry } from './outbox-entry.ts';
import { isBefore, RecentEntries } from './recent-entries.ts';

/** An entry that is being added: `writes` go into the caller's commit, `committed` is called after it. */
export interface Added {
  readonly writes: readonly Write[];
  committed(): void;
}

/** Entries that one destination may leave unacknowledged. */
const MAX_QUEUE = 1_000_000;

interface Queue {
  /** The newest number given out, and the newest that is on disk: nothing above the second is ever read. */
  last: Position;
  committed: Position;
  depth: number;
  readonly recent: RecentEntries;
}

interface Init {
  readonly database: Pick<Database, 'commit' | 'get' | 'iterate'>;
  readonly incarnation: number;
}

/** The last number given out for each destination, from the disk. */
export async function outboxEnds(database: Pick<Database, 'iterate'>): Promise<ReadonlyMap<RealmName, Position>> {
  const ends = new Map<RealmName, Position>();
  for await (const [at, value] of database.iterate(under('outbox', 'last'))) {
    const fields = new Fields(decodeStrict(value, 64), 'outbox position', 2);
    ends.set(parseRealmName(String(parseKey(at)[2])), { incarnation: fields.uint(), n: fields.uint() });
  }
  return ends;
}

/** Reads where each queue stands. */
export async function openOutbox(init: Init): Promise<Outbox> {
  const outbox = new Outbox(init);
  await outbox.load();
  return outbox;
}

export class Outbox {
  readonly #database: Init['database'];
  readonly #incarnation: number;
  readonly #queues = new Map<RealmName, Queue>();
  readonly #listeners = new Set<(destination: RealmName) => void>();

  constructor(init: Init) {
    this.#database = init.database;
    this.#incarnation = init.incarnation;
  }

  async load(): Promise<void> {
    for (const [destination, last] of await outboxEnds(this.#database)) {
      const queue = this.#queue(destination);
      queue.last = last;
      queue.committed = queue.last;
      queue.depth = await this.#countEntries(destination);
      queue.recent.begin(queue.last);
    }
  }

  async #countEntries(destination: RealmName): Promise<number> {
    let count = 0;
    for await (const _ of this.#database.iterate(under('outbox', 'entry', destination))) count++;
    return count;
  }

  destinations(): RealmName[] {
    return [...this.#queues.keys()];
  }

  depth(destination: RealmName): number {
    return this.#queues.get(destination)?.depth ?? 0;
  }

  /** Calls back after an entry is on disk. Returns the unsubscriber. */
  onAdded(listener: (destination: RealmName) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws RefusedError `outbox-full` */
  assertRoom(destination: RealmName): void {
    if (this.depth(destination) < MAX_QUEUE) return;
    throw new RefusedError('outbox-full', `${MAX_QUEUE} messages wait for ${destination}`, {
      hint: 'See why that realm is away: canopy status',
    });
  }

  /** The caller hands `writes` to the database in this same turn. */
  add(destination: RealmName, envelope: EncodedEnvelope, queuedAt: number): Added {
    const queue = this.#queue(destination);
    const { incarnation, n } = queue.last;
    queue.last = { incarnation: this.#incarnation, n: incarnation === this.#incarnation ? n + 1 : 1 };
    const { expires, sender, id } = envelope.envelope;
    const entry = { ...queue.last, queuedAt, expires, sender, id, digest: envelope.digest, bytes: envelope.bytes };
    return { writes: entryWrites(destination, entry), committed: () => this.#committed(destination, queue, entry) };
  }

  #committed(destination: RealmName, queue: Queue, entry: OutboxEntry): void {
    queue.depth++;
    queue.committed = { incarnation: entry.incarnation, n: entry.n };
    queue.recent.push(entry);
    for (const listener of this.#listeners) listener(destination);
  }

  /** Entries after a position, in order: at most `count`, and no more once they have reached `bytes`. Of one incarnation only. */
  async read(
    destination: RealmName,
    after: Position,
    limits: { count: number; bytes: number },
  ): Promise<OutboxEntry[]> {
    const queue = this.#queue(destination);
    const recent = queue.recent.after(after, limits);
    if (recent) return recent;
    const { committed } = queue;
    const entries: OutboxEntry[] = [];
    let bytes = 0;
    for await (const entry of this.#stored(destination, after, limits.count)) {
      if (entry.incarnation !== (entries[0]?.incarnation ?? entry.incarnation) || isBefore(committed, entry)) break;
      entries.push(entry);
      bytes += entry.bytes.length;
      if (bytes >= limits.bytes) break;
    }
    return entries;
  }

  async *#stored(destination: RealmName, after: Position, limit: number): AsyncIterable<OutboxEntry> {
    const { lt } = under('outbox', 'entry', destination);
    const { gte } = between(['outbox', 'entry', destination, after.incarnation], after.n + 1);
    for await (const [at, value] of this.#database.iterate({ gte, lt, limit })) yield readEntry(placeOf(at), value);
  }

  /** The entry that waits longest. */
  async oldest(destination: RealmName): Promise<OutboxEntry | undefined> {
    for await (const entry of this.#stored(destination, { incarnation: 0, n: 0 }, 1)) return entry;
    return undefined;
  }

  /** Removes settled entries, with `more` in the same commit. */
  async remove(destination: RealmName, entries: readonly OutboxEntry[], more: readonly Write[]): Promise<void> {
    const removals = entries.map(
      ({ incarnation, n }): Write => ({ type: 'del', key: entryKey(destination, incarnation, n) }),
    );
    await this.#database.commit([...removals, ...more]);
    const queue = this.#queue(destination);
    queue.depth = Math.max(0, queue.depth - entries.length);
    queue.recent.drop(entries);
  }

  #queue(destination: RealmName): Queue {
    let queue = this.#queues.get(destination);
    if (!queue) {
      const none = { incarnation: this.#incarnation, n: 0 };
      queue = { last: none, committed: none, depth: 0, recent: new RecentEntries() };
      queue.recent.begin(none);
      this.#queues.set(destination, queue);
    }
    return queue;
  }
}
