// One thing that a person asked for and waits for: under way, failed, done. A second one begins when the first is over.
import { type Signal, signal } from '@preact/signals';
import { type Failure, failureOf } from './failure-text.ts';

export class Task {
  readonly busy: Signal<boolean> = signal(false);
  readonly failure: Signal<Failure | undefined> = signal(undefined);

  /** True when it was done. */
  async run(work: () => Promise<void>): Promise<boolean> {
    if (this.busy.peek()) return false;
    this.busy.value = true;
    this.failure.value = undefined;
    try {
      await work();
      return true;
    } catch (error) {
      this.failure.value = failureOf(error);
      return false;
    } finally {
      this.busy.value = false;
    }
  }
}
