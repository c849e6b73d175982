// Which numbers of a sequence are settled: all up to a watermark, and some ranges above it. It never grows for ever: ranges
// that touch are joined, what touches the watermark moves it, and their number is limited.
import { Fields } from '../../crypto/strict-cbor.ts';
import { PeerError } from '../../realm/errors.ts';
import { MAX_RANGES } from './index.ts';

export type Range = readonly [first: number, last: number];

export interface Marks {
  readonly watermark: number;
  /** Ascending, apart from each other and from the watermark. */
  readonly ranges: readonly Range[];
}

export const NO_MARKS: Marks = { watermark: 0, ranges: [] };

export function isMarked(marks: Marks, n: number): boolean {
  return n <= marks.watermark || marks.ranges.some(([first, last]) => n >= first && n <= last);
}

/** Whether all numbers from first to last are settled. */
export function coversRange(marks: Marks, first: number, last: number): boolean {
  const from = Math.max(first, marks.watermark + 1);
  return from > last || marks.ranges.some(([start, end]) => start <= from && last <= end);
}

/** The marks with first to last settled too; undefined when that would need more than MAX_RANGES ranges. */
export function withRange(marks: Marks, first: number, last: number): Marks | undefined {
  const joined: Range[] = [];
  const all: Range[] = [[0, marks.watermark], ...marks.ranges, [first, last]];
  for (const [from, to] of all.sort((a, b) => a[0] - b[0])) {
    const previous = joined.at(-1);
    if (previous && from <= previous[1] + 1) joined[joined.length - 1] = [previous[0], Math.max(previous[1], to)];
    else joined.push([from, to]);
  }
  const [lowest, ...ranges] = joined;
  return ranges.length > MAX_RANGES ? undefined : { watermark: lowest?.[1] ?? marks.watermark, ranges };
}

/** True when the ranges ascend and stand apart from each other and from the watermark: the one form marks may have. */
export function areNormal(marks: Marks): boolean {
  let end = marks.watermark;
  for (const [first, last] of marks.ranges) {
    if (first <= end + 1 || last < first) return false;
    end = last;
  }
  return marks.ranges.length <= MAX_RANGES;
}

/** A watermark and a list of ranges, as frames carry them. @throws PeerError `frame-malformed` */
export function readMarks(fields: Fields): Marks {
  const watermark = fields.uint();
  const ranges = fields.list(MAX_RANGES).map((item): [number, number] => {
    const range = new Fields(item, 'range', 2);
    return [range.uint(), range.uint()];
  });
  const marks = { watermark, ranges };
  if (!areNormal(marks)) throw new PeerError('frame-malformed', 'ranges must ascend and stand apart');
  return marks;
}
