// A deadline driven by the clock that is passed in.
import type { Clock } from '../../src/realm/clock.ts';
import { UnreachableError } from '../../src/realm/errors.ts';

/** Runs `work` with a signal that aborts after `delay` milliseconds, or when the outer one does. The reason is UnreachableError `deadline-passed`. */
export async function within<T>(
  clock: Pick<Clock, 'after'>,
  delay: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = clock.after(delay, () => {
    late.abort(new UnreachableError('deadline-passed', `No answer within ${delay / 1000} s`));
  });
  try {
    return await work(AbortSignal.any([outer, late.signal]));
  } finally {
    timer.cancel();
  }
}
