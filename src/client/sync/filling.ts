// Catching up in the background, once at a time, until the client ends. What was not reached is written down, and the next connection goes
// on with it.
import { CanopyError } from '../../realm/errors.ts';
import type { CatchingUp } from './catching-up.ts';

export class Filling {
  readonly #catchingUp: CatchingUp;
  readonly #over = new AbortController();
  #work: Promise<void> | undefined;

  constructor(catchingUp: CatchingUp) {
    this.#catchingUp = catchingUp;
  }

  /** The server went on without telling all, or this device is new: what is missing is fetched by conversation, newest first. */
  start(): Promise<void> {
    this.#work ??= this.#fill().finally(() => {
      this.#work = undefined;
    });
    return this.#work;
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#work;
  }

  async #fill(): Promise<void> {
    const { signal } = this.#over;
    try {
      await this.#catchingUp.look(signal);
      await this.#catchingUp.fill(signal);
    } catch (error) {
      if (!signal.aborted && !(error instanceof CanopyError)) throw error;
    }
  }
}
