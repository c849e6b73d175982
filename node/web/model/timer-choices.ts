// After which times messages may disappear, and how they are called.
import type { Wording } from './wording.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Milliseconds from reading; 0 for never. */
const TIMERS: readonly number[] = [0, HOUR, 8 * HOUR, DAY, 7 * DAY, 28 * DAY];

/** With the one that is set, whoever chose it by whatever means. */
export function timerChoices(set: number): readonly number[] {
  return [...new Set([...TIMERS, set])].toSorted((a, b) => a - b);
}

export function timerText(words: Wording, timer: number): string {
  return timer === 0 ? words.t('timer.off') : words.t('timer.after', { span: words.span(timer) });
}

export function timerFact(words: Wording, timer: number): string {
  return timer === 0 ? words.t('timer.factOff') : words.t('timer.fact', { span: words.span(timer) });
}
