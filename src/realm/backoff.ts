// The pause before the next try: twice as long after each failure, and shorter by chance, so that not all come back at once.

export interface Backoff {
  /** Milliseconds. */
  readonly first: number;
  readonly longest: number;
}

const MAX_DOUBLINGS = 16;

/**
 * Whole milliseconds.
 * @param failures before the one that has just been; 0 for the first
 * @param random 0 up to 1
 */
export function pauseAfter(failures: number, { first, longest }: Backoff, random: number): number {
  const ceiling = Math.min(longest, first * 2 ** Math.min(failures, MAX_DOUBLINGS));
  return Math.round(ceiling * (0.5 + random / 2));
}
