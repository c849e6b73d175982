// The batches of one origin for one destination that this node holds, in the order in which they came: which of them waits,
// which is on its way to the next hop, which was taken there and awaits its settlement.
import type { RealmName } from '../../src/realm/names.ts';
import type { HeldRecord } from './custody-store.ts';
import type { Answer } from './hand-on.ts';
import { concernsFlow, declinedAfter, rehandAfter } from './retry-times.ts';

interface Entry {
  record: HeldRecord;
  /** Milliseconds since 1970; 0 for at once. */
  dueAt: number;
  hands: number;
  declines: number;
  busy: boolean;
}

export class HeldFlow {
  readonly origin: RealmName;
  readonly destination: RealmName;
  readonly next: RealmName;
  #entries: Entry[] = [];
  readonly #byBatch = new Map<string, Entry>();
  /** Where to look next: nothing before it is due until `#nextDue`. So a long backlog is not searched anew for each batch. */
  #from = 0;
  #nextDue = 0;
  #blockedUntil = 0;
  #blocks = 0;
  #code: string | undefined;

  constructor(origin: RealmName, destination: RealmName, next: RealmName) {
    this.origin = origin;
    this.destination = destination;
    this.next = next;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** When the first of what is held came; milliseconds since 1970. */
  get oldest(): number {
    return this.#entries[0]?.record.heldAt ?? Number.POSITIVE_INFINITY;
  }

  /** Why the next hop does not take what waits. */
  get code(): string | undefined {
    return this.#code;
  }

  records(): HeldRecord[] {
    return this.#entries.map((entry) => entry.record);
  }

  add(record: HeldRecord): void {
    const dueAt = record.passedAt === 0 ? 0 : record.passedAt + rehandAfter(0);
    const entry = { record, dueAt, hands: record.passedAt === 0 ? 0 : 1, declines: 0, busy: false };
    this.#entries.push(entry);
    this.#byBatch.set(batchOf(record), entry);
  }

  /** The batch that the number is in. */
  find(incarnation: number, n: number): HeldRecord | undefined {
    return this.#entries.find(
      ({ record }) => record.incarnation === incarnation && record.first <= n && n <= record.last,
    )?.record;
  }

  /** The first that is due, which is then on its way until `answered`. */
  take(now: number): HeldRecord | undefined {
    if (this.#blockedUntil > now) return undefined;
    if (now >= this.#nextDue) [this.#from, this.#nextDue] = [0, Number.POSITIVE_INFINITY];
    for (; this.#from < this.#entries.length; this.#from++) {
      const entry = this.#entries[this.#from];
      if (!entry || entry.busy) continue;
      if (entry.dueAt <= now) {
        entry.busy = true;
        return entry.record;
      }
      this.#nextDue = Math.min(this.#nextDue, entry.dueAt);
    }
    return undefined;
  }

  /** Returns the record as it is now; undefined when it has left meanwhile. */
  answered(record: HeldRecord, answer: Answer, now: number): HeldRecord | undefined {
    const entry = this.#byBatch.get(batchOf(record));
    if (!entry || entry.record !== record) return undefined;
    entry.busy = false;
    if (answer.kind === 'taken') {
      this.#code = undefined;
      this.#blocks = 0;
      entry.declines = 0;
      entry.dueAt = now + rehandAfter(entry.hands++);
      entry.record = { ...record, passedAt: record.passedAt || now };
    }
    if (answer.kind === 'declined') this.#declined(entry, answer.code, now);
    this.#nextDue = Math.min(this.#nextDue, entry.dueAt);
    return entry.record;
  }

  #declined(entry: Entry, code: string, now: number): void {
    this.#code = code;
    if (concernsFlow(code)) this.#blockedUntil = now + declinedAfter(this.#blocks++);
    else entry.dueAt = now + declinedAfter(entry.declines++);
  }

  /** Nothing keeps what waits from being offered again. */
  unblock(): void {
    this.#blockedUntil = 0;
    this.#blocks = 0;
  }

  /** Takes out what `isOver` says of; returns it. */
  drop(isOver: (record: HeldRecord) => boolean): HeldRecord[] {
    const over: HeldRecord[] = [];
    const left = this.#entries.filter(({ record }) => !isOver(record) || over.push(record) === 0);
    if (over.length === 0) return over;
    for (const record of over) this.#byBatch.delete(batchOf(record));
    [this.#entries, this.#nextDue] = [left, 0];
    return over;
  }
}

function batchOf({ incarnation, first, last }: HeldRecord): string {
  return `${incarnation}/${first}/${last}`;
}
