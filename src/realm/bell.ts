// Wakes one waiter. A ring while nobody waits is kept for the next wait.
import type { Clock } from './clock.ts';

export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, or at once when there was one since the last wait. Rejects when the signal aborts. */
  async heard(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#rung) {
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => reject(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        this.#wake = () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
      }).finally(() => {
        this.#wake = undefined;
      });
    }
    this.#rung = false;
  }

  /** As `heard`, or once `delay` milliseconds are over. */
  async heardWithin(clock: Pick<Clock, 'after'>, delay: number, signal: AbortSignal): Promise<void> {
    const timer = clock.after(delay, () => this.ring());
    try {
      await this.heard(signal);
    } finally {
      timer.cancel();
    }
  }
}
