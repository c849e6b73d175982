// Who is there: presence of the people that a person has to do with, and who is typing where.
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { User } from '../../../src/client/client.ts';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import type { UserId } from '../../../src/realm/ids.ts';
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
  /** Milliseconds by which the clock is ahead. */
  readonly skew: ReadonlySignal<number>;
}

export class People {
  /** By the branch's clock, which all times that are shown come from. */
  readonly now: Signal<number>;
  readonly #client: PageClient;
  readonly #clock: Clock;
  readonly #skew: ReadonlySignal<number>;
  readonly #presence = new Map<string, Signal<PresenceView>>();
  /** By conversation and person. */
  readonly #typing = new Map<string, Timer>();
  readonly #typists = new Map<string, Signal<readonly User[]>>();
  readonly #known = new Map<string, Signal<User | undefined>>();
  #watched: readonly User[] = [];
  #previewed: User | undefined;
  /** The ids that the server was told last. */
  #told = '';
  readonly #stops: (() => void)[] = [];

  constructor({ client, clock, skew }: PeopleComponents) {
    this.#client = client;
    this.#clock = clock;
    this.#skew = skew;
    this.now = signal(clock.now() - skew.peek());
  }

  start(): void {
    this.#stops.push(
      this.#client.on('presence', ({ user, state, lastSeenAt }) => this.#update(user.id, { state, lastSeenAt })),
      this.#client.on('typing', ({ user, conversation, active }) =>
        active ? this.#startTyping(conversation, user) : this.#stopTyping(conversation, user),
      ),
      this.#client.on('message', ({ conversation, from }) => this.#stopTyping(conversation, from)),
      this.#client.on('connection', ({ state }) => state === 'waiting' && this.#forget()),
      this.#skew.subscribe(() => this.#look()),
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

  /** Who is writing in a conversation. */
  typingIn(conversation: string): ReadonlySignal<readonly User[]> {
    return this.#typistsOf(conversation);
  }

  /** Who that is; undefined until it is known, or when nobody is. */
  person(id: UserId): ReadonlySignal<User | undefined> {
    const known = this.#known.get(id);
    if (known) return known;
    const fresh: Signal<User | undefined> = signal(undefined);
    this.#known.set(id, fresh);
    void this.#client.userById(id).then(
      (user) => (fresh.value ??= user),
      () => this.#known.delete(id),
    );
    return fresh;
  }

  /** Saves asking for those who are known already. */
  remember(users: readonly User[]): void {
    for (const user of users) {
      const known = this.#known.get(user.id);
      if (!known) this.#known.set(user.id, signal(user));
      else if (known.peek()?.name !== user.name) known.value = user;
    }
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

  #startTyping(conversation: string, user: User): void {
    const key = `${conversation} ${user.id}`;
    this.#typing.get(key)?.cancel();
    this.#typing.set(
      key,
      this.#clock.after(TYPING_LASTS, () => this.#stopTyping(conversation, user)),
    );
    const typists = this.#typistsOf(conversation);
    if (!typists.value.some(({ id }) => id === user.id)) typists.value = [...typists.value, user];
    if (conversation === this.#client.conversationWith(user)) this.#update(user.id, { typing: true });
  }

  #stopTyping(conversation: string, user: User): void {
    const key = `${conversation} ${user.id}`;
    this.#typing.get(key)?.cancel();
    if (!this.#typing.delete(key)) return;
    const typists = this.#typistsOf(conversation);
    typists.value = typists.value.filter(({ id }) => id !== user.id);
    if (conversation === this.#client.conversationWith(user)) this.#update(user.id, { typing: false });
  }

  #typistsOf(conversation: string): Signal<readonly User[]> {
    const known = this.#typists.get(conversation);
    if (known) return known;
    const fresh: Signal<readonly User[]> = signal([]);
    this.#typists.set(conversation, fresh);
    return fresh;
  }

  /** Without a connection nothing is known to be so: nobody is shown online who may have left. */
  #forget(): void {
    for (const presence of this.#presence.values()) {
      if (presence.value.state === 'online') presence.value = NOBODY_KNOWS;
    }
  }

  #look(): void {
    this.now.value = this.#clock.now() - this.#skew.peek();
  }

  #tick(): void {
    this.#look();
    const timer = this.#clock.after(TICK, () => {
      this.#stops.splice(this.#stops.indexOf(cancel), 1);
      this.#tick();
    });
    const cancel = (): void => timer.cancel();
    this.#stops.push(cancel);
  }
}
