// When something that was handed on, or declined, is due again. Times are milliseconds.

/** A neighbour that took a batch and yet no settlement came: it may have lost it, or lied. The first and the longest wait. */
const FIRST_REHAND = 10 * 60_000;
const LONGEST_REHAND = 6 * 60 * 60_000;
/** A neighbour that declined. */
const FIRST_DECLINED = 5_000;
const LONGEST_DECLINED = 15 * 60_000;

export function rehandAfter(times: number): number {
  return Math.min(LONGEST_REHAND, FIRST_REHAND * 2 ** Math.min(times, 16));
}

export function declinedAfter(times: number): number {
  return Math.min(LONGEST_DECLINED, FIRST_DECLINED * 2 ** Math.min(times, 16));
}

/** Refusals that hold for all of a pair's batches at present, not for one. */
const OF_THE_FLOW = new Set([
  'origin-full',
  'destination-full',
  'custody-full',
  'frozen',
  'realm-unknown',
  'busy',
  'out-of-way',
]);

export function concernsFlow(code: string): boolean {
  return OF_THE_FLOW.has(code);
}
