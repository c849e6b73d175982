// The conversations of a person: the list in the rail, which one is open, what of it has been seen. A conversation whose timeline is
// open follows it; of the others the list knows what the server tells.
import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Conversation, Message, User } from '../../../src/client/client.ts';
import type { Clock } from '../../../src/realm/clock.ts';
import { type Chat, inOrder } from './chat.ts';
import { KeptContacts } from './kept-contacts.ts';
import type { LocalStore } from './local-store.ts';
import type { PageClient } from './page-client.ts';
import type { People } from './people.ts';
import { ReadingAhead } from './reading-ahead.ts';
import { lastSaid, saidIn } from './said.ts';
import { Timeline } from './timeline.ts';

/** Pages that are loaded to find the first unread message before a conversation is shown. */
const MOST_PAGES = 20;

/** Which conversation the address of the page names. */
export interface Place {
  readonly current: Signal<Chat['id'] | undefined>;
}

export interface ChatsComponents {
  readonly client: PageClient;
  readonly clock: Clock;
  readonly store: LocalStore;
  readonly people: People;
  readonly place: Place;
  /** The page is visible and has the focus: only then is something read. */
  readonly attentive: ReadonlySignal<boolean>;
  readonly me: User;
}

/** The oldest and the newest message on the screen. */
export interface SeenRange {
  readonly first: string;
  readonly last: string;
}

export class Chats {
  readonly list: Signal<readonly Chat[]> = signal([]);
  readonly loaded: Signal<boolean> = signal(false);
  readonly unread: ReadonlySignal<number>;
  readonly current: ReadonlySignal<Chat | undefined>;
  /** The message above which "New" stands in the open conversation. */
  readonly firstNew: Signal<string | undefined> = signal(undefined);
  /** The message that the open conversation is to show; the view takes it away when it is there. */
  readonly sought: Signal<string | undefined> = signal(undefined);
  readonly #components: ChatsComponents;
  readonly #kept: KeptContacts;
  readonly #timelines = new Map<string, Timeline>();
  readonly #ahead: ReadingAhead;
  readonly #stops: (() => void)[] = [];
  #visible: SeenRange | undefined;
  /** By when had arrived what was read last, in the open conversation. */
  #readUpTo = 0;

  constructor(components: ChatsComponents) {
    this.#components = components;
    this.#kept = new KeptContacts({ ...components, owner: components.me.id });
    this.#ahead = new ReadingAhead({ ...components, list: this.list, timelineOf: (chat) => this.timelineOf(chat) });
    this.unread = computed(() => this.list.value.reduce((sum, chat) => sum + chat.unread, 0));
    this.current = computed(() => this.list.value.find(({ id }) => id === components.place.current.value));
  }

