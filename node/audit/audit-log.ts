// The audit log in the node's database.
//
//   ('audit', 'record', n)  a record, n from 1 without a gap
//   ('audit', 'head')       [n, hash] of the newest, so that a cut-off end shows
//
// Whoever can write the database can also write a whole new chain; that the head becomes an entry of the ledger, where others
// countersign it, is the step that closes this.
import { equals } from 'uint8arrays/equals';
import type { Clock } from '../../src/realm/clock.ts';
import { InputError } from '../../src/realm/errors.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { Gather } from '../../src/store/gather.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';
import type { Audit, AuditEvent, AuditRecord, AuditVerdict } from './audit.ts';
import { decodeRecord, encodeRecord, hashOf, NO_HASH, recordOf } from './audit-record.ts';

export interface AuditComponents {
  readonly database: Database;
  readonly clock: Pick<Clock, 'now'>;
}

interface AuditHead {
  readonly n: number;
  readonly hash: Uint8Array;
}

const RECORDS = ['audit', 'record'] as const;
const HEAD = key('audit', 'head');
const EMPTY: AuditHead = { n: 0, hash: NO_HASH };
const MAX_GROUP = 256;
const MAX_TAIL = 10_000;

function decodeHead(bytes: Uint8Array): AuditHead {
  return decodeFields(bytes, 'audit head', (reader) => ({ n: reader.number(), hash: reader.bytes(32, 32) }));
}

export class AuditLog implements Audit {
  readonly #parts: AuditComponents;
  readonly #events: Gather<AuditEvent>;
  #head: AuditHead | undefined;

  constructor(components: AuditComponents) {
    this.#parts = components;
    this.#events = new Gather((events) => this.#append(events), MAX_GROUP);
  }

  record(event: AuditEvent): Promise<void> {
    return this.#events.add(event);
  }

  async tail(limit: number): Promise<AuditRecord[]> {
    const range = { ...under(...RECORDS), reverse: true, limit: Math.min(limit, MAX_TAIL) };
    const records: AuditRecord[] = [];
    for await (const [, bytes] of this.#parts.database.iterate(range)) records.unshift(decodeRecord(bytes).record);
    return records;
  }

  async verify(): Promise<AuditVerdict> {
    const view = this.#parts.database.snapshot();
    try {
      const stored = await view.get(HEAD);
      const head = stored ? decodeHead(stored) : EMPTY;
      let at = EMPTY;
      for await (const [rowKey, bytes] of view.iterate(under(...RECORDS))) {
        const next = judge(at, rowKey, bytes);
        if (typeof next === 'string') return { kind: 'damaged', at: at.n + 1, why: next };
        at = next;
      }
      if (at.n !== head.n) return { kind: 'damaged', at: at.n + 1, why: 'cut-off' };
      return equals(at.hash, head.hash)
        ? { kind: 'whole', count: at.n }
        : { kind: 'damaged', at: at.n, why: 'altered' };
    } finally {
      await view.close();
    }
  }

  async #append(events: readonly AuditEvent[]): Promise<void> {
    const { database, clock } = this.#parts;
    let head = this.#head ?? (await this.#loadHead());
    const writes: Write[] = [];
    for (const event of events) {
      const n = head.n + 1;
      const value = encodeRecord({ record: recordOf(event, n, clock.now()), previous: head.hash });
      writes.push({ type: 'put', key: key(...RECORDS, n), value });
      head = { n, hash: hashOf(value) };
    }
    writes.push({ type: 'put', key: HEAD, value: encodeFields([head.n, head.hash]) });
    await database.commit(writes);
    this.#head = head;
  }

  async #loadHead(): Promise<AuditHead> {
    const stored = await this.#parts.database.get(HEAD);
    return stored ? decodeHead(stored) : EMPTY;
  }
}

/** The head after a record, or what is wrong with it. A record that was altered shows at the one after it. */
function judge(
  before: AuditHead,
  rowKey: Uint8Array,
  bytes: Uint8Array,
): AuditHead | 'missing' | 'altered' | 'unreadable' {
  try {
    const { record, previous } = decodeRecord(bytes);
    const n = parseKey(rowKey).at(-1);
    if (n !== before.n + 1) return 'missing';
    if (record.n !== n || !equals(previous, before.hash)) return 'altered';
    return { n, hash: hashOf(bytes) };
  } catch (error) {
    if (error instanceof InputError) return 'unreadable';
    throw error;
  }
}
