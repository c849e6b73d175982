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

/**
 * @param firstNew the message above which the divider stands
 * @param isSameDay compares two times by the person's calendar
 */
export function layOutRows(
  items: readonly ShownItem[],
  firstNew: string | undefined,
  isSameDay: (a: number, b: number) => boolean,
): readonly Row[] {
  const rows: Row[] = [];
  const isNewDay = (before: ShownItem | undefined, item: ShownItem): boolean =>
    before === undefined || !isSameDay(itemAt(before), itemAt(item));
  const leads = (before: ShownItem | undefined, item: ShownItem): boolean =>
    before?.kind !== 'message' ||
    item.kind !== 'message' ||
    item.id === firstNew ||
    before.sender !== item.sender ||
    saidAt(item) - saidAt(before) > GROUP_GAP ||
    isNewDay(before, item);

  for (const [index, item] of items.entries()) {
    const before = items[index - 1];
    const after = items[index + 1];
    if (isNewDay(before, item)) rows.push({ kind: 'day', key: `day ${item.id}`, at: itemAt(item) });
    if (item.id === firstNew) rows.push({ kind: 'new', key: 'new' });
    if (item.kind === 'line') rows.push({ kind: 'line', key: item.id, line: item });
    else {
      const ends = after === undefined || leads(item, after);
      rows.push({ kind: 'message', key: item.id, message: item, leads: leads(before, item), ends });
    }
  }
  return rows;
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
