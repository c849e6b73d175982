// The chains that this node holds, its own and those it follows, and their heads.
//
//   ('ledger', realm, chain, 'entry', n)           the signed entry
//   ('ledger', realm, chain, 'key', n)             empty: entry n introduces a key
//   ('ledger', realm, chain, 'snapshot', n)        empty: entry n is a snapshot
//   ('ledger', realm, chain, 'base')               [n]: the following began at that snapshot; entries below it but for the key in
//                                                  force are not here, rows are
//   ('ledger', realm, chain, 'row', n)             a row of that snapshot
//   ('ledger', realm, chain, 'size')               [bytes of all entries]
//   ('ledger', realm, chain, 'orphan', n, hash)    an entry whose number a higher incarnation has used again
//   ('ledger', realm, chain, 'rewound', inc.)      [begins, was]: entries from `begins` to `was` gave way to that incarnation
//
// Write, then announce: listeners hear of what is on disk. What else must become durable together with an entry goes into the
// same commit.
import { equals } from 'uint8arrays/equals';
import { LocalError, RefusedError } from '../../realm/errors.ts';
import { parseRealmName } from '../../realm/names.ts';
import type { Database } from '../../store/database.ts';
import type { KeyRange, Write } from '../../store/engine.ts';
import { between, key, parseKey, under } from '../../store/keys.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';
import { type ChainId, chainName, decodeSigned, type Fact, type SignedEntry } from './entry.ts';
import { KEY } from './kinds.ts';
import type { CheckChain } from './leaf-key.ts';
import { decodeRow, SNAPSHOT } from './snapshot.ts';
import { emptyHead, type Head, type HeadKey, introducedKey } from './verify.ts';

export type FactsListener = (id: ChainId, facts: readonly Fact[]) => void;

/** A higher incarnation has used numbers again: entries that were here do not count any more. */
export interface Rewind {
  readonly id: ChainId;
  readonly incarnation: number;
  /** The number with which it begins, and the last one that was here. */
  readonly begins: number;
  readonly was: number;
}
export type RewindListener = (rewind: Rewind) => void;

export interface LedgerStoreComponents {
  readonly database: Database;
  readonly checkChain: CheckChain;
}

const ROOT = 'ledger';
const MARKED: Readonly<Record<string, string>> = { [KEY]: 'key', [SNAPSHOT]: 'snapshot' };

function entryKey({ realm, chain }: ChainId, n: number): Uint8Array {
  return key(ROOT, realm, chain, 'entry', n);
}

const number = (bytes: Uint8Array): number => decodeFields(bytes, 'number', (reader) => reader.number());

export class LedgerStore {
  readonly #database: Database;
  readonly checkChain: CheckChain;
  readonly #heads = new Map<string, Head>();
  readonly #listeners = new Set<FactsListener>();
  readonly #rewindListeners = new Set<RewindListener>();

  constructor({ database, checkChain }: LedgerStoreComponents) {
    this.#database = database;
    this.checkChain = checkChain;
  }

  /** From memory after the first call; nothing is remembered of chains that are not here, whose names anybody may make up. */
  async head(id: ChainId): Promise<Head> {
    const name = chainName(id);
    const known = this.#heads.get(name);
    if (known) return known;
    const loaded = await this.#loadHead(id);
    // A commit may have come first while this read.
    const head = this.#heads.get(name) ?? loaded;
    if (head.n > 0) this.#heads.set(name, head);
    return head;
  }

  /** All chains that have something here. */
  async chains(): Promise<ChainId[]> {
    const found: ChainId[] = [];
    const all = under(ROOT);
    for (let gte = all.gte; ; ) {
      const next = await this.#chainFrom({ gte, lt: all.lt });
      if (!next) return found;
      found.push(next);
      gte = under(ROOT, next.realm, next.chain).lt;
    }
  }

  async get(id: ChainId, n: number): Promise<SignedEntry | undefined> {
    const bytes = await this.#database.get(entryKey(id, n));
    return bytes && decodeSigned(bytes);
  }

  /** What a chain is compared by; from memory at its end, which is what others ask about. */
  async linkAt(id: ChainId, n: number): Promise<Pick<Head, 'hash' | 'incarnation'> | undefined> {
    const head = await this.head(id);
    if (n === head.n && n > 0) return head;
    const signed = await this.get(id, n);
    return signed && { hash: signed.hash, incarnation: signed.entry.incarnation };
  }

  /** The first number from which on all entries are here: 1, or that of the snapshot with which the following began. */
  async base({ realm, chain }: ChainId): Promise<number> {
    const bytes = await this.#database.get(key(ROOT, realm, chain, 'base'));
    return bytes ? number(bytes) : 1;
  }

  /** Signed entries from number `from` on, as many as fit into `maxBytes` but at least one if there is one. */
  async read(id: ChainId, from: number, limit: number, maxBytes: number): Promise<Uint8Array[]> {
    const out: Uint8Array[] = [];
    let size = 0;
    for await (const [, bytes] of this.#database.iterate({ ...this.#entries(id, from), limit })) {
      size += bytes.length;
      if (out.length > 0 && size > maxBytes) break;
      out.push(bytes);
    }
    return out;
  }

