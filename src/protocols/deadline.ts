// A deadline for one wait, by the clock that is passed in.
import type { Clock } from '../realm/clock.ts';
import { UnreachableError } from '../realm/errors.ts';

/**
 * Runs `step` with a signal that aborts after `delay` milliseconds, or when `signal` does.
 * @throws UnreachableError `timeout`, naming `what`
 */
export async function within<T>(
  clock: Clock,
  delay: number,
  what: string,
  signal: AbortSignal,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const passOn = () => controller.abort(signal.reason);
  const timer = clock.after(delay, () =>
    controller.abort(new UnreachableError('timeout', `No ${what} within ${delay} ms`)),
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
