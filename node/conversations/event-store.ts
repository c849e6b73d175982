// The store of conversations. Everything is numbered by one sequence of the node, (incarnation, n): the order of arrival. Its
// numbers are given out in the turn in which the writes go to the database, so the order on disk is the order of arrival and
// a reader who has n never misses anything before it.
//
//   ('conv', 'head')                                     -> [incarnation, n, ms, counter]: newest number, newest stamp
//   ('conv', 'event', incarnation, n)                    -> event-record.ts
//   ('conv', 'log', conversation, ms, counter, id, sender) -> [incarnation, n]            messages in the order of display
//   ('conv', 'message', id, sender)                      -> [incarnation, n, ms, counter, conversation, body hash]
//   ('conv', 'arrival', user, incarnation, n)            -> [] or, for somebody else's message, [conversation, sender, id]
//   ('conv', 'unread', user, conversation, incarnation, n) -> [sender, id]
//   ('conv', 'member', user, conversation)               -> [member, …]
//   ('conv', 'read', user, conversation)                 -> [incarnation, n, id]
//   ('conv', 'delivered', user)                          -> [incarnation, n]
//   ('conv', 'receipt', id, sender, user, state)         -> [at, code]
//   ('conv', 'expiry', ms, incarnation, n)               -> []
import { type EncodedEnvelope, readId, type Stamp } from '../../src/crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
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
import type { Write } from '../../src/store/engine.ts';
import { between, type KeyPart, key, parseKey, under } from '../../src/store/keys.ts';
import type { Cursor, Receipt } from './conversations.ts';
import { decodeEvent, type EventRecord, type MessageRecord, RECEIPT_STATES } from './event-record.ts';

/** What is known of a message without reading it. */
export interface MessageEntry {
  readonly cursor: Cursor;
  readonly stamp: Stamp;
  readonly sender: UserId;
  readonly conversation: ConversationId;
  readonly bodyHash: Uint8Array;
}

/** Somebody else's message among a user's arrivals. */
export interface Incoming {
  readonly cursor: Cursor;
  readonly conversation: ConversationId;
  readonly sender: UserId;
  readonly id: MessageId;
}

const MAX_SMALL = 64 * 1024;
const NOTHING = encodeItem([]);

const put = (at: Uint8Array, value: Uint8Array): Write => ({ type: 'put', key: at, value });
const small = (value: Uint8Array, what: string, length?: number) =>
  new Fields(decodeStrict(value, MAX_SMALL), what, length);
const readCursor = (fields: Fields): Cursor => ({ incarnation: fields.uint(), n: fields.uint() });
const cursorOf = (parts: readonly KeyPart[]): Cursor => ({ incarnation: Number(parts[0]), n: Number(parts[1]) });
const eventKey = (at: Cursor): Uint8Array => key('conv', 'event', at.incarnation, at.n);
const bytesOf = (part: KeyPart | undefined): Uint8Array => (part instanceof Uint8Array ? part : new Uint8Array());

export function isAfter(a: Cursor, b: Cursor): boolean {
  return a.incarnation === b.incarnation ? a.n > b.n : a.incarnation > b.incarnation;
}

// Writes, for a commit of the caller.

export function headWrite(head: Cursor, stamp: Stamp): Write {
  return put(key('conv', 'head'), encodeItem([head.incarnation, head.n, stamp.ms, stamp.counter]));
}

export function eventWrite(at: Cursor, record: Uint8Array): Write {
  return put(eventKey(at), record);
}

/** The indexes of a message: log, id, expiry. */
export function messageWrites(at: Cursor, stamp: Stamp, encoded: EncodedEnvelope): Write[] {
  const { id, sender, conversation, expires } = encoded.envelope;
  const [i, s, c] = [idBytes(id), idBytes(sender), idBytes(conversation)];
  const entry = encodeItem([at.incarnation, at.n, stamp.ms, stamp.counter, c, encoded.bodyHash]);
  const place = encodeItem([at.incarnation, at.n]);
  return [
    put(key('conv', 'log', c, stamp.ms, stamp.counter, i, s), place),
    put(key('conv', 'message', i, s), entry),
    ...(expires > 0 ? [put(key('conv', 'expiry', expires, at.incarnation, at.n), NOTHING)] : []),
  ];
}

const arrivalKey = (user: UserId, at: Cursor): Uint8Array =>
  key('conv', 'arrival', idBytes(user), at.incarnation, at.n);

export function arrivalWrite(user: UserId, at: Cursor, incoming?: Omit<Incoming, 'cursor'>): Write {
  const value = incoming
    ? encodeItem([idBytes(incoming.conversation), idBytes(incoming.sender), idBytes(incoming.id)])
    : NOTHING;
  return put(arrivalKey(user, at), value);
}

function unreadKey(user: UserId, conversation: ConversationId, at: Cursor): Uint8Array {
  return key('conv', 'unread', idBytes(user), idBytes(conversation), at.incarnation, at.n);
}

export function unreadWrite(user: UserId, { cursor, conversation, sender, id }: Incoming): Write {
  return put(unreadKey(user, conversation, cursor), encodeItem([idBytes(sender), idBytes(id)]));
}

export function unreadRemoval(
  user: UserId,
  { conversation, cursor }: Pick<Incoming, 'conversation' | 'cursor'>,
): Write {
  return { type: 'del', key: unreadKey(user, conversation, cursor) };
}

export function memberWrite(user: UserId, conversation: ConversationId, members: readonly UserId[]): Write {
  return put(key('conv', 'member', idBytes(user), idBytes(conversation)), encodeItem(members.map(idBytes)));
}

export function readWrite(user: UserId, conversation: ConversationId, at: Cursor, id: MessageId): Write {
  const value = encodeItem([at.incarnation, at.n, idBytes(id)]);
  return put(key('conv', 'read', idBytes(user), idBytes(conversation)), value);
}

export function deliveredWrite(user: UserId, upTo: Cursor): Write {
  return put(key('conv', 'delivered', idBytes(user)), encodeItem([upTo.incarnation, upTo.n]));
}

function receiptKey(id: MessageId, sender: UserId, user: UserId, state: Receipt['state']): Uint8Array {
  return key('conv', 'receipt', idBytes(id), idBytes(sender), idBytes(user), RECEIPT_STATES.indexOf(state));
}

export function receiptWrite(id: MessageId, sender: UserId, { user, state, at, code }: Receipt): Write {
  return put(receiptKey(id, sender, user, state), encodeItem([at, code ?? '']));
}

export function expiryRemoval(expires: number, at: Cursor): Write {
  return { type: 'del', key: key('conv', 'expiry', expires, at.incarnation, at.n) };
}

/** A message that expired or was erased leaves the log and what `users` have unread; its id and its place among the arrivals stay. */
export function messageRemovals(at: Cursor, record: MessageRecord, users: readonly UserId[]): Write[] {
  const { id, sender, conversation } = record.encoded.envelope;
  const { ms, counter } = record.stamp;
  return [
    { type: 'del', key: key('conv', 'log', idBytes(conversation), ms, counter, idBytes(id), idBytes(sender)) },
    ...users.map((user) => unreadRemoval(user, { conversation, cursor: at })),
  ];
}

/** Reads what the writes above wrote. */
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
