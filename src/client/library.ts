// What is asked for, in contrast to what comes by itself: conversations, their histories, single messages and routes.
import { fromString } from 'uint8arrays/from-string';
import * as v from 'valibot';
import {
  type ConversationEntry,
  conversationsAnswer,
  eventsAnswer,
  messageAnswer,
  type ReadersAnswer,
  type RouteAnswer,
  readersAnswer,
  routeAnswer,
} from '../protocols/lan/routes.ts';
import type { FrameMessage, JsonMessage, Route } from '../protocols/lan/wire.ts';
import { PeerError, UnreachableError } from '../realm/errors.ts';
import type { ConversationId, MessageId, UserId } from '../realm/ids.ts';
import { isMessage, type OpenBody, readMessage } from './bodies.ts';
import type { Http } from './http.ts';
import type { People } from './people.ts';
import type { ClientStorage } from './platform.ts';
import type { Conversation, HistoryPage, Me, Message } from './surface.ts';
import type { HistorySource } from './sync/catching-up.ts';
import type { OpenedEvent } from './timeline/events.ts';

const PAGE = 50;

export interface LibraryComponents {
  readonly http: Pick<Http, 'get'>;
  readonly people: People;
  readonly me: () => Me;
  readonly open: OpenBody;
  /** Where the list of conversations is kept for when the server is away; what people wrote in it is ciphertext. */
  readonly storage?: Pick<ClientStorage, 'get' | 'set'>;
}

/** Name of the list in the storage. */
const KEPT_LIST = 'conversations';

/** Also where a device catches up from (sync/catching-up.ts). */
export class Library implements HistorySource {
  readonly #components: LibraryComponents;

  constructor(components: LibraryComponents) {
    this.#components = components;
  }

  /** As the server tells them; while it is away, as it told them last. */
  async conversations(signal?: AbortSignal): Promise<readonly Conversation[]> {
    const conversations = await this.#entries(signal).catch((error: unknown) => this.#kept(error));
    return Promise.all(conversations.map((entry) => this.#conversation(entry)));
  }

  /** Of a conversation of two, the other; undefined for one that is not listed. */
  async othersOf(conversation: ConversationId): Promise<readonly UserId[] | undefined> {
    const entry = (await this.#entries()).find(({ id }) => id === conversation);
    return entry && (await this.#conversation(entry)).others.map(({ id }) => id);
  }

  async heads(signal: AbortSignal) {
    const entries = await this.#entries(signal);
    return entries.map(({ id, last }) => ({ id, ...(last && { last: frameOf(last) }) }));
  }

  async page(
    conversation: ConversationId,
    { before, limit }: { readonly before: string; readonly limit: number },
    signal?: AbortSignal,
  ) {
    const { http, people } = this.#components;
    const position = before === '' ? '' : `&before=${encodeURIComponent(before)}`;
    const path = `/conversations/${conversation}/events?limit=${limit}${position}`;
    const { events, users, next } = await http.get(path, eventsAnswer, signal);
    people.remember(users);
    // What was said elsewhere is genuine there, and would say something else here.
    for (const event of events) assertAsked(event.conversation === conversation, event.id);
    return { events: events.map(frameOf), ...(next !== undefined && { next }) };
  }

  async history(
    conversation: ConversationId,
    { before, limit = PAGE, signal }: { before?: string; limit?: number; signal?: AbortSignal } = {},
  ): Promise<HistoryPage> {
    const page = await this.page(conversation, { before: before ?? '', limit }, signal);
    const messages = await Promise.all(page.events.map((message) => this.#read(message)));
    return { messages: messages.flatMap((message) => message ?? []).toReversed(), before: page.next };
  }

  /** @throws RefusedError `message-unknown` */
  async opened(id: MessageId, signal?: AbortSignal): Promise<OpenedEvent> {
    return this.#components.open(await this.sealed(id, signal));
  }

  /** As the server has it. @throws RefusedError `message-unknown` */
  async sealed(id: MessageId, signal?: AbortSignal): Promise<FrameMessage> {
    const { http, people } = this.#components;
    const { message, users } = await http.get(`/messages/${id}`, messageAnswer, signal);
    people.remember(users);
    assertAsked(message.id === id, message.id);
    return frameOf(message);
  }

  async route(id: MessageId, signal?: AbortSignal): Promise<Route | undefined> {
    return (await this.explain(id, signal)).route;
  }

  readers(id: MessageId, signal?: AbortSignal): Promise<ReadersAnswer> {
    return this.#components.http.get(`/messages/${id}/readers`, readersAnswer, signal);
  }

  explain(id: MessageId, signal?: AbortSignal): Promise<RouteAnswer> {
    return this.#components.http.get(`/messages/${id}/route`, routeAnswer, signal);
  }

  async #entries(signal?: AbortSignal): Promise<readonly ConversationEntry[]> {
    const { http, storage } = this.#components;
    const answer = await http.get('/conversations', conversationsAnswer, signal);
    const entries = this.#checked(answer);
    // A full disk costs no more than the list of a day when the server is away.
    await storage?.set(KEPT_LIST, JSON.stringify(answer)).catch(() => {});
    return entries;
  }

  async #kept(error: unknown): Promise<readonly ConversationEntry[]> {
    const kept = error instanceof UnreachableError ? await this.#components.storage?.get(KEPT_LIST) : undefined;
    if (kept === undefined) throw error;
    return this.#checked(v.parse(conversationsAnswer, JSON.parse(kept)));
  }

  #checked({ conversations }: v.InferOutput<typeof conversationsAnswer>): readonly ConversationEntry[] {
    for (const { id, members, last } of conversations) {
      this.#components.people.remember(members);
      if (last) assertAsked(last.conversation === id, last.id);
    }
    return conversations;
  }

  /** Undefined for what does not stand by itself. */
  async #read(frame: FrameMessage): Promise<Message | undefined> {
    const { people, me, open } = this.#components;
    const event = await open(frame);
    return isMessage(event) ? readMessage(frame, event, people, me().user.id) : undefined;
  }

  async #conversation(entry: ConversationEntry): Promise<Conversation> {
    const { user } = this.#components.me();
    const others = entry.members.filter((member) => member.id !== user.id);
    const last = entry.last && (await this.#read(frameOf(entry.last)));
    return {
      id: entry.id,
      others: others.length > 0 ? others : [user],
      unread: entry.unread,
      ...(last && { last }),
      ...(entry.lastRead && { lastRead: entry.lastRead }),
    };
  }
}

/** @throws PeerError `answer-contradicts` */
function assertAsked(isAsked: boolean, id: MessageId): void {
  if (!isAsked) throw new PeerError('answer-contradicts', `the server told of ${id} where it does not belong`);
}

function frameOf(message: JsonMessage): FrameMessage {
  return { ...message, body: new Uint8Array(fromString(message.body, 'base64url')) };
}
