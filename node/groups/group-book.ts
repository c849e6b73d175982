// Groups as this realm knows them, from memory when they were asked for lately. Whoever writes a state tells it here once that is on
// disk.
import type { ConversationId, GroupId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Span, StoredGroup } from './group-record.ts';
import type { GroupStore } from './group-store.ts';

/** Conversations that are remembered; the one not asked for longest is forgotten first. */
const MAX_REMEMBERED = 2000;

export class GroupBook {
  readonly #store: GroupStore;
  readonly #known = new Map<ConversationId, Promise<readonly StoredGroup[]>>();
  #homeOf: (user: UserId) => RealmName | undefined = () => undefined;

  constructor(store: GroupStore) {
    this.#store = store;
  }

  /** The group that counts: the one with the lowest id. */
  async find(conversation: ConversationId): Promise<StoredGroup | undefined> {
    return (await this.all(conversation))[0];
  }

  async get(conversation: ConversationId, group: GroupId): Promise<StoredGroup | undefined> {
    return (await this.all(conversation)).find((state) => state.group === group);
  }

  /** Where users are at home now; whom it does not know is where the newest commit says. */
  locateBy(homeOf: (user: UserId) => RealmName | undefined): void {
    this.#homeOf = homeOf;
  }

  /** The lowest id first. */
  async all(conversation: ConversationId): Promise<readonly StoredGroup[]> {
    return (await this.#all(conversation)).map((state) => this.#located(state));
  }

  #located(state: StoredGroup): StoredGroup {
    const moved = [...state.members].flatMap(([user, member]) => {
      const home = this.#homeOf(user);
      return home === undefined || home === member.home ? [] : [[user, { ...member, home }] as const];
    });
    return moved.length === 0 ? state : { ...state, members: new Map([...state.members, ...moved]) };
  }

  #all(conversation: ConversationId): Promise<readonly StoredGroup[]> {
    const known = this.#known.get(conversation) ?? this.#store.states(conversation);
    this.#remember(conversation, known);
    known.catch(() => this.#known.delete(conversation));
    return known;
  }

  /** After its state is on disk. */
  async changed(state: StoredGroup): Promise<void> {
    const others = (await this.#all(state.conversation)).filter(({ group }) => group !== state.group);
    const all = [...others, state].sort((a, b) => (a.group < b.group ? -1 : 1));
    this.#remember(state.conversation, Promise.resolve(all));
  }

  /** What of a group the user may fetch; undefined for somebody who never was in it. */
  span(user: UserId, conversation: ConversationId, group: GroupId): Promise<Span | undefined> {
    return this.#store.span(user, conversation, group);
  }

  #remember(conversation: ConversationId, states: Promise<readonly StoredGroup[]>): void {
    this.#known.delete(conversation);
    this.#known.set(conversation, states);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
  }
}
