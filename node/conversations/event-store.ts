// Reads what the writes of event-writes.ts wrote; the keys stand there.
import { readId, type Stamp } from '../../src/crypto/envelope.ts';
import { decodeStrict, Fields } from '../../src/crypto/strict-cbor.ts';
import {
  type ConversationId,
  idBytes,
  idText,
  type MessageId,
  parseConversationId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../src/realm/ids.ts';
import type { Database } from '../../src/store/database.ts';
import { between, type KeyPart, key, parseKey, under } from '../../src/store/keys.ts';
import type { Cursor, Receipt } from './conversations.ts';
import { decodeEvent, type EventRecord, RECEIPT_STATES } from './event-record.ts';
import { arrivalKey, erasedKey, eventKey, type Incoming, receiptKey, unreadKey } from './event-writes.ts';

/** What is known of a message without reading it. */
export interface MessageEntry {
  readonly cursor: Cursor;
  readonly stamp: Stamp;
  readonly sender: UserId;
  readonly conversation: ConversationId;
  readonly bodyHash: Uint8Array;
}

const MAX_SMALL = 64 * 1024;

const small = (value: Uint8Array, what: string, length?: number) =>
  new Fields(decodeStrict(value, MAX_SMALL), what, length);
const readCursor = (fields: Fields): Cursor => ({ incarnation: fields.uint(), n: fields.uint() });
const cursorOf = (parts: readonly KeyPart[]): Cursor => ({ incarnation: Number(parts[0]), n: Number(parts[1]) });
const bytesOf = (part: KeyPart | undefined): Uint8Array => (part instanceof Uint8Array ? part : new Uint8Array());

export class EventStore {
  readonly #database: Pick<Database, 'get' | 'iterate'>;

  constructor(database: Pick<Database, 'get' | 'iterate'>) {
    this.#database = database;
  }

  async head(): Promise<{ cursor: Cursor; stamp: Stamp } | undefined> {
    const value = await this.#database.get(key('conv', 'head'));
    if (!value) return undefined;
    const fields = small(value, 'head', 4);
    return { cursor: readCursor(fields), stamp: { ms: fields.uint(), counter: fields.uint() } };
  }

  async event(at: Cursor): Promise<EventRecord | undefined> {
    const value = await this.#database.get(eventKey(at));
    return value && decodeEvent(value);
  }

  /** In order of arrival. */
  async eventsAfter(after: Cursor, limit: number): Promise<{ cursor: Cursor; record: EventRecord }[]> {
    const range = { ...under('conv', 'event'), gte: key('conv', 'event', after.incarnation, after.n + 1), limit };
    const found: { cursor: Cursor; record: EventRecord }[] = [];
    for await (const [at, value] of this.#database.iterate(range)) {
      found.push({ cursor: cursorOf(parseKey(at).slice(2)), record: decodeEvent(value) });
    }
    return found;
  }

  /** How far the policy on retention was applied. */
  async retained(): Promise<Cursor | undefined> {
    const value = await this.#database.get(key('conv', 'retained'));
    return value && readCursor(small(value, 'mark of retention', 2));
  }

  async message(id: MessageId, sender: UserId): Promise<MessageEntry | undefined> {
    const value = await this.#database.get(key('conv', 'message', idBytes(id), idBytes(sender)));
    return value && readMessageEntry(value, sender);
  }

  /** All messages of that id: one, but for a sender who took somebody else's. */
  async messagesOf(id: MessageId): Promise<MessageEntry[]> {
    const found: MessageEntry[] = [];
    for await (const [at, value] of this.#database.iterate({ ...under('conv', 'message', idBytes(id)), limit: 16 })) {
      found.push(readMessageEntry(value, parseUserId(idText(bytesOf(parseKey(at)[3])))));
    }
    return found;
  }

  /** Numbers of the user's arrivals after a cursor. */
  async arrivals(user: UserId, after: Cursor, limit: number): Promise<{ cursor: Cursor; incoming?: Incoming }[]> {
    const range = { gte: between(['conv', 'arrival', idBytes(user), after.incarnation], after.n + 1).gte, limit };
    const found: { cursor: Cursor; incoming?: Incoming }[] = [];
    for await (const [at, value] of this.#database.iterate({ ...under('conv', 'arrival', idBytes(user)), ...range })) {
      const cursor = cursorOf(parseKey(at).slice(3));
      const fields = small(value, 'arrival');
      found.push(fields.count === 0 ? { cursor } : { cursor, incoming: readIncoming(cursor, fields) });
    }
    return found;
  }

  async hasArrived(user: UserId, at: Cursor): Promise<boolean> {
    return (await this.#database.get(arrivalKey(user, at))) !== undefined;
  }

  /** Messages unread in a conversation up to an arrival, that one included. */
  async *unread(user: UserId, conversation: ConversationId, upTo?: Cursor): AsyncIterable<Incoming> {
    const range = under('conv', 'unread', idBytes(user), idBytes(conversation));
    const lt = upTo ? unreadKey(user, conversation, { ...upTo, n: upTo.n + 1 }) : range.lt;
    for await (const [at, value] of this.#database.iterate({ ...range, lt })) {
      const fields = small(value, 'unread message', 2);
      const sender = readId(fields, parseUserId);
      yield { cursor: cursorOf(parseKey(at).slice(4)), conversation, sender, id: readId(fields, parseMessageId) };
    }
  }

  async members(user: UserId, conversation: ConversationId): Promise<UserId[] | undefined> {
    const value = await this.#database.get(key('conv', 'member', idBytes(user), idBytes(conversation)));
    return value && readMembers(value);
  }

  async conversations(user: UserId): Promise<{ id: ConversationId; members: UserId[] }[]> {
    const found: { id: ConversationId; members: UserId[] }[] = [];
    for await (const [at, value] of this.#database.iterate(under('conv', 'member', idBytes(user)))) {
      found.push({ id: parseConversationId(idText(bytesOf(parseKey(at)[3]))), members: readMembers(value) });
    }
    return found;
  }

  async readPosition(user: UserId, conversation: ConversationId): Promise<{ at: Cursor; id: MessageId } | undefined> {
    const value = await this.#database.get(key('conv', 'read', idBytes(user), idBytes(conversation)));
    if (!value) return undefined;
    const fields = small(value, 'read position', 3);
    return { at: readCursor(fields), id: readId(fields, parseMessageId) };
  }

  async delivered(user: UserId): Promise<Cursor | undefined> {
    const value = await this.#database.get(key('conv', 'delivered', idBytes(user)));
    return value && readCursor(small(value, 'delivered mark', 2));
  }

  async isErased(id: MessageId, sender: UserId): Promise<boolean> {
    return (await this.#database.get(erasedKey(id, sender))) !== undefined;
  }

  async hasReceipt(id: MessageId, sender: UserId, user: UserId, state: Receipt['state']): Promise<boolean> {
    return (await this.#database.get(receiptKey(id, sender, user, state))) !== undefined;
  }

  /** For each user the furthest state; a failure counts only while nothing better came. */
  async receipts(id: MessageId, sender: UserId): Promise<Receipt[]> {
    const found = new Map<UserId, Receipt>();
    for (const receipt of await this.receiptHistory(id, sender)) {
      if (receipt.state !== 'failed' || !found.has(receipt.user)) found.set(receipt.user, receipt);
    }
    return [...found.values()];
  }

  /** Every state of every user, those of one user in the order of RECEIPT_STATES. */
  async receiptHistory(id: MessageId, sender: UserId): Promise<Receipt[]> {
    const found: Receipt[] = [];
    for await (const [at, value] of this.#database.iterate(under('conv', 'receipt', idBytes(id), idBytes(sender)))) {
      const [user, code] = parseKey(at).slice(4);
      found.push(readReceipt(parseUserId(idText(bytesOf(user))), RECEIPT_STATES[Number(code)] ?? 'failed', value));
    }
    return found;
  }

  /** Places of a conversation's messages in the order of display, newest first, before a position. */
  async log(conversation: ConversationId, before: LogPosition | undefined, limit: number): Promise<LogRow[]> {
    const range = under('conv', 'log', idBytes(conversation));
    const lt = before
      ? key('conv', 'log', idBytes(conversation), before.ms, before.counter, idBytes(before.id))
      : range.lt;
    const rows: LogRow[] = [];
    for await (const [at, value] of this.#database.iterate({ gte: range.gte, lt, reverse: true, limit })) {
      const [ms, counter, id] = parseKey(at).slice(3);
      const position = { ms: Number(ms), counter: Number(counter), id: parseMessageId(idText(bytesOf(id))) };
      rows.push({ position, cursor: readCursor(small(value, 'place in a log', 2)) });
    }
    return rows;
  }

  /** Messages whose time is over, at most `limit`. */
  async expired(now: number, limit: number): Promise<{ expires: number; cursor: Cursor }[]> {
    const found: { expires: number; cursor: Cursor }[] = [];
    for await (const [at] of this.#database.iterate({ ...between(['conv', 'expiry'], 0, now + 1), limit })) {
      const [expires, ...place] = parseKey(at).slice(2);
      found.push({ expires: Number(expires), cursor: cursorOf(place) });
    }
    return found;
  }
}

export interface LogPosition {
  readonly ms: number;
  readonly counter: number;
  readonly id: MessageId;
}

export interface LogRow {
  readonly position: LogPosition;
  readonly cursor: Cursor;
}

function readMessageEntry(value: Uint8Array, sender: UserId): MessageEntry {
  const fields = small(value, 'message entry', 6);
  const cursor = readCursor(fields);
  const stamp = { ms: fields.uint(), counter: fields.uint() };
  return { cursor, stamp, sender, conversation: readId(fields, parseConversationId), bodyHash: fields.bytes(32, 32) };
}

function readIncoming(cursor: Cursor, fields: Fields): Incoming {
  const conversation = readId(fields, parseConversationId);
  return { cursor, conversation, sender: readId(fields, parseUserId), id: readId(fields, parseMessageId) };
}

function readMembers(value: Uint8Array): UserId[] {
  const fields = small(value, 'list of members');
  return Array.from({ length: fields.count }, () => readId(fields, parseUserId));
}

function readReceipt(user: UserId, state: Receipt['state'], value: Uint8Array): Receipt {
  const fields = small(value, 'receipt', 2);
  const at = fields.uint();
  const code = fields.text(64);
  return { user, state, at, ...(code && { code }) };
}
