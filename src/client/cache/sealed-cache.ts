// The cache over any engine; cache.ts has the layout and the promises.
import { sha256 } from '@noble/hashes/sha2.js';
import { toString } from 'uint8arrays/to-string';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type ConversationId, idBytes } from '../../realm/ids.ts';
import { type RandomBytes, systemRandom } from '../../realm/random.ts';
import {
  erased,
  isErased,
  laterState,
  type OpenedEvent,
  type Receipt,
  type SystemLine,
  unhidden,
} from '../timeline/events.ts';
import { BlockTree, type Entry } from './block-tree.ts';
import { type Additions, bare, type CachedPage, type ClientCache, type Place, placeAt, placeOf } from './cache.ts';
import { CacheKeys, type CacheSecret, damaged } from './cache-secret.ts';
import { type Cached, decodeCached, encodeCached, RECEIPTS } from './cached-forms.ts';
import type { CacheEngine, CacheWrite } from './engine.ts';

/** What is about the conversation and not about one event. */
const WHOLE = '0'.repeat(32);
const MAX_NAME = 512;
/** Bytes of one record: a segment of the search index. */
const MAX_RECORD = 16 * 1024 * 1024;
const utf8 = new TextEncoder();

export interface SealedCacheComponents {
  readonly engine: CacheEngine;
  readonly secret: CacheSecret;
  readonly random?: RandomBytes;
}

export class SealedCache implements ClientCache {
  readonly #engine: CacheEngine;
  readonly #keys: CacheKeys;
  #changes: Promise<unknown> = Promise.resolve();

  private constructor(engine: CacheEngine, keys: CacheKeys) {
    this.#engine = engine;
    this.#keys = keys;
  }

  static async open({ engine, secret, random = systemRandom }: SealedCacheComponents): Promise<SealedCache> {
    return new SealedCache(engine, await CacheKeys.of(secret, random));
  }

