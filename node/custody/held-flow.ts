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

  /** Why the next hop does not take what waits. */
  get code(): string | undefined {
    return this.#code;
  }

  records(): HeldRecord[] {
    return this.#entries.map((entry) => entry.record);
  }

  add(record: HeldRecord): void {
    const dueAt = record.passedAt === 0 ? 0 : record.passedAt + rehandAfter(0);
    this.#entries.push({ record, dueAt, hands: record.passedAt === 0 ? 0 : 1, declines: 0, busy: false });
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
    const entry = this.#entries.find((one) => !one.busy && one.dueAt <= now);
    if (entry) entry.busy = true;
    return entry?.record;
  }

  /** Returns the record as it is now; undefined when it has left meanwhile. */
  answered(record: HeldRecord, answer: Answer, now: number): HeldRecord | undefined {
    const entry = this.#entries.find((one) => one.record === record);
    if (!entry) return undefined;
    entry.busy = false;
    if (answer.kind === 'taken') {
      this.#code = undefined;
      this.#blocks = 0;
      entry.declines = 0;
      entry.dueAt = now + rehandAfter(entry.hands++);
      entry.record = { ...record, passedAt: record.passedAt || now };
    }
    if (answer.kind === 'declined') this.#declined(entry, answer.code, now);
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
    if (over.length > 0) this.#entries = left;
    return over;
  }
}
