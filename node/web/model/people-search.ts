// People by the beginning of a name or username, while it is typed: those the person already writes to at once, the others when the
// server has answered.
import { type Signal, signal } from '@preact/signals';
import type { Client, User } from '../../../src/client/client.ts';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import type { Chats } from './chats.ts';
import { isCalled } from './person-look.ts';

/** Milliseconds without a key before the server is asked. */
const PAUSE = 250;
/** Are shown at once. */
const MOST = 20;

export interface PeopleSearchComponents {
  readonly client: Pick<Client, 'searchUsers' | 'findUser'>;
  readonly clock: Clock;
  readonly chats: Pick<Chats, 'list'>;
  readonly me: UserId;
}

export class PeopleSearch {
  readonly found: Signal<readonly User[]> = signal([]);
  readonly isLooking: Signal<boolean> = signal(false);
  readonly #components: PeopleSearchComponents;
  #pause: Timer | undefined;
  #asking: AbortController | undefined;

  constructor(components: PeopleSearchComponents) {
    this.#components = components;
    this.found.value = this.#known('');
  }

  type(text: string): void {
    this.stop();
    const typed = text.trim().toLowerCase();
    this.found.value = this.#known(typed);
    this.isLooking.value = typed !== '';
    if (typed === '') return;
    this.#pause = this.#components.clock.after(PAUSE, () => void this.#ask(typed));
  }

  stop(): void {
    this.#pause?.cancel();
    this.#asking?.abort();
  }

  async #ask(typed: string): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    const { client } = this.#components;
    // A whole address may be of a branch whose people the own one does not list.
    const [listed, exact] = await Promise.all([
      client.searchUsers(typed, asking.signal).catch(() => []),
      typed.includes('@') ? client.findUser(typed, asking.signal).catch(() => undefined) : undefined,
    ]);
    if (asking.signal.aborted) return;
    this.found.value = this.#without([...this.#known(typed), ...(exact ? [exact] : []), ...listed]);
    this.isLooking.value = false;
  }

  #known(typed: string): readonly User[] {
    const people = this.#components.chats.list.peek().flatMap((chat) => chat.people);
    return this.#without(people.filter((user) => isCalled(user, typed)));
  }

  /** Everybody once, without the person themselves. */
  #without(users: readonly User[]): readonly User[] {
    const once = new Map(users.map((user) => [user.id, user]));
    once.delete(this.#components.me);
    return [...once.values()].slice(0, MOST);
  }
}
