// Reading conversations: a user's arrivals, histories, the list of conversations. Who is no member of a conversation learns
// nothing of it, not even that it exists.
import { ConflictError, InputError, RefusedError } from '../../src/realm/errors.ts';
import { type ConversationId, type MessageId, parseMessageId, type UserId } from '../../src/realm/ids.ts';
import type { ArrivalLog } from './arrival-log.ts';
import type { ConversationSummary, Cursor, EventPage, HistoryPage, LoggedMessage, UserEvent } from './conversations.ts';
import type { MessageRecord } from './event-record.ts';
import { type EventStore, type LogPosition } from './event-store.ts';
import { toLoggedMessage, toUserEvent } from './event-view.ts';
import { isAfter } from './event-writes.ts';
import type { Rosters } from './rosters.ts';

/** Unread messages are counted up to here. */
export const MAX_UNREAD = 1000;
/** Events of one page. */
export const MAX_PAGE = 500;

export interface Found {
  readonly message: LoggedMessage;
  readonly pathRef: Uint8Array;
}

/** Places of a log that one page of history looks at: somebody who joined lately sees few of a long one. */
const MAX_LOOKED_AT = 4 * MAX_PAGE;

export class ConversationReader {
  readonly #store: EventStore;
  readonly #arrivals: Pick<ArrivalLog, 'head'>;
  readonly #rosters: Pick<Rosters, 'find'> | undefined;

  constructor(store: EventStore, arrivals: Pick<ArrivalLog, 'head'>, rosters?: Pick<Rosters, 'find'>) {
    this.#store = store;
    this.#arrivals = arrivals;
    this.#rosters = rosters;
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

  async lags(user: UserId, cursor: Cursor, most: number): Promise<boolean> {
    return (await this.#store.arrivals(user, cursor, most + 1)).length > most;
  }

  /** {0, 0} is the beginning of everything. */
  #assertKnown({ incarnation, n }: Cursor): void {
    const { head } = this.#arrivals;
    if (incarnation === head.incarnation ? n <= head.n : incarnation === 0 && n === 0) return;
    throw new ConflictError('cursor-unknown', `The cursor ${incarnation}/${n} is not of this node's past`);
  }

  async #event(user: UserId, cursor: Cursor): Promise<UserEvent | undefined> {
    const record = await this.#store.event(cursor);
    if (record?.kind !== 'message') return record && toUserEvent(record, cursor, []);
    const message = await this.#logged(user, record);
    return { kind: 'message', cursor, conversation: message.envelope.conversation, message };
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
    const messages: LoggedMessage[] = [];
    let at = before;
    for (let looked = 0; looked < MAX_LOOKED_AT; ) {
      const rows = await this.#store.log(conversation, at, size + 1);
      looked += rows.length;
      for (const row of rows) {
        if (messages.length === size) return { messages, next: at && formatPosition(at) };
        const found = await this.#visible(user, row.cursor);
        if (found) messages.push(found.message);
        at = row.position;
      }
      if (rows.length <= size) return { messages, next: undefined };
    }
    return { messages, next: at && formatPosition(at) };
  }

  /** What never came to the user is not shown: before joining a group, after leaving it, or deleted by the user. */
  async #visible(user: UserId, cursor: Cursor): Promise<Found | undefined> {
    return (await this.#store.hasArrived(user, cursor)) ? this.#message(user, cursor) : undefined;
  }

  async #message(user: UserId, cursor: Cursor): Promise<Found | undefined> {
    const record = await this.#store.event(cursor);
    if (record?.kind !== 'message') return undefined;
    return { message: await this.#logged(user, record), pathRef: record.pathRef };
  }

  /** With the receipts, which are for the eyes of the sender. */
  async #logged(user: UserId, record: MessageRecord): Promise<LoggedMessage> {
    const { id, sender, recipients, conversation } = record.encoded.envelope;
    if (sender !== user) return toLoggedMessage(record, []);
    const receipts = await this.#store.receipts(id, sender);
    const group = recipients.length === 0 ? await this.#rosters?.find(conversation) : undefined;
    return toLoggedMessage(record, receipts, group && [...group.members.keys()]);
  }

  async findMessage(user: UserId, id: MessageId): Promise<Found | undefined> {
    for (const { cursor, sender } of await this.#store.messagesOf(id)) {
      const found = await (sender === user ? this.#message(user, cursor) : this.#visible(user, cursor));
      if (found) return found;
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
    const group = await this.#rosters?.find(id);
    const [last] = (await this.history(user, id, { limit: 1 })).messages;
    const lastRead = (await this.#store.readPosition(user, id))?.id;
    const hasLeft = group !== undefined && !group.members.has(user);
    const all = members.length > 0 || !group || hasLeft ? members : [...group.members.keys()];
    return { id, members: all, group, hasLeft, last, unread: await this.#unread(user, id), lastRead };
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
