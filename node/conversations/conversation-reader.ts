// Reading conversations: a user's arrivals, histories, the list of conversations. Who is no member of a conversation learns
// nothing of it, not even that it exists.
import { ConflictError, InputError, RefusedError } from '../../src/realm/errors.ts';
import { type ConversationId, type MessageId, parseMessageId, type UserId } from '../../src/realm/ids.ts';
import type { ArrivalLog } from './arrival-log.ts';
import type { ConversationSummary, Cursor, EventPage, HistoryPage, LoggedMessage, UserEvent } from './conversations.ts';
import { type EventStore, isAfter, type LogPosition } from './event-store.ts';
import { receiptsFor, toLoggedMessage, toUserEvent } from './event-view.ts';

/** Unread messages are counted up to here. */
export const MAX_UNREAD = 1000;
/** Events of one page. */
export const MAX_PAGE = 500;

export interface Found {
  readonly message: LoggedMessage;
  readonly pathRef: Uint8Array;
}

export class ConversationReader {
  readonly #store: EventStore;
  readonly #arrivals: Pick<ArrivalLog, 'head'>;

  constructor(store: EventStore, arrivals: Pick<ArrivalLog, 'head'>) {
    this.#store = store;
    this.#arrivals = arrivals;
  }

  async deliveredUpTo(user: UserId): Promise<Cursor> {
    const { incarnation } = this.#arrivals.head;
    const mark = await this.#store.delivered(user);
    return mark?.incarnation === incarnation ? mark : { incarnation, n: 0 };
  }

  async eventsSince(user: UserId, cursor: Cursor, limit: number): Promise<EventPage> {
    this.#assertKnown(cursor);
    const size = Math.min(limit, MAX_PAGE);
    const { head } = this.#arrivals;
    const arrivals = (await this.#store.arrivals(user, cursor, size + 1)).filter((one) => !isAfter(one.cursor, head));
    const page = arrivals.slice(0, size);
    const events = await Promise.all(page.map((arrival) => this.#event(user, arrival.cursor)));
    return {
      events: events.filter((event) => event !== undefined),
      cursor: page.at(-1)?.cursor ?? cursor,
      more: arrivals.length > size,
    };
  }

  /** {0, 0} is the beginning of everything. */
  #assertKnown({ incarnation, n }: Cursor): void {
    const { head } = this.#arrivals;
    if (incarnation === head.incarnation ? n <= head.n : incarnation === 0 && n === 0) return;
    throw new ConflictError('cursor-unknown', `The cursor ${incarnation}/${n} is not of this node's past`);
  }

  async #event(user: UserId, cursor: Cursor): Promise<UserEvent | undefined> {
    const record = await this.#store.event(cursor);
    return record && toUserEvent(record, cursor, await receiptsFor(this.#store, user, record));
  }

  async history(
    user: UserId,
    conversation: ConversationId,
    page: { before?: string; limit: number },
  ): Promise<HistoryPage> {
    if (!(await this.#store.members(user, conversation))) {
      throw new RefusedError('conversation-unknown', `No conversation ${conversation} of this user is known`);
    }
    const before = page.before === undefined ? undefined : parsePosition(page.before);
    const size = Math.min(page.limit, MAX_PAGE);
    const rows = await this.#store.log(conversation, before, size + 1);
    const shown = rows.slice(0, size);
    const messages = await Promise.all(shown.map((row) => this.#message(user, row.cursor)));
    const last = shown.at(-1)?.position;
    return {
      messages: messages.flatMap((found) => found?.message ?? []),
      next: rows.length > size && last ? formatPosition(last) : undefined,
    };
  }

  async #message(user: UserId, cursor: Cursor): Promise<Found | undefined> {
    const record = await this.#store.event(cursor);
    if (record?.kind !== 'message') return undefined;
    const message = toLoggedMessage(record, await receiptsFor(this.#store, user, record));
    return { message, pathRef: record.pathRef };
  }

  async findMessage(user: UserId, id: MessageId): Promise<Found | undefined> {
    for (const entry of await this.#store.messagesOf(id)) {
      const found = await this.#message(user, entry.cursor);
      if (!found) continue;
      const { sender, recipients } = found.message.envelope;
      if (sender === user || recipients.includes(user)) return found;
    }
    return undefined;
  }

  /** Whoever it concerns, with what its sender may know. */
  async anyMessage(id: MessageId): Promise<Found | undefined> {
    for (const { sender, cursor } of await this.#store.messagesOf(id)) {
      const found = await this.#message(sender, cursor);
      if (found) return found;
    }
    return undefined;
  }

  async listConversations(user: UserId): Promise<ConversationSummary[]> {
    const conversations = await this.#store.conversations(user);
    return Promise.all(conversations.map(({ id, members }) => this.#summary(user, id, members)));
  }

  async #summary(user: UserId, id: ConversationId, members: readonly UserId[]): Promise<ConversationSummary> {
    const [newest] = await this.#store.log(id, undefined, 1);
    const last = newest && (await this.#message(user, newest.cursor))?.message;
    const lastRead = (await this.#store.readPosition(user, id))?.id;
    return { id, members, last, unread: await this.#unread(user, id), lastRead };
  }

  async #unread(user: UserId, conversation: ConversationId): Promise<number> {
    let count = 0;
    for await (const _ of this.#store.unread(user, conversation)) {
      if (++count === MAX_UNREAD) break;
    }
    return count;
  }
}

function formatPosition({ ms, counter, id }: LogPosition): string {
  return `${ms.toString(16)}-${counter.toString(16)}-${id}`;
}

const POSITION = /^([0-9a-f]{1,13})-([0-9a-f]{1,8})-([0-9a-f-]{36})$/;

function parsePosition(text: string): LogPosition {
  const [, ms, counter, id] = POSITION.exec(text) ?? [];
  if (ms === undefined || counter === undefined || id === undefined) {
    throw new InputError('bad-position', `"${text.slice(0, 80)}" is no place in a conversation`);
  }
  return { ms: Number.parseInt(ms, 16), counter: Number.parseInt(counter, 16), id: parseMessageId(id) };
}
