// Takes settled entries out of the outbox and writes down what became of them. A destination's word comes by its own stream or
// by custodians, sometimes both at once: for each destination one goes after the other, and nothing is counted twice.
import type { SetAside } from '../../src/protocols/deliver/frames.ts';
import { isMarked, type Marks, NO_MARKS, type Range, withRange } from '../../src/protocols/deliver/mark-set.ts';
import type { Clock } from '../../src/realm/clock.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { Turns } from '../conversations/turns.ts';
import { hasExpired } from './batch-maker.ts';
import { handoverWrite, type StoredPath } from './handover-store.ts';
import type { Outbox } from './outbox.ts';
import type { OutboxEntry, Position } from './outbox-entry.ts';
import { GONE, PARTLY, type Redirect, type Redirecting } from './redirecting.ts';

export interface SettlingComponents {
  readonly outbox: Pick<Outbox, 'read' | 'remove'>;
  readonly clock: Pick<Clock, 'now'>;
  /** A message that the destination will never show. */
  readonly onFailed: (entry: OutboxEntry, destination: RealmName, code: string) => Promise<void>;
  /** Whose recipient may live elsewhere now. */
  readonly redirecting?: Pick<Redirecting, 'of'>;
  /** Whether a custodian took this message, and not only its number. */
  readonly wasLent: (entry: OutboxEntry, destination: RealmName) => Promise<boolean>;
}

export interface Word {
  readonly incarnation: number;
  readonly marks: Marks;
  readonly setAside: readonly SetAside[];
}

const PAGE = { count: 512, bytes: 1024 * 1024 };

export class Settling {
  readonly #parts: SettlingComponents;
  readonly #turns = new Turns();
  /** All that words which came by custodians have settled, for each destination and incarnation. */
  readonly #words = new Map<string, Marks>();

  constructor(parts: SettlingComponents) {
    this.#parts = parts;
  }

  /** Entries that the destination's own stream acknowledged. */
  async acknowledged(
    destination: RealmName,
    entries: readonly OutboxEntry[],
    way: StoredPath | undefined,
    setAside: readonly SetAside[] = [],
  ): Promise<void> {
    if (entries.length === 0) return;
    await this.#turns.run(destination, async () => {
      const open = entries.filter(({ incarnation, n }) => !isMarked(this.#wordOf(destination, incarnation), n));
      await this.#remove(destination, open, way, setAside);
    });
  }

  /** A settlement of that destination. Resolves with how many entries it settled. */
  settled(destination: RealmName, word: Word, way: StoredPath): Promise<number> {
    return this.#turns.run(destination, async () => {
      const { incarnation, marks, setAside } = word;
      let count = 0;
      for await (const page of this.#covered(destination, word)) {
        await this.#remove(destination, page, way, [...setAside, ...(await this.#expiredOf(page, destination))]);
        count += page.length;
      }
      this.#words.set(`${destination}/${incarnation}`, joined(this.#wordOf(destination, incarnation), marks));
      return count;
    });
  }

  async *#covered(destination: RealmName, { incarnation, marks }: Word): AsyncIterable<OutboxEntry[]> {
    const end = marks.ranges.at(-1)?.[1] ?? marks.watermark;
    for (let at: Position = { incarnation, n: 0 }; at.n < end; ) {
      const page = await this.#parts.outbox.read(destination, at, PAGE);
      const last = page.at(-1);
      if (!last || last.incarnation !== incarnation) return;
      at = last;
      yield page.filter(({ n }) => isMarked(marks, n));
    }
  }

  /** Numbers that the destination passed over because their messages had expired before anybody took them. */
  async #expiredOf(page: readonly OutboxEntry[], destination: RealmName): Promise<SetAside[]> {
    const now = this.#parts.clock.now();
    const codes: SetAside[] = [];
    for (const entry of page) {
      if (!hasExpired(entry, now) || (await this.#parts.wasLent(entry, destination))) continue;
      codes.push({ n: entry.n, code: 'expired' });
    }
    return codes;
  }

  #wordOf(destination: RealmName, incarnation: number): Marks {
    return this.#words.get(`${destination}/${incarnation}`) ?? NO_MARKS;
  }

  async #remove(
    destination: RealmName,
    entries: readonly OutboxEntry[],
    way: StoredPath | undefined,
    setAside: readonly SetAside[],
  ): Promise<void> {
    if (entries.length === 0) return;
    const { outbox, redirecting, onFailed, clock } = this.#parts;
    const at = clock.now();
    const codes = new Map(setAside.map(({ n, code }) => [n, code]));
    const records = entries.map((entry) => {
      const said = codes.get(entry.n);
      const code = said === PARTLY ? undefined : said;
      const state = code === undefined ? 'handed-over' : 'failed';
      return handoverWrite(entry, destination, { state, at, ref: way?.ref, code });
    });
    const elsewhere = new Map<OutboxEntry, () => Redirect>();
    for (const entry of entries) {
      const code = codes.get(entry.n);
      const isElsewhere = code === GONE || code === PARTLY;
      const redirect = isElsewhere ? await redirecting?.of(entry, destination, code === PARTLY) : undefined;
      if (redirect) elsewhere.set(entry, redirect);
    }
    // In one turn: numbers of other queues are given out here.
    const redirects = [...elsewhere.values()].map((redirect) => redirect());
    const more = redirects.flatMap(({ writes }) => writes);
    await outbox.remove(destination, entries, [...records, ...(way ? [way.write] : []), ...more]);
    for (const redirect of redirects) redirect.committed();
    for (const entry of entries) {
      const code = codes.get(entry.n);
      if (code !== undefined && code !== PARTLY && !elsewhere.has(entry)) await onFailed(entry, destination, code);
    }
  }
}

/** Marks only grow: an old word that is told again takes nothing back. */
function joined(before: Marks, marks: Marks): Marks {
  const ranges: readonly Range[] = [[1, before.watermark], ...before.ranges];
  return ranges.reduce((all, [first, last]) => (last < first ? all : (withRange(all, first, last) ?? all)), marks);
}
