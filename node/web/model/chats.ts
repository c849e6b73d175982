// The conversations of a person: the list in the rail, which one is open, what of it has been seen.
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Conversation, Message, User } from '../../../src/client/client.ts';
import type { Clock } from '../../../src/realm/clock.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { type LocalStore, readLocal, writeLocal } from './local-store.ts';
import type { PageClient } from './page-client.ts';
import type { People } from './people.ts';
import { saidAt } from './rows.ts';
import { Timeline } from './timeline.ts';

export interface Chat {
  readonly id: Conversation['id'];
  readonly person: User;
  readonly last?: Message | undefined;
  readonly unread: number;
  readonly lastRead?: Message['id'] | undefined;
  /** When it was added, for a conversation without messages. */
  readonly addedAt: number;
}

/** Which conversation the address of the page names. */
export interface Place {
  readonly current: Signal<string | undefined>;
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

export class Chats {
  readonly list: Signal<readonly Chat[]> = signal([]);
  readonly loaded: Signal<boolean> = signal(false);
  readonly unread: ReadonlySignal<number>;
  readonly current: ReadonlySignal<Chat | undefined>;
  /** The message above which "New" stands in the open conversation. */
  readonly firstNew: Signal<string | undefined> = signal(undefined);
  readonly #components: ChatsComponents;
  readonly #timelines = new Map<string, Timeline>();
  readonly #stops: (() => void)[] = [];
  /** The newest message on the screen. */
  #visible: string | undefined;

  constructor(components: ChatsComponents) {
    this.#components = components;
    this.unread = computed(() => this.list.value.reduce((sum, chat) => sum + chat.unread, 0));
    this.current = computed(() => this.list.value.find(({ id }) => id === components.place.current.value));
  }

