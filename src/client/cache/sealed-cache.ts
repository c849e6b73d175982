// The cache over any engine; cache.ts has the layout and the promises.
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import type { ConversationId, MessageId } from '../../realm/ids.ts';
import { type RandomBytes, systemRandom } from '../../realm/random.ts';
import { isErased, type OpenedEvent } from '../timeline/events.ts';
import { BlockTree } from './block-tree.ts';
import { type Additions, bare, type CachedPage, type ClientCache, type Place, type Sought } from './cache.ts';
import { CacheKeys, type CacheSecret, damaged } from './cache-secret.ts';
import { read, WHOLE } from './cached-entries.ts';
import type { CacheEngine, CacheWrite } from './engine.ts';
import { type Changed, erasing, putting, removing, type Trees } from './erasing.ts';
import { GroupedWrites } from './grouped-writes.ts';

const RECORDS = 'records';
const MAX_NAME = 512;
/** Bytes of one record: a segment of the search index. */
const MAX_RECORD = 16 * 1024 * 1024;

export interface SealedCacheComponents {
  readonly engine: CacheEngine;
  readonly secret: CacheSecret;
  readonly random?: RandomBytes;
}

export class SealedCache implements ClientCache {
  readonly #engine: CacheEngine;
  readonly #keys: CacheKeys;
  readonly #writes: GroupedWrites;
  /** The last change of each conversation that has any under way, and of the records. */
  readonly #changes = new Map<ConversationId | typeof RECORDS, Promise<unknown>>();
  #isWiped = false;

  private constructor(engine: CacheEngine, keys: CacheKeys) {
    this.#engine = engine;
    this.#keys = keys;
    this.#writes = new GroupedWrites(engine);
  }

  static async open({ engine, secret, random = systemRandom }: SealedCacheComponents): Promise<SealedCache> {
    return new SealedCache(engine, await CacheKeys.of(secret, random));
  }

  put(conversation: ConversationId, additions: Additions): Promise<readonly OpenedEvent[]> {
    return this.#change(conversation, (trees) => putting(trees, additions));
  }

  async page(conversation: ConversationId, { before, limit }: { before?: Place; limit: number }): Promise<CachedPage> {
    const { inOrder, about } = await this.#trees(conversation);
    const entries = await inOrder.below(before, limit);
    const cached = entries.map(read);
    const events = cached.flatMap((one) => (one.kind === 'event' ? [one.event] : []));
    const lines = cached.flatMap((one) => (one.kind === 'line' ? [one.line] : []));
    const related = (await about.beginningWith([WHOLE, ...events.map((event) => bare(event.id))])).map(read);
    const last = entries.length === limit ? entries.at(-1) : undefined;
    return {
      events,
      lines,
      about: related.flatMap((one) => (one.kind === 'event' && !isErased(one.event) ? [one.event] : [])),
      receipts: related.flatMap((one) => (one.kind === 'receipt' ? [one.receipt] : [])),
      ...(last && { before: last.position }),
    };
  }

  async at(conversation: ConversationId, place: Place): Promise<OpenedEvent | undefined> {
    const { inOrder } = await this.#trees(conversation);
    const [entry] = await inOrder.beginningWith([place]);
    const cached = entry && read(entry);
    return cached?.kind === 'event' ? cached.event : undefined;
  }

  async find(conversation: ConversationId, sought: readonly Sought[]): Promise<readonly OpenedEvent[]> {
    const { inOrder } = await this.#trees(conversation);
    const found = new Map<MessageId, OpenedEvent>();
    await inOrder.endingWith(new Set(sought.map(({ id }) => bare(id))), (entry) => {
      const cached = read(entry);
      if (cached.kind !== 'event' || found.has(cached.event.id)) return false;
      const { event } = cached;
      if (!sought.some(({ id, sender = event.sender }) => id === event.id && sender === event.sender)) return false;
      found.set(event.id, event);
      return true;
    });
    return [...found.values()];
  }