  async start(): Promise<void> {
    const { client, place, attentive } = this.#components;
    this.#stops.push(
      client.on('message', (message) => this.#onMessage(message)),
      client.on('state', (change) => this.#timelines.get(change.conversation)?.told(change)),
      client.on('position', ({ conversation, upTo }) => this.#onPosition(conversation, upTo)),
      client.on('members', () => void this.#refresh()),
      client.on('cleared', ({ conversation }) => this.#onCleared(conversation)),
      client.on('removed', ({ conversation, id }) => this.find(conversation)?.last?.id === id && void this.#refresh()),
      client.on('pins', () => this.#order()),
      client.on('ready', () => void this.#refresh()),
      client.on('reset', () => void this.#refresh()),
      place.current.subscribe((id) => this.#onOpen(id)),
      attentive.subscribe(() => this.#markSeen()),
    );
    const wanted = place.current.peek();
    // read while the list is asked for: the page begins with both
    if (wanted !== undefined) this.prepare({ id: wanted });
    await this.#refresh();
    for (const person of await this.#kept.load()) this.#add(person);
    this.loaded.value = true;
    this.#onOpen(place.current.value);
    client.connect();
    this.#ahead.start();
  }

  /** Somebody is about to open it. */
  prepare(chat: Pick<Chat, 'id'>): void {
    void this.timelineOf(chat).prepare();
  }

  stop(): void {
    this.#ahead.stop();
    for (const stop of this.#stops.splice(0).toReversed()) stop();
    for (const timeline of this.#timelines.values()) timeline.close();
    this.#timelines.clear();
  }

  timelineOf({ id }: Pick<Chat, 'id'>): Timeline {
    const known = this.#timelines.get(id);
    if (known) return known;
    const timeline = new Timeline(id, { ...this.#components, onView: (one) => this.#follow(one) });
    this.#timelines.set(id, timeline);
    return timeline;
  }

  find(id: string): Chat | undefined {
    return this.list.value.find((chat) => chat.id === id);
  }

  open(id: Chat['id'] | undefined): void {
    this.#components.place.current.value = id;
  }

  /** Opens a conversation where a message stands. */
  openAt(id: Chat['id'], message: string): void {
    this.sought.value = message;
    this.open(id);
  }

  /** Opens the conversation with a colleague, and begins it when there is none. */
  begin(person: User): void {
    this.#add(person);
    this.#save();
    this.open(this.#components.client.conversationWith(person));
  }

  /** A group that was just made here; the server tells the rest. */
  async beginGroup(id: Conversation['id'], title: string, people: readonly User[]): Promise<void> {
    if (!this.find(id)) this.#put({ id, title, people, unread: 0, addedAt: this.#components.clock.now() });
    await this.timelineOf({ id }).open();
    this.open(id);
  }

  /** Takes it from the list; what is kept of it is somebody else's care. */
  drop(id: string): void {
    if (this.#components.place.current.peek() === id) this.open(undefined);
    this.#timelines.get(id)?.close();
    this.#timelines.delete(id);
    this.list.value = this.list.value.filter((chat) => chat.id !== id);
    this.#save();
  }

  /** Keeps it above the others, or no longer. */
  setPinned({ id }: Pick<Chat, 'id'>, isPinned: boolean): void {
    // it holds here in any case, and reaches the other devices when it can
    this.#components.client.setPinned(id, isPinned).catch(() => undefined);
  }

  /** What the person says themselves: nothing is new to them any more. */
  answered(): void {
    this.firstNew.value = undefined;
  }

  /** The view tells what is on the screen. */
  seen(range: SeenRange | undefined): void {
    this.#visible = range;
    this.#markSeen();
  }

  async #refresh(): Promise<void> {
    const before = new Map(this.list.peek().map(({ id, last }) => [id, last]));
    const conversations = await this.#components.client.conversations().catch(() => []);
    batch(() => {
      for (const conversation of conversations) this.#take(conversation, before.get(conversation.id));
    });
    this.#readUpTo = 0;
    this.#markSeen();
  }

  /** @param before what stood there last when the server was asked: what came meanwhile is newer than the answer */
  #take({ id, others, last, unread }: Conversation, before: Chat['last']): void {
    const { people } = this.#components;
    people.remember(others);
    const known = this.find(id);
    const isOfTwo =
      others.length === 1 && others.every((user) => this.#components.client.conversationWith(user) === id);
    const isFollowed = this.#timelines.get(id)?.isOpen.peek() === true;
    // where the server tells none, all that was said has disappeared, but for what has not left yet
    const stays = known?.last !== before || (known?.last?.mine && known.last.state === 'queued');
    this.#put({
      id,
      people: others,
      person: isOfTwo ? others[0] : undefined,
      title: known?.title,
      picture: known?.picture,
      last: isFollowed ? known?.last : last ? saidIn(last) : stays ? known?.last : undefined,
      unread: isFollowed ? (known?.unread ?? 0) : unread,
      addedAt: known?.addedAt ?? 0,
    });
    // What a group is called is told inside of it alone.
    if (!isOfTwo) void this.timelineOf({ id }).open();
    else if (this.#isOpen(id) && !isFollowed) this.#onOpen(id);
  }

  #put(chat: Chat): void {
    const rest = this.list.value.filter(({ id }) => id !== chat.id);
    const pin = this.#pinOf(chat.id);
    this.list.value = [...rest, chat.pin === pin ? chat : { ...chat, pin }].sort(inOrder);
    this.#components.people.watch(this.list.value.flatMap(({ person }) => person ?? []));
  }

  #pinOf(id: Chat['id']): number | undefined {
    const at = this.#components.client.pins().indexOf(id);
    return at === -1 ? undefined : at;
  }

  /** Anew, where something was pinned or let go. */
  #order(): void {
    this.list.value = this.list.value.map((chat) => ({ ...chat, pin: this.#pinOf(chat.id) })).sort(inOrder);
  }

  #add(person: User): void {
    const { client, clock } = this.#components;
    const id = client.conversationWith(person);
    if (!this.find(id)) this.#put({ id, person, people: [person], unread: 0, addedAt: clock.now() });
  }

  #save(): void {
    this.#kept.save(this.list.value.flatMap(({ last, person }) => (last || !person ? [] : [person])));
  }

  /** For conversations whose timeline is not open here. */
  #onMessage(message: Message): void {
    const { client } = this.#components;
    const person = message.mine ? message.to[0] : message.from;
    const known = this.find(message.conversation);
    if (this.#timelines.get(message.conversation)?.isOpen.peek() && known) return;
    const isOfTwo = person !== undefined && client.conversationWith(person) === message.conversation;
    if (!known && !isOfTwo) return void this.#refresh();
    const chat = known ?? { id: message.conversation, person, people: person ? [person] : [], unread: 0, addedAt: 0 };
    const said = saidIn(message);
    const isNews = !chat.last || chat.last.id === said.id || said.at >= chat.last.at;
    const counts = isNews && !said.mine && chat.last?.id !== said.id;
    this.#put({ ...chat, last: isNews ? said : chat.last, unread: chat.unread + (counts ? 1 : 0) });
    if (this.#isOpen(chat.id)) this.#onOpen(chat.id);
  }

  /** What an open timeline shows is what the list says. */
  #follow(timeline: Timeline): void {
    const chat = this.find(timeline.id);
    const { items, unread, unreadMentions, name, picture, firstUnread } = timeline.view.peek();
    if (!chat) return;
    const last = lastSaid(items) ?? (items.length === 0 && !timeline.complete.peek() ? chat.last : undefined);
    const said = { title: name ?? chat.title, picture: picture ?? chat.picture };
    this.#put({ ...chat, last, unread, mentions: unreadMentions, ...said });
    if (!this.#isOpen(chat.id)) return;
    if (unread > 0 && !this.#components.attentive.peek()) this.firstNew.value ??= firstUnread;
    this.#markSeen();
  }

  /** Read on another device of the same person, of a conversation that is not open here. */
  #onPosition(conversation: string, upTo: string): void {
    const chat = this.find(conversation);
    if (!chat || this.#timelines.get(conversation)?.isOpen.peek()) return;
    if (chat.last?.id === upTo) this.#put({ ...chat, unread: 0 });
    else void this.#refresh();
  }

  #onCleared(conversation: string): void {
    const chat = this.find(conversation);
    if (chat) this.#put({ ...chat, last: undefined, unread: 0, mentions: 0 });
    void this.#refresh();
  }

  /** "New" stands above what was unread when the conversation was opened, however much is read meanwhile. */
  #onOpen(id: string | undefined): void {
    this.#visible = undefined;
    this.#readUpTo = 0;
    this.firstNew.value = undefined;
    const chat = this.list.peek().find((known) => known.id === id);
    if (chat) void this.#show(chat);
  }

  async #show(chat: Chat): Promise<void> {
    const timeline = this.timelineOf(chat);
    // as far as the first page tells, before it is on the screen: it opens there and doesn't jump
    await timeline.open(({ unread, firstUnread }) => {
      if (unread >= chat.unread && this.#isOpen(chat.id)) this.firstNew.value ??= firstUnread;
    });
    await timeline.renew();
    for (let page = 0; page < MOST_PAGES && timeline.view.peek().unread < chat.unread; page += 1) {
      const before = timeline.view.peek().unread;
      await timeline.loadOlder();
      if (timeline.view.peek().unread === before) break;
    }
    if (this.#isOpen(chat.id)) this.firstNew.value ??= timeline.view.peek().firstUnread;
  }

  #isOpen(id: string): boolean {
    return this.#components.place.current.peek() === id;
  }

  /** Of what is on the screen and unread, what came last. */
  #markSeen(): void {
    const chat = this.current.peek();
    const range = this.#visible;
    if (!chat || !range || !this.#components.attentive.peek()) return;
    const { items } = this.timelineOf(chat).view.peek();
    const last = items.findLastIndex(({ id }) => id === range.last);
    const first = items.findLastIndex(({ id }) => id === range.first);
    const unread = items.slice(Math.max(first, 0), last + 1).flatMap((item) => {
      return item.kind === 'message' && item.unread && item.arrivedAt !== undefined ? [item] : [];
    });
    const newest = unread.toSorted((a, b) => (b.arrivedAt ?? 0) - (a.arrivedAt ?? 0))[0];
    if (newest?.arrivedAt === undefined || newest.arrivedAt <= this.#readUpTo) return;
    this.#readUpTo = newest.arrivedAt;
    // while the server is away nothing is lost: the next `ready` runs this again
    this.#components.client.markRead(newest.id, chat.id).catch(() => undefined);
  }
}
