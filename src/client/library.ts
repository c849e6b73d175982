// What is asked for, in contrast to what comes by itself: conversations, their histories, single messages and routes.
import { fromString } from 'uint8arrays/from-string';
import {
  type ConversationEntry,
  conversationsAnswer,
  eventsAnswer,
  messageAnswer,
  type RouteAnswer,
  routeAnswer,
} from '../protocols/lan/routes.ts';
import type { FrameMessage, JsonMessage, Route } from '../protocols/lan/wire.ts';
import type { ConversationId, MessageId } from '../realm/ids.ts';
import { readMessage } from './bodies.ts';
import type { Http } from './http.ts';
import type { People } from './people.ts';
import type { Conversation, HistoryPage, Me, Message } from './surface.ts';

const PAGE = 50;

export interface LibraryComponents {
  readonly http: Pick<Http, 'get'>;
  readonly people: People;
  readonly me: () => Me;
}

export class Library {
  readonly #components: LibraryComponents;

  constructor(components: LibraryComponents) {
    this.#components = components;
  }

  async conversations(signal?: AbortSignal): Promise<readonly Conversation[]> {
    const { http, people } = this.#components;
    const { conversations } = await http.get('/conversations', conversationsAnswer, signal);
    for (const entry of conversations) people.remember(entry.members);
    return Promise.all(conversations.map((entry) => this.#conversation(entry)));
  }

  async history(
    conversation: ConversationId,
    { before, limit = PAGE, signal }: { before?: string; limit?: number; signal?: AbortSignal } = {},
  ): Promise<HistoryPage> {
    const { http, people } = this.#components;
    const position = before === undefined ? '' : `&before=${encodeURIComponent(before)}`;
    const path = `/conversations/${conversation}/events?limit=${limit}${position}`;
    const page = await http.get(path, eventsAnswer, signal);
    people.remember(page.users);
    const messages = await Promise.all(page.events.map((message) => this.#read(message)));
    return { messages: messages.toReversed(), before: page.next };
  }

  /** @throws RefusedError `message-unknown` */
  async message(id: MessageId, signal?: AbortSignal): Promise<Message> {
    const { http, people } = this.#components;
    const { message, users } = await http.get(`/messages/${id}`, messageAnswer, signal);
    people.remember(users);
    return this.#read(message);
  }

  async route(id: MessageId, signal?: AbortSignal): Promise<Route | undefined> {
    return (await this.explain(id, signal)).route;
  }

  explain(id: MessageId, signal?: AbortSignal): Promise<RouteAnswer> {
    return this.#components.http.get(`/messages/${id}/route`, routeAnswer, signal);
  }

  #read(message: JsonMessage): Promise<Message> {
    const { people, me } = this.#components;
    return readMessage(frameOf(message), people, me().user.id);
  }

  async #conversation(entry: ConversationEntry): Promise<Conversation> {
    const { user } = this.#components.me();
    const others = entry.members.filter((member) => member.id !== user.id);
    return {
      id: entry.id,
      others: others.length > 0 ? others : [user],
      unread: entry.unread,
      ...(entry.last && { last: await this.#read(entry.last) }),
      ...(entry.lastRead && { lastRead: entry.lastRead }),
    };
  }
}

function frameOf(message: JsonMessage): FrameMessage {
  return { ...message, body: new Uint8Array(fromString(message.body, 'base64url')) };
}