  remove(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<readonly OpenedEvent[]> {
    return this.#change(conversation, (trees) => removing(trees, events));
  }

  erase(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<readonly OpenedEvent[]> {
    return this.#change(conversation, (trees) => erasing(trees, events));
  }

  async clear(conversation: ConversationId): Promise<void> {
    await this.#change(conversation, async ({ inOrder, about }) => {
      const writes = await Promise.all([inOrder, about].map((tree) => tree.writesToClear()));
      return { writes: writes.flat(), gone: [] };
    });
  }

  async record(area: string, name: string): Promise<Uint8Array | undefined> {
    const key = await this.#recordKey(area, name);
    const [row] = await this.#engine.range({ from: key, to: `${key}~`, limit: 1 });
    return row && (await this.#openRecord(...row))[1];
  }

  async records(area: string): Promise<ReadonlyMap<string, Uint8Array>> {
    const prefix = `n${await this.#keys.name(`area ${area}`)}/`;
    const rows = await this.#engine.range({ from: prefix, to: `${prefix}~` });
    return new Map(await Promise.all(rows.map((row) => this.#openRecord(...row))));
  }

  /** Nothing is read before: the next one does not wait for this to be written, only for its place behind it. */
  async setRecords(area: string, values: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    if (this.#isWiped) return;
    const sealed = this.#afterOthers(RECORDS, async () => {
      const writes = await Promise.all([...values].map(([name, value]) => this.#recordWrite(area, name, value)));
      return { written: this.#writes.write(writes) };
    });
    await (await sealed).written;
  }

  async wipe(): Promise<void> {
    this.#isWiped = true;
    await this.#settled();
    await this.#engine.wipe();
  }

  async close(): Promise<void> {
    await this.#settled();
    await this.#engine.close();
  }

  /** What is put while the last change ends is waited for too. */
  async #settled(): Promise<void> {
    while (this.#changes.size > 0) await Promise.allSettled(this.#changes.values());
    await this.#writes.settled();
  }

  /** One after the other in each conversation: two changes of one block must not take each other's place. */
  async #change(
    conversation: ConversationId,
    change: (trees: Trees) => Promise<Changed>,
  ): Promise<readonly OpenedEvent[]> {
    if (this.#isWiped) return [];
    return this.#afterOthers(conversation, async () => {
      const { writes, gone } = await change(await this.#trees(conversation));
      await this.#writes.write(writes);
      return gone;
    });
  }

  /** A failed one keeps nobody waiting. */
  #afterOthers<T>(of: ConversationId | typeof RECORDS, task: () => Promise<T>): Promise<T> {
    const done = (this.#changes.get(of) ?? Promise.resolve()).then(task);
    const settled: Promise<unknown> = Promise.allSettled([done]).finally(() => {
      if (this.#changes.get(of) === settled) this.#changes.delete(of);
    });
    this.#changes.set(of, settled);
    return done;
  }

  async #recordWrite(area: string, name: string, value: Uint8Array | undefined): Promise<CacheWrite> {
    const key = await this.#recordKey(area, name);
    return value ? { put: key, value: await this.#keys.seal(key, encodeItem([name, value])) } : { delete: key };
  }

  async #trees(conversation: ConversationId): Promise<Trees> {
    const name = await this.#keys.name(`conversation ${conversation}`);
    const tree = (kind: string) => new BlockTree(this.#engine, this.#keys, `${kind}${name}/`);
    return { inOrder: tree('e'), about: tree('a') };
  }

  async #recordKey(area: string, name: string): Promise<string> {
    return `n${await this.#keys.name(`area ${area}`)}/${await this.#keys.name(`record ${area} ${name}`)}`;
  }

  async #openRecord(key: string, value: Uint8Array): Promise<readonly [string, Uint8Array]> {
    const opened = await this.#keys.open(key, value);
    try {
      const fields = new Fields(decodeStrict(opened, MAX_RECORD), 'record', 2);
      return [fields.text(MAX_NAME), fields.bytes(MAX_RECORD)];
    } catch (cause) {
      throw damaged(cause);
    }
  }
}
