// What a person does in conversations: what they are writing in each, what they do to messages, to groups and to contacts. Begins and
// ends with a login.
import type { Clock } from '../../../src/realm/clock.ts';
import type { MessageId, UserId } from '../../../src/realm/ids.ts';
import type { Chat } from './chat.ts';
import type { Chats } from './chats.ts';
import { Composing } from './composing.ts';
import { ContactActions } from './contact-actions.ts';
import { Drafts } from './drafts.ts';
import { EmojiUsed } from './emoji.ts';
import { GroupMembers } from './group-members.ts';
import type { LocalStore } from './local-store.ts';
import { MessageActions } from './message-actions.ts';
import { MessageSearch } from './message-search.ts';
import type { PageClient } from './page-client.ts';
import { PeopleSearch } from './people-search.ts';
import { Talk } from './talk.ts';
import type { ShownMessage } from './timeline.ts';

export interface ConversingComponents {
  readonly client: PageClient;
  readonly clock: Clock;
  readonly store: LocalStore;
  readonly chats: Chats;
  readonly me: UserId;
}

export class Conversing {
  readonly talk = new Talk();
  readonly drafts: Drafts;
  readonly members: GroupMembers;
  readonly actions: MessageActions;
  readonly contacts: ContactActions;
  readonly emojiUsed: EmojiUsed;
  readonly #components: ConversingComponents;
  readonly #composing = new Map<string, Composing>();

  constructor(components: ConversingComponents) {
    const { chats } = components;
    this.#components = components;
    this.drafts = new Drafts(components);
    this.members = new GroupMembers(components);
    this.actions = new MessageActions(components);
    this.contacts = new ContactActions({ ...components, onDropped: ({ id }) => chats.drop(id) });
    this.emojiUsed = new EmojiUsed(components.store);
  }

  start(): void {
    this.drafts.start();
    this.members.start();
    this.contacts.start();
  }

  stop(): void {
    this.drafts.stop();
    this.members.stop();
    this.contacts.stop();
  }

  /** The same for as long as the login lasts: who goes to another conversation finds what they began. */
  composingOf(chat: Chat): Composing {
    const known = this.#composing.get(chat.id);
    if (known) return known;
    const { client, chats } = this.#components;
    const { drafts } = this;
    const people = () => chats.list.peek().find(({ id }) => id === chat.id)?.people ?? chat.people;
    const composing = new Composing({ client, drafts, chat, people, onSent: () => chats.answered() });
    this.#composing.set(chat.id, composing);
    return composing;
  }

  /** A message that the server did not take goes to it again. */
  retry(id: MessageId): void {
    this.#components.client.retry(id).catch(() => undefined);
  }

  /** A report of a message, for a file. */
  evidence = (chat: Chat, message: Pick<ShownMessage, 'id'>): Promise<Uint8Array> =>
    this.#components.client.evidence(chat.id, message.id);

  newPeopleSearch(): PeopleSearch {
    return new PeopleSearch(this.#components);
  }

  newMessageSearch(): MessageSearch {
    return new MessageSearch(this.#components);
  }

  get groups(): PageClient['groups'] {
    return this.#components.client.groups;
  }
}
