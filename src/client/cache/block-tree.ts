// Many small entries in order, kept in sealed blocks of about a hundred: one row for each would be twenty times slower.
//
// A block lies under `prefix + the position of its first entry` (the first block of a tree: under the prefix alone) and holds what
// stands from there up to the next block. So the engine's order is the only index, and nothing can disagree with it. Positions
// are lower-case hexadecimal. Block = sealed cbor [[position, entry], …], ascending.
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type CacheKeys, damaged } from './cache-secret.ts';
import type { CacheEngine, CacheWrite } from './engine.ts';

/** Entries of a block as it is made; beyond twice as many, or twice the bytes, it is divided. */
const BLOCK_ENTRIES = 100;
const BLOCK_BYTES = 256 * 1024;
/** Bytes of one entry: a body (64 KiB) and its surroundings. */
const MAX_ENTRY = 96 * 1024;
const MAX_BLOCK = 2 * BLOCK_BYTES + 2 * MAX_ENTRY;
const MAX_POSITION = 128;
/** Sorts behind every hexadecimal digit. */
const BEHIND = '~';
/** Sorts before every hexadecimal digit. */
const NEXT = ' ';

export interface Entry {
  readonly position: string;
  readonly bytes: Uint8Array;
}

/** What becomes of an entry that is there already. */
export type Merge = (known: Uint8Array, fresh: Uint8Array) => Uint8Array;

/** Without bytes: it goes. */
interface Change {
  readonly position: string;
  readonly bytes?: Uint8Array;
}

interface Block {
  readonly key: string;
  /** The key of the next block, or what sorts behind all of this tree. */
  readonly end: string;
  readonly entries: Map<string, Uint8Array>;
}

export class BlockTree {
  readonly #engine: CacheEngine;
  readonly #keys: CacheKeys;
  readonly #prefix: string;

  constructor(engine: CacheEngine, keys: CacheKeys, prefix: string) {
    this.#engine = engine;
    this.#keys = keys;
    this.#prefix = prefix;
  }

