// What the timeline shows, as one list of rows: day lines, the "New" divider, messages grouped by sender, lines that nobody wrote.
import { saidAt } from './said.ts';
import type { ShownItem, ShownLine, ShownMessage } from './timeline.ts';

/** Messages of one sender stand together while no gap is longer (milliseconds). */
const GROUP_GAP = 5 * 60_000;

export interface MessageRowModel {
  readonly kind: 'message';
  readonly key: string;
  readonly message: ShownMessage;
  /** The first of its group: it carries the name. */
  readonly leads: boolean;
  readonly ends: boolean;
}
export interface DayRow {
  readonly kind: 'day';
  readonly key: string;
  readonly at: number;
}
export type Row =
  | MessageRowModel
  | DayRow
  | { readonly kind: 'line'; readonly key: string; readonly line: ShownLine }
  | { readonly kind: 'new'; readonly key: 'new' };

export function itemAt(item: ShownItem): number {
  return item.kind === 'line' ? item.at : saidAt(item);
}

export type SameDay = (a: number, b: number) => boolean;

export interface RowList {
  readonly rows: readonly Row[];
  /** Of the rows; the same list as long as they are. */
  readonly keys: readonly string[];
}

interface Setting {
  /** The message above which the divider stands. */
  readonly firstNew: string | undefined;
  /** Compares two times by the person's calendar. */
  readonly isSameDay: SameDay;
}

/** The rows of a timeline from look to look: what stands among the same items stays the same row, and is not looked at again. */
export class RowLayout {
  #items: readonly ShownItem[] = [];
  #setting: Setting | undefined;
  /** By item. */
  #groups: readonly (readonly Row[])[] = [];
  #list: RowList = { rows: [], keys: [] };

  of(items: readonly ShownItem[], firstNew: string | undefined, isSameDay: SameDay): RowList {
    const before = this.#setting;
    const isSameSetting = before !== undefined && before.firstNew === firstNew && before.isSameDay === isSameDay;
    if (isSameSetting && items === this.#items) return this.#list;
    this.#setting = { firstNew, isSameDay };
    this.#groups = this.#grouped(items, this.#setting, isSameSetting);
    this.#items = items;
    const rows = this.#groups.flat();
    const keys = rows.map(({ key }) => key);
    this.#list = { rows, keys: areEqual(keys, this.#list.keys) ? this.#list.keys : keys };
    return this.#list;
  }

  #grouped(items: readonly ShownItem[], setting: Setting, isSameSetting: boolean): readonly (readonly Row[])[] {
    const known = this.#groups;
    const [head, tail] = isSameSetting ? sameEnds(this.#items, items) : [0, 0];
    // the last one of the head may lead to something else now, and the first one of the tail may follow something else
    const [from, to] = [Math.max(head - 1, 0), items.length - Math.max(tail - 1, 0)];
    const behind = known.length - (items.length - to);
    const kept = new Map(known.slice(from, behind).flatMap((rows) => rows.map((row) => [row.key, row] as const)));
    const fresh: (readonly Row[])[] = [];
    for (let index = from; index < to; index += 1)
      fresh.push(groupOf(items, index, setting).map((row) => keptRow(kept.get(row.key), row)));
    return [...known.slice(0, from), ...fresh, ...known.slice(behind)];
  }
}

/** How many are the same at the beginning and, of the rest, at the end. */
function sameEnds(before: readonly ShownItem[], items: readonly ShownItem[]): readonly [head: number, tail: number] {
  const most = Math.min(before.length, items.length);
  let head = 0;
  while (head < most && before[head] === items[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === items.at(-1 - tail)) tail += 1;
  return [head, tail];
}

function keptRow(known: Row | undefined, row: Row): Row {
  if (known?.kind === 'message' && row.kind === 'message')
    return known.message === row.message && known.leads === row.leads && known.ends === row.ends ? known : row;
  if (known?.kind === 'day' && row.kind === 'day') return known.at === row.at ? known : row;
  if (known?.kind === 'line' && row.kind === 'line') return known.line === row.line ? known : row;
  return known?.kind === 'new' ? known : row;
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}

/** All rows at once. */
export function layOutRows(
  items: readonly ShownItem[],
  firstNew: string | undefined,
  isSameDay: SameDay,
): readonly Row[] {
  return items.flatMap((_, index) => groupOf(items, index, { firstNew, isSameDay }));
}

/** An item with the day and the divider that stand above it. */
function groupOf(items: readonly ShownItem[], index: number, setting: Setting): Row[] {
  const [before, item, after] = [items[index - 1], items[index], items[index + 1]];
  if (!item) return [];
  const rows: Row[] = [];
  if (isNewDay(before, item, setting)) rows.push({ kind: 'day', key: `day ${item.id}`, at: itemAt(item) });
  if (item.id === setting.firstNew) rows.push({ kind: 'new', key: 'new' });
  if (item.kind === 'line') return [...rows, { kind: 'line', key: item.id, line: item }];
  const ends = after === undefined || leadsAfter(item, after, setting);
  return [...rows, { kind: 'message', key: item.id, message: item, leads: leadsAfter(before, item, setting), ends }];
}

function isNewDay(before: ShownItem | undefined, item: ShownItem, { isSameDay }: Setting): boolean {
  return before === undefined || !isSameDay(itemAt(before), itemAt(item));
}

function leadsAfter(before: ShownItem | undefined, item: ShownItem, setting: Setting): boolean {
  return (
    before?.kind !== 'message' ||
    item.kind !== 'message' ||
    item.id === setting.firstNew ||
    before.sender !== item.sender ||
    saidAt(item) - saidAt(before) > GROUP_GAP ||
    isNewDay(before, item, setting)
  );
}

/** No time zone is off by a part of this: within one such piece of time no midnight can lie. Milliseconds. */
const QUARTER = 15 * 60_000;
const DAY_AND_MORE = 26 * 3_600_000;

/** A calendar is slow to ask; for a long conversation nearly every question has been answered before. */
export function remembered(isSameDay: (a: number, b: number) => boolean): (a: number, b: number) => boolean {
  const known = new Map<string, boolean>();
  return (a, b) => {
    const [from, to] = [Math.floor(a / QUARTER), Math.floor(b / QUARTER)];
    if (from === to) return true;
    if (Math.abs(a - b) > DAY_AND_MORE) return false;
    const key = `${from} ${to}`;
    const answer = known.get(key) ?? isSameDay(a, b);
    known.set(key, answer);
    return answer;
  };
}