  put(conversation: ConversationId, { events = [], receipts = [], lines = [] }: Additions): Promise<void> {
    return this.#change(async () => {
      const [inOrder, about] = await this.#trees(conversation);
      const ordered = [...events.flatMap(orderedEntry), ...lines.map(lineEntry)];
      const related = [...events.flatMap(aboutEntries), ...receipts.map(receiptEntry)];
      return [...(await inOrder.writesFor(ordered, better)), ...(await about.writesFor(related, better))];
    });
  }

  async page(conversation: ConversationId, { before, limit }: { before?: Place; limit: number }): Promise<CachedPage> {
    const [inOrder, about] = await this.#trees(conversation);
    const entries = await inOrder.below(before, limit);
    const cached = entries.map(read);
    const events = cached.flatMap((one) => (one.kind === 'event' ? [one.event] : []));
    const lines = cached.flatMap((one) => (one.kind === 'line' ? [one.line] : []));
    const related = (await about.beginningWith([WHOLE, ...events.map((event) => bare(event.id))])).map(read);
    const last = entries.length === limit ? entries.at(-1) : undefined;
    return {
      events,
      lines,
      about: related.flatMap((one) => (one.kind === 'event' ? [one.event] : [])),
      receipts: related.flatMap((one) => (one.kind === 'receipt' ? [one.receipt] : [])),
      ...(last && { before: last.position }),
    };
  }

  async at(conversation: ConversationId, place: Place): Promise<OpenedEvent | undefined> {
    const [inOrder] = await this.#trees(conversation);
    const [entry] = await inOrder.beginningWith([place]);
    const cached = entry && read(entry);
    return cached?.kind === 'event' ? cached.event : undefined;
  }

  remove(conversation: ConversationId, events: readonly Pick<OpenedEvent, 'id' | 'stamp'>[]): Promise<void> {
    return this.#change(async () => {
      const [inOrder, about] = await this.#trees(conversation);
      const places = events.flatMap((event) => placeOf(event) ?? []);
      const related = await about.beginningWith(events.map((event) => bare(event.id)));
      const positions = related.map((entry) => entry.position);
      return [...(await inOrder.writesWithout(places)), ...(await about.writesWithout(positions))];
    });
  }

  erase(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<void> {
    return this.#change(async () => {
      const [inOrder, about] = await this.#trees(conversation);
      const related = await about.beginningWith(events.map((event) => bare(event.id)));
      const added = [...related.filter((entry) => !outlives(read(entry))), ...events.flatMap(aboutEntries)];
      const stubs = events.flatMap((event) => orderedEntry(erased(event)));
      const positions = added.map((entry) => entry.position);
      return [...(await inOrder.writesFor(stubs, better)), ...(await about.writesWithout(positions))];
    });
  }

  clear(conversation: ConversationId): Promise<void> {
    return this.#change(async () => {
      const trees = await this.#trees(conversation);
      return (await Promise.all(trees.map((tree) => tree.writesToClear()))).flat();
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

  setRecords(area: string, values: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    return this.#change(() =>
      Promise.all(
        [...values].map(async ([name, value]): Promise<CacheWrite> => {
          const key = await this.#recordKey(area, name);
          return value ? { put: key, value: await this.#keys.seal(key, encodeItem([name, value])) } : { delete: key };
        }),
      ),
    );
  }

  async wipe(): Promise<void> {
    await this.#changes.catch(() => {});
    await this.#engine.wipe();
  }

  async close(): Promise<void> {
    await this.#changes.catch(() => {});
    await this.#engine.close();
  }

  /** One after the other: two changes of one block must not take each other's place. A failed one keeps nobody waiting. */
  #change(writes: () => Promise<readonly CacheWrite[]>): Promise<void> {
    const done = this.#changes.then(async () => this.#engine.write(await writes()));
    this.#changes = done.catch(() => {});
    return done;
  }

  async #trees(conversation: ConversationId): Promise<readonly [inOrder: BlockTree, about: BlockTree]> {
    const name = await this.#keys.name(`conversation ${conversation}`);
    const tree = (kind: string) => new BlockTree(this.#engine, this.#keys, `${kind}${name}/`);
    return [tree('e'), tree('a')];
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

function read({ bytes }: Entry): Cached {
  try {
    return decodeCached(bytes);
  } catch (cause) {
    throw damaged(cause);
  }
}

/** Whose deletion it was, and who had read it: neither says what it said. */
function outlives(cached: Cached): boolean {
  return cached.kind === 'receipt' || (cached.kind === 'event' && cached.event.content?.kind === 'delete');
}

function orderedEntry(event: OpenedEvent): Entry[] {
  const position = placeOf(event);
  return position === undefined ? [] : [{ position, bytes: encodeCached({ kind: 'event', event }) }];
}

/** Beside its place in the order: what it is about, so that it comes with its target however far away that stands. */
function aboutEntries(event: OpenedEvent): Entry[] {
  if (!event.stamp) return [];
  const bytes = encodeCached({ kind: 'event', event });
  return targetsOf(event).map((target) => ({ position: `${target}e${bare(event.id)}`, bytes }));
}

function targetsOf({ content }: OpenedEvent): readonly string[] {
  switch (content?.kind) {
    case 'edit':
    case 'reaction':
      return [bare(content.target)];
    case 'delete':
      return content.targets.map(bare);
    case 'pin':
      return [bare(content.target), WHOLE];
    case 'profile':
    case 'timer':
      return [WHOLE];
    default:
      return [];
  }
}

function receiptEntry(receipt: Receipt): Entry {
  const who = toString(idBytes(receipt.by), 'hex');
  const position = `${bare(receipt.id)}f${who}${RECEIPTS.indexOf(receipt.state)}`;
  return { position, bytes: encodeCached({ kind: 'receipt', receipt }) };
}

function lineEntry(line: SystemLine): Entry {
  const id = toString(sha256(utf8.encode(line.id)), 'hex').slice(0, 32);
  return { position: placeAt(line.stamp, id), bytes: encodeCached({ kind: 'line', line }) };
}

/** Of two forms of one entry the one that says more. */
function better(known: Uint8Array, fresh: Uint8Array): Uint8Array {
  const [a, b] = [decodeCached(known), decodeCached(fresh)];
  if (a.kind === 'receipt' && b.kind === 'receipt') return a.receipt.at <= b.receipt.at ? known : fresh;
  if (a.kind !== 'event' || b.kind !== 'event') return known;
  const open = unhidden(a.event, b.event);
  if (open) return open === a.event ? known : fresh;
  const isFirst = isErased(a.event) || (!isErased(b.event) && (a.event.content || !b.event.content));
  const [event, other] = isFirst ? [a.event, b.event] : [b.event, a.event];
  const state = laterState(event.state, other.state);
  const arrivedAt = event.arrivedAt ?? other.arrivedAt;
  return encodeCached({ kind: 'event', event: { ...event, state, ...(arrivedAt !== undefined && { arrivedAt }) } });
}
