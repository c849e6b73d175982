// Spans of time as operators write them: 30s, 15m, 1h, 2d.
import { InputError } from '../src/realm/errors.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds. @throws InputError `bad-duration` */
export function parseDuration(text: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const milliseconds = Number(amount) * (UNITS[unit] ?? Number.NaN);
  if (!(milliseconds > 0)) {
    throw new InputError('bad-duration', `"${text.slice(0, 40)}" is not a span of time`, {
      hint: 'Write for example 30s, 15m, 1h or 2d.',
    });
  }
  return milliseconds;
}
