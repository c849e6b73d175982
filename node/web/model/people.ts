// Who is there: presence of the people that a person has to do with, and who is typing where.
import { type Signal, signal } from '@preact/signals';
import type { User } from '../../../src/client/client.ts';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import type { PageClient } from './page-client.ts';
import type { PresenceView } from './presence-text.ts';

/** Milliseconds between two looks at the clock: "5 minutes ago" ages by itself. */
const TICK = 20_000;
/** Milliseconds after which a "typing" that was not repeated is over (conventions, web client). */
const TYPING_LASTS = 6000;

const NOBODY_KNOWS: PresenceView = { state: 'unknown', typing: false };

export interface PeopleComponents {
  readonly client: PageClient;
  readonly clock: Clock;
}

export class People {
  readonly now: Signal<number>;
  readonly #client: PageClient;
  readonly #clock: Clock;
  readonly #presence = new Map<string, Signal<PresenceView>>();
  readonly #typing = new Map<string, Timer>();
  #watched: readonly User[] = [];
  #previewed: User | undefined;
  /** The ids that the server was told last. */
  #told = '';
  readonly #stops: (() => void)[] = [];

  constructor({ client, clock }: PeopleComponents) {
    this.#client = client;
    this.#clock = clock;
    this.now = signal(clock.now());
  }

  start(): void {
    this.#stops.push(
      this.#client.on('presence', ({ user, state, lastSeenAt }) => this.#update(user.id, { state, lastSeenAt })),
      this.#client.on('typing', ({ user, active }) =>
        active ? this.#startTyping(user.id) : this.#stopTyping(user.id),
      ),
      this.#client.on('message', (message) => this.#stopTyping(message.from.id)),
      this.#client.on('connection', ({ state }) => state === 'waiting' && this.#forget()),
    );
    this.#tick();
  }

  stop(): void {
    for (const stop of this.#stops.splice(0).toReversed()) stop();
    for (const timer of this.#typing.values()) timer.cancel();
    this.#typing.clear();
  }

  /** What is known of a user now; reading it in a component follows it. */
  presenceOf(user: User): Signal<PresenceView> {
    const known = this.#presence.get(user.id);
    if (known) return known;
    const fresh = signal(NOBODY_KNOWS);
    this.#presence.set(user.id, fresh);
    return fresh;
  }

  watch(users: readonly User[]): void {
    this.#watched = users;
    const all = this.#previewed ? [...users, this.#previewed] : users;
    const ids = all
      .map(({ id }) => id)
      .sort()
      .join(' ');
    if (ids === this.#told) return;
    this.#told = ids;
    this.#client.watch(all);
  }

  /** Watches one more while a preview shows them; returns the end of it. */
  preview(user: User): () => void {
    this.#previewed = user;
    this.watch(this.#watched);
    return () => {
      this.#previewed = undefined;
      this.watch(this.#watched);
    };
  }

  #update(id: string, change: Partial<PresenceView>): void {
    const known = this.#presence.get(id);
    if (known) known.value = { ...known.value, ...change };
    else this.#presence.set(id, signal({ ...NOBODY_KNOWS, ...change }));
  }

  #startTyping(id: string): void {
    this.#typing.get(id)?.cancel();
    this.#typing.set(
      id,
      this.#clock.after(TYPING_LASTS, () => this.#stopTyping(id)),
    );
    this.#update(id, { typing: true });
  }

  #stopTyping(id: string): void {
    this.#typing.get(id)?.cancel();
    if (this.#typing.delete(id)) this.#update(id, { typing: false });
  }

  /** Without a connection nothing is known to be so: nobody is shown online who may have left. */
  #forget(): void {
    for (const presence of this.#presence.values()) {
      if (presence.value.state === 'online') presence.value = NOBODY_KNOWS;
    }
  }

  #tick(): void {
    this.now.value = this.#clock.now();
    const timer = this.#clock.after(TICK, () => {
      this.#stops.splice(this.#stops.indexOf(cancel), 1);
      this.#tick();
    });
    const cancel = (): void => timer.cancel();
    this.#stops.push(cancel);
  }
}
