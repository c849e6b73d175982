// Whose clock is wrong, as far as several of them tell. Two clocks that differ say only that they do; of three and more, those that agree
// are believed if they are more than half, and the others are named.
import { MAX_AHEAD } from './conversations/hybrid-clock.ts';

export interface ClockReading {
  readonly realm: string;
  /** Milliseconds by which it is ahead of this host's. */
  readonly skew: number;
}

/** For the operator of this host: a line for each clock that is off by more than an order of messages bears. */
export function oddClocks(others: readonly ClockReading[]): readonly string[] {
  const all = [0, ...others.map(({ skew }) => skew)].sort((a, b) => a - b);
  const middle = all[Math.floor(all.length / 2)] ?? 0;
  const agree = all.filter((skew) => Math.abs(skew - middle) <= MAX_AHEAD).length;
  if (all.length < 3 || agree * 2 <= all.length) {
    return others
      .filter(({ skew }) => isOff(skew))
      .map(({ realm, skew }) => `the clock of ${realm} is ${apart(skew)} ours`);
  }
  const told = `that of the others (${agree} of ${all.length} agree)`;
  return [
    ...(isOff(middle) ? [`the clock of this host is ${apart(-middle)} ${told}: set it`] : []),
    ...others
      .filter(({ skew }) => isOff(skew - middle))
      .map(({ realm, skew }) => `the clock of ${realm} is ${apart(skew - middle)} ${told}`),
  ];
}

function isOff(skew: number): boolean {
  return Math.abs(skew) > MAX_AHEAD;
}

function apart(skew: number): string {
  return `${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead of' : 'behind'}`;
}
