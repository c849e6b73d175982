// Vaults of the realm's own users, as their clients sealed them. This node reads the numbers of a head and nothing else.
//
//   ('vault', user id, 'state')                  [version 1, set, bytes of all records, head, wraps]
//   ('vault', user id, 'record', set, sequence)  a record
//   ('vault', user id, 'line', counter)          the line before a change, and the change's step (src/crypto/vault/line.ts)
//
// A set is a generation's records, named by the client that staged it; the state says which set counts. So a new generation is written
// beside the old one, and one commit changes over.

import { MAX_HEAD } from '../../src/crypto/vault/head.ts';
import { MAX_WRAPS_BYTES } from '../../src/crypto/vault/wraps.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { between, key, parseKey, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';

export interface StoredVault {
  readonly set: string;
  readonly bytes: number;
  readonly head: Uint8Array;
  readonly wraps: Uint8Array;
}

const VERSION = 1;
/** Changes that a device may have missed: years of them. */
const KEPT_LINE = 65_536;
const ROOT = 'vault';
const MAX_SET = 32;

export class VaultStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async get(user: UserId): Promise<StoredVault | undefined> {
    const bytes = await this.#database.get(key(ROOT, user, 'state'));
    return bytes && decodeStored(bytes);
  }

  put(user: UserId, { set, bytes, head, wraps }: StoredVault): Write {
    return { type: 'put', key: key(ROOT, user, 'state'), value: encodeFields([VERSION, set, bytes, head, wraps]) };
  }

  putRecords(user: UserId, set: string, first: number, records: readonly Uint8Array[]): Write[] {
    return records.map((value, at) => ({ type: 'put', key: key(ROOT, user, 'record', set, first + at), value }));
  }

  /** Records of a set after a sequence, as many as fit. */
  async records(user: UserId, set: string, after: number, most: number, maxBytes: number): Promise<Uint8Array[]> {
    const found: Uint8Array[] = [];
    let size = 0;
    const range = between([ROOT, user, 'record', set], after + 1);
    for await (const [, record] of this.#database.iterate({ ...range, limit: most })) {
      size += record.length;
      if (found.length > 0 && size > maxBytes) break;
      found.push(record);
    }
    return found;
  }

  /** Rows of the line, the first of the change with this counter; with what goes because it is too old. */
  putLine(user: UserId, first: number, rows: readonly Uint8Array[]): Write[] {
    return rows.flatMap((value, index): Write[] => {
      const counter = first + index;
      const put: Write = { type: 'put', key: key(ROOT, user, 'line', counter), value };
      return counter > KEPT_LINE ? [put, { type: 'del', key: key(ROOT, user, 'line', counter - KEPT_LINE) }] : [put];
    });
  }

  /** Rows of the changes after a counter. */
  async line(user: UserId, after: number, most: number): Promise<Uint8Array[]> {
    const found: Uint8Array[] = [];
    const range = between([ROOT, user, 'line'], after + 1);
    for await (const [, row] of this.#database.iterate({ ...range, limit: most })) found.push(row);
    return found;
  }

  /** Number and bytes of the records of a set. */
  async measure(user: UserId, set: string): Promise<{ readonly count: number; readonly bytes: number }> {
    let count = 0;
    let bytes = 0;
    for await (const [, record] of this.#database.iterate(under(ROOT, user, 'record', set))) {
      count += 1;
      bytes += record.length;
    }
    return { count, bytes };
  }

  /** Erases every set but one. */
  async otherSets(user: UserId, set: string): Promise<Write[]> {
    const writes: Write[] = [];
    for await (const [rowKey] of this.#database.iterate(under(ROOT, user, 'record'))) {
      if (parseKey(rowKey)[3] !== set) writes.push({ type: 'del', key: rowKey });
    }
    return writes;
  }

  async eraseAll(user: UserId): Promise<Write[]> {
    const writes: Write[] = [];
    for await (const [rowKey] of this.#database.iterate(under(ROOT, user))) writes.push({ type: 'del', key: rowKey });
    return writes;
  }

  commit(writes: readonly Write[]): Promise<void> {
    return this.#database.commit(writes);
  }
}

function decodeStored(bytes: Uint8Array): StoredVault {
  return decodeFields(bytes, 'vault', (reader) => {
    reader.version(VERSION);
    return {
      set: reader.text(MAX_SET),
      bytes: reader.number(),
      head: reader.bytes(MAX_HEAD),
      wraps: reader.bytes(MAX_WRAPS_BYTES),
    };
  });
}