  async *entries(id: ChainId, from = 1): AsyncIterable<SignedEntry> {
    for await (const [, bytes] of this.#database.iterate(this.#entries(id, from))) yield decodeSigned(bytes);
  }

  /** What the chain says below number `end`: the rows of the snapshot with which it began, then its entries. */
  async *facts(id: ChainId, end = Number.MAX_SAFE_INTEGER): AsyncIterable<Fact> {
    for await (const [, row] of this.#database.iterate(under(ROOT, id.realm, id.chain, 'row')))
      yield decodeRow(id, row);
    const base = await this.base(id);
    for await (const [, bytes] of this.#database.iterate(this.#entries(id, base, end))) yield decodeSigned(bytes).entry;
  }

  /** What the chain has said under numbers that a higher incarnation has used again. */
  async *orphans({ realm, chain }: ChainId): AsyncIterable<Fact> {
    for await (const [, bytes] of this.#database.iterate(under(ROOT, realm, chain, 'orphan')))
      yield decodeSigned(bytes).entry;
  }

  /** The number of the newest snapshot entry below `end`, if any. */
  async snapshotAt(id: ChainId, end?: number): Promise<number | undefined> {
    for await (const n of this.#marks(id, 'snapshot', end)) return n;
    return undefined;
  }

  /** Stores entries that `head` is the end of, from the head before them on. @throws LocalError `ledger-moved`, `disk-full` */
  async commit(
    before: Head,
    head: Head,
    entries: readonly SignedEntry[],
    writes: readonly Write[] = [],
  ): Promise<void> {
    await this.#commit(before, head, [...entries.flatMap(writesOf), ...writes]);
    this.#announce(
      head.id,
      entries.map(({ entry }) => entry),
    );
  }

  /**
   * Begins a chain at a snapshot: entries of keys, the rows, the snapshot's own entry, which `head` is. What was here before is
   * kept aside; `begins` is the first number of the incarnation for which it gives way.
   */
  async begin(
    before: Head,
    head: Head,
    entries: readonly SignedEntry[],
    rows: readonly Uint8Array[],
    begins = 1,
  ): Promise<void> {
    const { id } = head;
    const given = before.n > 0 ? await this.#giveUp(id, 1) : [];
    const rewind = { id, incarnation: head.incarnation, begins, was: before.n };
    const facts = rows.map((row) => decodeRow(id, row));
    const base = key(ROOT, id.realm, id.chain, 'base');
    const writes = rows.map((row, i): Write => {
      return { type: 'put', key: key(ROOT, id.realm, id.chain, 'row', facts[i]?.n ?? 0), value: row };
    });
    const begun: Write = { type: 'put', key: base, value: encodeFields([head.n]) };
    const marks = before.n > 0 ? [rewoundWrite(rewind)] : [];
    await this.#commit(before, head, [...given, ...marks, ...entries.flatMap(writesOf), ...writes, begun]);
    if (before.n > 0) for (const listener of this.#rewindListeners) listener(rewind);
    this.#announce(id, [...facts, ...entries.map(({ entry }) => entry)]);
  }

  /** Gives up the entries after `head`, whose numbers that higher incarnation uses again; they are kept aside. */
  async rewind(before: Head, head: Head, incarnation: number): Promise<void> {
    const { id } = head;
    const rewind = { id, incarnation, begins: head.n + 1, was: before.n };
    await this.#commit(before, head, [...(await this.#giveUp(id, head.n + 1)), rewoundWrite(rewind)]);
    for (const listener of this.#rewindListeners) listener(rewind);
  }

  /** All that ever happened to the chain here. */
  async rewinds(id: ChainId): Promise<Rewind[]> {
    const found: Rewind[] = [];
    for await (const [at, bytes] of this.#database.iterate(under(ROOT, id.realm, id.chain, 'rewound'))) {
      const said = decodeFields(bytes, 'rewind', (reader) => ({ begins: reader.number(), was: reader.number() }));
      found.push({ id, incarnation: Number(parseKey(at).at(-1)), ...said });
    }
    return found;
  }

  /** Returns the unsubscriber. */
  onRewind(listener: RewindListener): () => void {
    this.#rewindListeners.add(listener);
    return () => this.#rewindListeners.delete(listener);
  }

  /** Entries from that number on are kept aside; from the first number on the rows go, too. */
  async #giveUp(id: ChainId, from: number): Promise<Write[]> {
    const { realm, chain } = id;
    const writes: Write[] = [];
    for await (const { entry, hash, bytes } of this.entries(id, from)) {
      writes.push({ type: 'put', key: key(ROOT, realm, chain, 'orphan', entry.n, hash), value: bytes });
      writes.push({ type: 'del', key: entryKey(id, entry.n) });
      const mark = MARKED[entry.kind];
      if (mark) writes.push({ type: 'del', key: key(ROOT, realm, chain, mark, entry.n) });
    }
    if (from > 1) return writes;
    for await (const [at] of this.#database.iterate(under(ROOT, realm, chain, 'row'))) {
      writes.push({ type: 'del', key: at });
    }
    return writes;
  }

  /** The head as it was at number `n`, which is not below the base. */
  async headAt(id: ChainId, n: number): Promise<Head> {
    const signed = await this.get(id, n);
    if (!signed) return emptyHead(id);
    const { entry, hash } = signed;
    const { size } = await this.head(id);
    const headKey = await this.keyBefore(id, n + 1);
    return { id, incarnation: entry.incarnation, n, hash, time: entry.time, key: headKey, size };
  }

  /** The key that was in force just before entry `n`; undefined, too, once it was revoked as of before its entry. */
  async keyBefore(id: ChainId, n: number): Promise<HeadKey | undefined> {
    const signed = await this.keyEntryBefore(id, n);
    return signed && standingKey(signed, this.checkChain);
  }

  async keyEntryBefore(id: ChainId, n: number): Promise<SignedEntry | undefined> {
    for await (const at of this.#marks(id, 'key', n)) return this.get(id, at);
    return undefined;
  }

  /** The entries that introduce keys, the newest first. */
  async *keyEntries(id: ChainId): AsyncIterable<SignedEntry> {
    for await (const at of this.#marks(id, 'key')) {
      const signed = await this.get(id, at);
      if (signed) yield signed;
    }
  }

  /** Returns the unsubscriber. */
  onFacts(listener: FactsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All listeners hear of it, whatever one of them makes of it. */
  #announce(id: ChainId, facts: readonly Fact[]): void {
    const failures: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener(id, facts);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async #commit(before: Head, head: Head, writes: readonly Write[]): Promise<void> {
    const { id } = head;
    if (!isSame(await this.head(id), before)) {
      throw new LocalError('ledger-moved', `The ${id.chain} chain of ${id.realm} has grown meanwhile`);
    }
    const size: Write = { type: 'put', key: key(ROOT, id.realm, id.chain, 'size'), value: encodeFields([head.size]) };
    // Nobody sees what is being written before it is durable.
    this.#heads.set(chainName(id), before);
    await this.#database.commit([...writes, size]);
    this.#heads.set(chainName(id), head);
  }

  /** Numbers of marked entries below `end`, the highest first. */
  async *#marks({ realm, chain }: ChainId, mark: string, end?: number): AsyncIterable<number> {
    const range = between([ROOT, realm, chain, mark], 0, end);
    for await (const [at] of this.#database.iterate({ ...range, reverse: true })) yield Number(parseKey(at).at(-1));
  }

  async #chainFrom(range: KeyRange): Promise<ChainId | undefined> {
    for await (const [at] of this.#database.iterate({ ...range, limit: 1 })) {
      const [, realm, chain] = parseKey(at);
      return { realm: parseRealmName(String(realm)), chain: chain === 'network' ? 'network' : 'directory' };
    }
    return undefined;
  }

  #entries({ realm, chain }: ChainId, from: number, end?: number) {
    return between([ROOT, realm, chain, 'entry'], from, end);
  }

  async #loadHead(id: ChainId): Promise<Head> {
    for await (const [, bytes] of this.#database.iterate({ ...this.#entries(id, 1), reverse: true, limit: 1 })) {
      const { entry, hash } = decodeSigned(bytes);
      const headKey = await this.keyBefore(id, entry.n + 1);
      const size = await this.#loadSize(id);
      return { id, incarnation: entry.incarnation, n: entry.n, hash, time: entry.time, key: headKey, size };
    }
    return emptyHead(id);
  }

  /** A chain of an earlier release has no size yet: it is counted once. */
  async #loadSize(id: ChainId): Promise<number> {
    const stored = await this.#database.get(key(ROOT, id.realm, id.chain, 'size'));
    if (stored) return number(stored);
    let size = 0;
    for await (const [, bytes] of this.#database.iterate(this.#entries(id, 1))) size += bytes.length;
    return size;
  }
}

/** What is on disk has stood once: that its key does so no more makes nobody unable to read the chain. */
export async function standingKey({ entry }: SignedEntry, check: CheckChain): Promise<HeadKey | undefined> {
  try {
    return await introducedKey(entry, check);
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

function isSame(a: Head, b: Head): boolean {
  return a.n === b.n && equals(a.hash, b.hash);
}

function rewoundWrite({ id, incarnation, begins, was }: Rewind): Write {
  const at = key(ROOT, id.realm, id.chain, 'rewound', incarnation);
  return { type: 'put', key: at, value: encodeFields([begins, was]) };
}

function writesOf({ entry, bytes }: SignedEntry): Write[] {
  const put: Write = { type: 'put', key: entryKey(entry, entry.n), value: bytes };
  const mark = MARKED[entry.kind];
  if (!mark) return [put];
  return [put, { type: 'put', key: key(ROOT, entry.realm, entry.chain, mark, entry.n), value: new Uint8Array() }];
}
