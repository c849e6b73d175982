// What was begun and is to be finished by a second message: for one minute, a bounded number at a time.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../src/realm/clock.ts';
import { InputError, RefusedError } from '../../src/realm/errors.ts';

const LIFETIME = 60_000;
const MAX_PENDING = 10_000;
const ID = 16;

interface Begun<T> {
  readonly value: T;
  readonly until: number;
}

export class Pending<T> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #unknown: string;
  readonly #begun = new Map<string, Begun<T>>();

  /** `unknown` is the error code for an id that was never given, has been used or is too old. */
  constructor(clock: Pick<Clock, 'monotonic'>, unknown: string) {
    this.#clock = clock;
    this.#unknown = unknown;
  }

  /** @throws RefusedError `login-busy` while too many others are under way */
  add(value: T): string {
    this.#sweep();
    if (this.#begun.size >= MAX_PENDING)
      throw new RefusedError('login-busy', 'Too many logins are under way; try again in a minute');
    const id = randomBytes(ID).toString('base64url');
    this.#begun.set(id, { value, until: this.#clock.monotonic() + LIFETIME });
    return id;
  }

  /** Once for each id. @throws InputError with the code given */
  take(id: string): T {
    this.#sweep();
    const begun = this.#begun.get(id);
    if (!begun)
      throw new InputError(
        this.#unknown,
        'This was not begun here, is finished already, or was begun more than a minute ago',
      );
    this.#begun.delete(id);
    return begun.value;
  }

  /** The oldest stand first. */
  #sweep(): void {
    const now = this.#clock.monotonic();
    for (const [id, { until }] of this.#begun) {
      if (until > now) return;
      this.#begun.delete(id);
    }
  }
}
