// The days under which something is kept by what keeps things for some days: a clock may have been anywhere while it wrote, so what there is
// to look through and to clear away is what was written down, and never counted from the clock.
//
// A day that is past by the clock is old at once. One that is ahead may be right and the clock wrong, as on a device that begins in 1970
// until it is told the time: it is old once the clock has shown days enough since, all of them before it.
//
//   cache record AREA/'days': [1, [[day, the day it was first seen to be ahead on, or null], …]]     in the order of their writing
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import type { Clock } from '../../realm/clock.ts';
import { codeOf, PeerError } from '../../realm/errors.ts';
import type { ClientCache } from '../cache/cache.ts';

const NAME = 'days';
const DAY = 24 * 3_600_000;
/** Days since 1970 beyond which no clock of ours counts. */
const LAST_DAY = 100_000_000;
/** Beyond that the one that was written first goes, whatever the clock says. */
const MAX_DAYS = 32;
const MAX_FORM = 1024;

export interface KeptDay {
  readonly day: number;
  readonly aheadSince?: number;
}

export interface KeptDaysComponents {
  readonly cache: Pick<ClientCache, 'record' | 'setRecords'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly area: string;
  /** Days for which something is kept, today included. */
  readonly keptFor: number;
}

export class KeptDays {
  readonly #parts: KeptDaysComponents;
  #days: readonly KeptDay[] | undefined;

  constructor(components: KeptDaysComponents) {
    this.#parts = components;
  }

  today(): number {
    const day = Math.floor(this.#parts.clock.now() / DAY);
    return day >= 0 ? Math.min(day, LAST_DAY) : 0;
  }

  /** The last that was written first. Without a note that can be read: those that a right clock would have written. */
  async list(): Promise<readonly number[]> {
    return (await this.#read()).map(({ day }) => day).toReversed();
  }

  /** Before anything is written under it. Resolves with the day. */
  async write(): Promise<number> {
    const today = this.today();
    const days = await this.#read();
    if (days.at(-1)?.day !== today) await this.#note([...days.filter(({ day }) => day !== today), { day: today }]);
    return today;
  }

  /** Those of which everything has to go. They stay on the list until `gone` is told. */
  async old(): Promise<readonly number[]> {
    const today = this.today();
    const days = (await this.#read()).map((one) => seenOn(today, one));
    await this.#note(days);
    const tooMany = days.slice(0, Math.max(0, days.length - MAX_DAYS));
    return [...tooMany, ...days.slice(tooMany.length).filter((one) => this.#isOld(one, today))].map(({ day }) => day);
  }

  async gone(day: number): Promise<void> {
    await this.#note((await this.#read()).filter((one) => one.day !== day));
  }

  #isOld({ day, aheadSince }: KeptDay, today: number): boolean {
    const { keptFor } = this.#parts;
    return day <= today - keptFor || (aheadSince !== undefined && today - aheadSince >= keptFor);
  }

  async #read(): Promise<readonly KeptDay[]> {
    this.#days ??= (await this.#noted()) ?? this.#likely();
    return this.#days;
  }

  /** Twice as many as are kept: those that are too old already are cleared away, too. */
  #likely(): readonly KeptDay[] {
    const today = this.today();
    const days = Array.from({ length: 2 * this.#parts.keptFor }, (_, ago) => ({ day: today - ago }));
    return days.filter(({ day }) => day >= 0).toReversed();
  }

  async #noted(): Promise<readonly KeptDay[] | undefined> {
    try {
      const bytes = await this.#parts.cache.record(this.#parts.area, NAME);
      return bytes && decodeDays(bytes);
    } catch (error) {
      if (error instanceof PeerError || codeOf(error) === 'cache-damaged') return undefined;
      throw error;
    }
  }

  async #note(days: readonly KeptDay[]): Promise<void> {
    const { cache, area } = this.#parts;
    await cache.setRecords(area, new Map([[NAME, encodeDays(days)]]));
    this.#days = days;
  }
}

function seenOn(today: number, { day, aheadSince = today }: KeptDay): KeptDay {
  return day > today ? { day, aheadSince: Math.min(aheadSince, today) } : { day };
}

export function encodeDays(days: readonly KeptDay[]): Uint8Array {
  return encodeItem([1, days.map(({ day, aheadSince }) => [day, aheadSince ?? null])]);
}

/** @throws PeerError `frame-malformed`, `frame-too-long` */
export function decodeDays(bytes: Uint8Array): readonly KeptDay[] {
  const fields = new Fields(decodeStrict(bytes, MAX_FORM), 'list of days', 2);
  if (fields.uint() !== 1) fields.fail('version 1');
  const days = fields.list(MAX_DAYS + 1).map((item): KeptDay => {
    const one = new Fields(item, 'day', 2);
    const day = one.uint(LAST_DAY);
    const since = one.raw();
    return since === null ? { day } : { day, aheadSince: new Fields([since], 'day').uint(LAST_DAY) };
  });
  if (new Set(days.map(({ day }) => day)).size < days.length) fields.fail('each day once');
  return days;
}