  /**
   * What must be written for these entries to be in the tree, and for the other positions to be empty. Of one tree only one such change
   * may be under way.
   */
  async writesFor(
    entries: readonly Entry[],
    merge: Merge,
    without: readonly string[] = [],
  ): Promise<readonly CacheWrite[]> {
    const writes: CacheWrite[] = [];
    let block: Block | undefined;
    const changes: Change[] = [...without.map((position) => ({ position })), ...entries];
    for (const { position, bytes } of changes.sort((a, b) => (a.position < b.position ? -1 : 1))) {
      if (!block || this.#prefix + position >= block.end) {
        if (block) writes.push(...(await this.#written(block)));
        block = await this.#covering(position);
      }
      const known = block.entries.get(position);
      if (!bytes) block.entries.delete(position);
      else block.entries.set(position, known ? merge(known, bytes) : bytes);
    }
    if (block) writes.push(...(await this.#written(block)));
    return writes;
  }

  /** What must be written for these positions to be empty. */
  writesWithout(positions: readonly string[]): Promise<readonly CacheWrite[]> {
    return this.writesFor([], (known) => known, positions);
  }

  /** Newest first: at most `limit` entries below `before`, or the last ones. */
  async below(before: string | undefined, limit: number): Promise<readonly Entry[]> {
    const entries: Entry[] = [];
    let to = this.#prefix + (before ?? BEHIND);
    while (entries.length < limit) {
      const [row] = await this.#engine.range({ from: this.#prefix, to, reverse: true, limit: 1 });
      if (!row) break;
      const block = await this.#opened(row[0], row[1], to);
      for (const [position, bytes] of [...block.entries].toReversed()) {
        if (entries.length < limit && (before === undefined || position < before)) entries.push({ position, bytes });
      }
      to = block.key;
    }
    return entries;
  }

  /** Every entry whose position begins with one of these. */
  async beginningWith(beginnings: Iterable<string>): Promise<readonly Entry[]> {
    const found: Entry[] = [];
    let block: Block | undefined;
    for (const beginning of [...new Set(beginnings)].sort()) {
      const gather = ({ entries }: Block) => {
        for (const [position, bytes] of entries) if (position.startsWith(beginning)) found.push({ position, bytes });
      };
      if (!block || this.#prefix + beginning >= block.end) block = await this.#covering(beginning);
      gather(block);
      while (block.end < this.#prefix + beginning + BEHIND) {
        block = await this.#covering(block.end.slice(this.#prefix.length));
        gather(block);
      }
    }
    return found;
  }

  /**
   * From the last block on, every entry whose position ends with so many characters as one of these, until `isMeant` has taken so many as
   * there are: the whole tree where it does not.
   */
  async endingWith(endings: ReadonlySet<string>, isMeant: (entry: Entry) => boolean): Promise<readonly Entry[]> {
    const [length = 0] = [...endings].map((ending) => ending.length);
    const found: Entry[] = [];
    for (let to = this.#prefix + BEHIND; found.length < endings.size; ) {
      const [row] = await this.#engine.range({ from: this.#prefix, to, reverse: true, limit: 1 });
      if (!row) break;
      const block = await this.#opened(row[0], row[1], to);
      for (const [position, bytes] of [...block.entries].toReversed()) {
        if (endings.has(position.slice(-length)) && isMeant({ position, bytes })) found.push({ position, bytes });
      }
      to = block.key;
    }
    return found;
  }

  /** What must be written for the tree to be empty. */
  async writesToClear(): Promise<readonly CacheWrite[]> {
    const rows = await this.#engine.range({ from: this.#prefix, to: this.#prefix + BEHIND });
    return rows.map(([key]) => ({ delete: key }));
  }

  async #covering(position: string): Promise<Block> {
    const to = this.#prefix + position + NEXT;
    // between the key of the block and the position there is no other
    const [[row], [next]] = await Promise.all([
      this.#engine.range({ from: this.#prefix, to, reverse: true, limit: 1 }),
      this.#engine.range({ from: to, to: this.#prefix + BEHIND, limit: 1 }),
    ]);
    const key = row?.[0] ?? this.#prefix;
    const end = next?.[0] ?? this.#prefix + BEHIND;
    return row ? this.#opened(key, row[1], end) : { key, end, entries: new Map() };
  }

  async #opened(key: string, value: Uint8Array, end: string): Promise<Block> {
    const bytes = await this.#keys.open(key, value);
    try {
      const rows = new Fields([decodeStrict(bytes, MAX_BLOCK)], 'block').list(MAX_BLOCK);
      return { key, end, entries: new Map(rows.map(readEntry)) };
    } catch (cause) {
      throw damaged(cause);
    }
  }

  async #written({ key, entries }: Block): Promise<CacheWrite[]> {
    const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    if (sorted.length === 0) return [{ delete: key }];
    const writes = divided(sorted).map(async (part, at): Promise<CacheWrite> => {
      const row = at === 0 ? key : this.#prefix + (part[0]?.[0] ?? '');
      return { put: row, value: await this.#keys.seal(row, encodeItem(part)) };
    });
    return Promise.all(writes);
  }
}

type Row = readonly [position: string, bytes: Uint8Array];

function readEntry(item: unknown): Row {
  const fields = new Fields(item, 'entry', 2);
  return [fields.text(MAX_POSITION), fields.bytes(MAX_ENTRY)];
}

/** As it is while it is small enough, else in parts of the size that a block is made with. */
function divided(rows: readonly Row[]): readonly (readonly Row[])[] {
  if (rows.length <= 2 * BLOCK_ENTRIES && sizeOf(rows) <= 2 * BLOCK_BYTES) return [rows];
  const parts: Row[][] = [];
  let part: Row[] = [];
  let size = 0;
  for (const row of rows) {
    if (part.length > 0 && (part.length >= BLOCK_ENTRIES || size + row[1].length > BLOCK_BYTES)) {
      parts.push(part);
      [part, size] = [[], 0];
    }
    part.push(row);
    size += row[1].length;
  }
  parts.push(part);
  return parts;
}

function sizeOf(rows: readonly Row[]): number {
  return rows.reduce((sum, [, bytes]) => sum + bytes.length, 0);
}
