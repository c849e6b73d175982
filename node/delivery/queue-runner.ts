// What the queues to other realms have in common: they run until they are stopped, and after a failure they pause, longer each
// time, unless word comes that another try is worth it.
import { type Backoff, pauseAfter } from '../../src/realm/backoff.ts';
import { Bell } from '../../src/realm/bell.ts';
import type { Clock } from '../../src/realm/clock.ts';
import type { Log } from '../../src/realm/log.ts';

export interface QueueRunnerComponents {
  readonly clock: Pick<Clock, 'after'>;
  /** 0 up to 1. */
  readonly random: () => number;
  readonly log: Pick<Log, 'error'>;
}

export class QueueRunner {
  readonly #parts: QueueRunnerComponents;
  readonly #backoff: Backoff;
  readonly #stopped = new AbortController();
  readonly #retry = new Bell();
  #running: Promise<void> | undefined;
  #failures = 0;

  constructor(parts: QueueRunnerComponents, backoff: Backoff) {
    this.#parts = parts;
    this.#backoff = backoff;
  }

  get isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  /** @param run until its signal aborts @param phrase for the log, should it end by itself */
  start(run: (signal: AbortSignal) => Promise<void>, phrase: string): void {
    const { signal } = this.#stopped;
    this.#running ??= run(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#parts.log.error({ err: error }, phrase);
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** Another try is worth it now: a way opened up, or the other side came to us. */
  retry(): void {
    this.#retry.ring();
  }

  /** Something came through: the next pause is the shortest again. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Milliseconds of the pause that a further failure is worth. */
  nextPause(): number {
    return pauseAfter(this.#failures++, this.#backoff, this.#parts.random());
  }

  /** Resolves after `delay`, or at the next `retry`. */
  pause(delay: number, signal: AbortSignal): Promise<void> {
    return this.#retry.heardWithin(this.#parts.clock, delay, signal);
  }
}
