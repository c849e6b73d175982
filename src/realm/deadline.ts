// A deadline for one wait, by the clock that is passed in.
import type { Clock } from './clock.ts';
import { UnreachableError } from './errors.ts';

/**
 * Runs `step` with a signal that aborts after `delay` milliseconds, or when `signal` does.
 * @throws UnreachableError `timeout`, naming `what`; the reason of `signal`
 */
export async function within<T>(
  clock: Pick<Clock, 'after'>,
  delay: number,
  what: string,
  signal: AbortSignal,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const passOn = () => controller.abort(signal.reason);
  const timer = clock.after(delay, () =>
    controller.abort(new UnreachableError('timeout', `No ${what} within ${delay / 1000} s`)),
  );
  signal.addEventListener('abort', passOn, { once: true });
  try {
    return await step(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', passOn);
  }
}