  async start(): Promise<void> {
    const { client, place, attentive } = this.#components;
    this.#stops.push(
      client.on('message', (message) => this.#onMessage(message)),
      client.on('state', (change) => {
        this.#timelines.get(change.conversation)?.apply(change);
        this.#refreshLast(change.conversation);
      }),
      client.on('position', ({ conversation, upTo }) => this.#onPosition(conversation, upTo)),
      client.on('removed', ({ conversation, id }) => this.#timelines.get(conversation)?.remove(id)),
      client.on('ready', () => void this.#refresh()),
      client.on('reset', () => void this.#reload()),
      place.current.subscribe((id) => this.#onOpen(id)),
      attentive.subscribe(() => this.#markSeen()),
    );
    await this.#refresh();
    await this.#addContacts();
    this.loaded.value = true;
    this.#onOpen(place.current.value);
    client.connect();
  }

  stop(): void {
    for (const stop of this.#stops.splice(0).toReversed()) stop();
  }

  timelineOf(chat: Chat): Timeline {
    const known = this.#timelines.get(chat.id);
    if (known) return known;
    const timeline = new Timeline(chat.id, this.#components.client);
    this.#timelines.set(chat.id, timeline);
    return timeline;
  }

  open(id: string | undefined): void {
    this.#components.place.current.value = id;
  }

  /** Opens the conversation with a colleague, and begins it when there is none. */
  begin(person: User): void {
    const id = this.#components.client.conversationWith(person);
    if (!this.list.value.some((chat) => chat.id === id)) {
      this.#put({ id, person, unread: 0, addedAt: this.#components.clock.now() });
      this.#saveContacts();
    }
    this.open(id);
  }

  /** Shows the message at once, as queued; what goes wrong stands at the message. */
  async send(chat: Chat, text: string): Promise<void> {
    this.firstNew.value = undefined;
    this.#onMessage(await this.#components.client.send({ to: chat.person, text }));
  }

  retry(message: Message): Promise<void> {
    return this.#components.client.retry(message.id);
  }

  /** The view tells which message is the newest on the screen. */
  seen(id: string | undefined): void {
    this.#visible = id;
    this.#markSeen();
  }

  async #refresh(): Promise<void> {
    const conversations = await this.#components.client.conversations().catch(() => []);
    for (const conversation of conversations) this.#take(conversation);
    this.#markSeen();
  }

  #take({ id, others, last, unread, lastRead }: Conversation): void {
    const known = this.list.value.find((chat) => chat.id === id);
    const person = others[0];
    if (!person || !this.#isOfTwo(id, person)) return;
    const chat = { id, person, last: last ?? known?.last, unread, lastRead, addedAt: known?.addedAt ?? 0 };
    this.#put(chat);
    if (this.#isOpen(id)) this.#load(chat);
  }

  async #reload(): Promise<void> {
    await Promise.all([...this.#timelines.values()].map((timeline) => timeline.load(undefined, true)));
    await this.#refresh();
  }

  #put(chat: Chat): void {
    const rest = this.list.value.filter(({ id }) => id !== chat.id);
    this.list.value = [...rest, chat].sort((a, b) => lastAt(b) - lastAt(a));
    this.#components.people.watch(this.list.value.map(({ person }) => person));
  }

  #onMessage(message: Message): void {
    const known = this.list.value.find(({ id }) => id === message.conversation);
    const person = known?.person ?? (message.mine ? message.to[0] : message.from);
    if (!person || !this.#isOfTwo(message.conversation, person)) return;
    const chat = known ?? { id: message.conversation, person, unread: 0, addedAt: 0 };
    const isNews = !chat.last || chat.last.id === message.id || saidAt(message) >= saidAt(chat.last);
    const counts = isNews && !message.mine && chat.last?.id !== message.id;
    this.timelineOf(chat).add(message);
    this.#put({ ...chat, last: isNews ? message : chat.last, unread: chat.unread + (counts ? 1 : 0) });
    if (counts && this.#isOpen(chat.id) && !this.#components.attentive.value) this.firstNew.value ??= message.id;
    this.#markSeen();
  }

  /** Groups have no pages yet: shown as a chat with one of their members, an answer would go to that one alone. */
  #isOfTwo(conversation: Conversation['id'], person: User): boolean {
    return conversation === this.#components.client.conversationWith(person);
  }

  /** Read on another device of the same person. */
  #onPosition(conversation: string, upTo: Message['id']): void {
    const chat = this.list.value.find(({ id }) => id === conversation);
    if (!chat || chat.lastRead === upTo) return;
    const messages = this.#timelines.get(conversation)?.messages.value ?? [];
    const at = messages.findIndex(({ id }) => id === upTo);
    const unread = at === -1 ? chat.unread : messages.slice(at + 1).filter(({ mine }) => !mine).length;
    this.#put({ ...chat, lastRead: upTo, unread: Math.min(unread, chat.unread) });
  }

  #refreshLast(conversation: string): void {
    const chat = this.list.value.find(({ id }) => id === conversation);
    const message = this.#timelines.get(conversation)?.messages.value.find(({ id }) => id === chat?.last?.id);
    if (chat && message) this.#put({ ...chat, last: message });
  }

  #onOpen(id: string | undefined): void {
    this.#visible = undefined;
    this.firstNew.value = undefined;
    const chat = this.list.peek().find((known) => known.id === id);
    if (!chat) return;
    this.#load(chat);
  }

  /** "New" stands above what was unread when the conversation was opened, however much is read meanwhile. */
  #load(chat: Chat): void {
    const timeline = this.timelineOf(chat);
    if (!chat.last) return timeline.begin();
    void timeline.load((messages) => {
      if (chat.unread > 0 && this.#isOpen(chat.id)) this.firstNew.value ??= nthFromEnd(messages, chat.unread);
    });
  }

  #isOpen(id: string): boolean {
    return this.#components.place.current.peek() === id;
  }

  #markSeen(): void {
    const chat = this.current.peek();
    if (!chat || !this.#components.attentive.peek() || this.#visible === undefined) return;
    const messages = this.timelineOf(chat).messages.peek();
    const until = messages.findIndex(({ id }) => id === this.#visible);
    const read = messages.findLastIndex((message, index) => index <= until && !message.mine);
    const message = messages[read];
    const already = messages.findIndex(({ id }) => id === chat.lastRead);
    if (!message || read <= already || (chat.unread === 0 && already === -1 && chat.lastRead)) return;
    const unread = messages.slice(read + 1).filter(({ mine }) => !mine).length;
    this.#put({ ...chat, lastRead: message.id, unread });
    // while the server is away nothing is lost: the next `ready` brings the old position back and this runs again
    this.#components.client.markRead(message.id).catch(() => undefined);
  }

  async #addContacts(): Promise<void> {
    const { client, store, me } = this.#components;
    const ids = (readLocal(store, `canopy.contacts.${me.id}`) ?? '').split(' ').filter(Boolean);
    const people = await Promise.all(ids.map((id) => findById(client, id)));
    for (const person of people) {
      const id = person && client.conversationWith(person);
      if (id && !this.list.value.some((chat) => chat.id === id)) this.#put({ id, person, unread: 0, addedAt: 0 });
    }
  }

  #saveContacts(): void {
    const ids = this.list.value.filter(({ last }) => !last).map(({ person }) => person.id);
    writeLocal(this.#components.store, `canopy.contacts.${this.#components.me.id}`, ids.join(' '));
  }
}

function lastAt({ last, addedAt }: Chat): number {
  return last ? saidAt(last) : addedAt;
}

/** The id of the n-th last message of somebody else, or of the first one loaded when there are fewer. */
function nthFromEnd(messages: readonly Message[], n: number): string | undefined {
  const theirs = messages.filter(({ mine }) => !mine);
  return (theirs.at(-n) ?? theirs[0])?.id;
}

async function findById(client: PageClient, id: string): Promise<User | undefined> {
  try {
    return await client.userById(parseUserId(id));
  } catch {
    return undefined;
  }
}
