// The chains that this node holds, its own and those it follows, and their heads.
//
//   ('ledger', realm, chain, 'entry', n)  the signed entry
//   ('ledger', realm, chain, 'key', n)    empty: entry n introduces a key
//   ('ledger', realm, chain, 'fraud', n)  [our signed entry, the other one]: two entries for one number, both signed
//
// Write, then announce: listeners hear of entries that are on disk. What else must become durable together with an entry goes
// into the same commit.
import { LocalError } from '../../realm/errors.ts';
import { parseRealmName } from '../../realm/names.ts';
import type { Database } from '../../store/database.ts';
import type { KeyRange, Write } from '../../store/engine.ts';
import { between, key, parseKey, under } from '../../store/keys.ts';
import { encodeFields } from '../../store/positional.ts';
import { type ChainId, decodeSigned, type SignedEntry } from './entry.ts';
import { KEY } from './kinds.ts';
import { type CheckChain, emptyHead, type Head, type HeadKey, introducedKey } from './verify.ts';

export type EntriesListener = (id: ChainId, entries: readonly SignedEntry[]) => void;

export interface LedgerStoreComponents {
  readonly database: Database;
  readonly checkChain: CheckChain;
}

const ROOT = 'ledger';

function entryKey({ realm, chain }: ChainId, n: number): Uint8Array {
  return key(ROOT, realm, chain, 'entry', n);
}

export class LedgerStore {
  readonly #database: Database;
  readonly checkChain: CheckChain;
  readonly #heads = new Map<string, Head>();
  readonly #listeners = new Set<EntriesListener>();

  constructor({ database, checkChain }: LedgerStoreComponents) {
    this.#database = database;
    this.checkChain = checkChain;
  }

  /** From memory after the first call. */
  async head(id: ChainId): Promise<Head> {
    const name = `${id.realm}/${id.chain}`;
    const known = this.#heads.get(name);
    if (known) return known;
    const loaded = await this.#loadHead(id);
    // A commit may have come first while this read.
    const head = this.#heads.get(name) ?? loaded;
    this.#heads.set(name, head);
    return head;
  }

  /** All chains that have an entry here. */
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

  async *entries(id: ChainId): AsyncIterable<SignedEntry> {
    for await (const [, bytes] of this.#database.iterate(this.#entries(id, 1))) yield decodeSigned(bytes);
  }

  /** Stores entries that `head` is the end of, from the head before them on. @throws LocalError `ledger-moved`, `disk-full` */
  async commit(
    before: Head,
    head: Head,
    entries: readonly SignedEntry[],
    writes: readonly Write[] = [],
  ): Promise<void> {
    const { id } = head;
    if ((await this.head(id)) !== before) {
      throw new LocalError('ledger-moved', `The ${id.chain} chain of ${id.realm} has grown meanwhile`);
    }
    await this.#database.commit([...entries.flatMap((signed) => this.#writesOf(signed)), ...writes]);
    this.#heads.set(`${id.realm}/${id.chain}`, head);
    for (const listener of this.#listeners) listener(id, entries);
  }

  /** The key that was in force just before entry `n`. */
  async keyBefore(id: ChainId, n: number): Promise<HeadKey | undefined> {
    const range = { ...between([ROOT, id.realm, id.chain, 'key'], 0, n), reverse: true, limit: 1 };
    for await (const [at] of this.#database.iterate(range)) {
      const signed = await this.get(id, Number(parseKey(at).at(-1)));
      if (signed) return introducedKey(signed.entry, this.checkChain);
    }
    return undefined;
  }

  async recordFraud(ours: SignedEntry, theirs: SignedEntry): Promise<void> {
    const { realm, chain, n } = ours.entry;
    const value = encodeFields([ours.bytes, theirs.bytes]);
    await this.#database.commit([{ type: 'put', key: key(ROOT, realm, chain, 'fraud', n), value }]);
  }

  /** The number for which two signed entries are kept, if any. */
  async fraudAt({ realm, chain }: ChainId): Promise<number | undefined> {
    for await (const [at] of this.#database.iterate({ ...under(ROOT, realm, chain, 'fraud'), limit: 1 })) {
      return Number(parseKey(at).at(-1));
    }
    return undefined;
  }

  /** Returns the unsubscriber. */
  onEntries(listener: EntriesListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #chainFrom(range: KeyRange): Promise<ChainId | undefined> {
    for await (const [at] of this.#database.iterate({ ...range, limit: 1 })) {
      const [, realm, chain] = parseKey(at);
      return { realm: parseRealmName(String(realm)), chain: chain === 'network' ? 'network' : 'directory' };
    }
    return undefined;
  }

  #entries({ realm, chain }: ChainId, from: number) {
    return between([ROOT, realm, chain, 'entry'], from);
  }

  #writesOf({ entry, bytes }: SignedEntry): Write[] {
    const put: Write = { type: 'put', key: entryKey(entry, entry.n), value: bytes };
    if (entry.kind !== KEY) return [put];
    const mark = key(ROOT, entry.realm, entry.chain, 'key', entry.n);
    return [put, { type: 'put', key: mark, value: new Uint8Array() }];
  }

  async #loadHead(id: ChainId): Promise<Head> {
    for await (const [, bytes] of this.#database.iterate({ ...this.#entries(id, 1), reverse: true, limit: 1 })) {
      const { entry, hash } = decodeSigned(bytes);
      const headKey = await this.keyBefore(id, entry.n + 1);
      return { id, incarnation: entry.incarnation, n: entry.n, hash, time: entry.time, key: headKey };
    }
    return emptyHead(id);
  }
}
