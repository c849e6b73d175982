// Changes, each user's at most once in an interval: the first is told at once, what follows within the interval is told once
// at its end. One timer for everybody.
import { UPDATE_INTERVAL } from '../../src/protocols/presence/index.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import type { UserId } from '../../src/realm/ids.ts';

export class UpdatePacer {
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly #flush: (users: readonly UserId[]) => void;
  /** When each user was told of last; older entries than an interval are dropped at each flush. */
  readonly #told = new Map<UserId, number>();
  readonly #due = new Set<UserId>();
  #timer: Timer | undefined;

  constructor(clock: Pick<Clock, 'monotonic' | 'after'>, flush: (users: readonly UserId[]) => void) {
    this.#clock = clock;
    this.#flush = flush;
  }

  changed(user: UserId): void {
    const now = this.#clock.monotonic();
    const last = this.#told.get(user);
    if (last === undefined || now - last >= UPDATE_INTERVAL) {
      this.#told.set(user, now);
      this.#flush([user]);
      this.#later();
      return;
    }
    this.#due.add(user);
    this.#later();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#due.clear();
    this.#told.clear();
  }

  #later(): void {
    this.#timer ??= this.#clock.after(UPDATE_INTERVAL, () => this.#tick());
  }

  #tick(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (const [user, at] of this.#told) if (now - at >= UPDATE_INTERVAL) this.#told.delete(user);
    const users = [...this.#due].filter((user) => !this.#told.has(user));
    for (const user of users) {
      this.#due.delete(user);
      this.#told.set(user, now);
    }
    if (users.length > 0) this.#flush(users);
    if (this.#told.size > 0 || this.#due.size > 0) this.#later();
  }
}
