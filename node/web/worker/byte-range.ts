// The part of a file that a request asks for (RFC 9110 section 14): one plain range, or everything.

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

export interface Part {
  readonly from: number;
  /** Exclusive. */
  readonly end: number;
  readonly isPartial: boolean;
}

/** Undefined when it lies outside. Forms that are not known here count as none. */
export function partOf(range: string | null, size: number): Part | undefined {
  const [, first = '', last = ''] = RANGE.exec(range ?? '') ?? [];
  if (first === '' && last === '') return { from: 0, end: size, isPartial: false };
  if (first === '') {
    const length = Math.min(size, Number(last));
    return length === 0 ? undefined : { from: size - length, end: size, isPartial: true };
  }
  const from = Number(first);
  const end = last === '' ? size : Math.min(size, Number(last) + 1);
  return from < end ? { from, end, isPartial: true } : undefined;
}
