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
//   ('conv', 'erased', id, sender)                       -> [at]: its sender took it back before it came here
//   ('conv', 'retained')                                 -> [incarnation, n]: up to here the policy on retention was applied
//
// Here are the keys and the writes, for a commit of the caller; event-store.ts reads.
import type { EncodedEnvelope, Stamp } from '../../src/crypto/envelope.ts';
import { encodeItem } from '../../src/crypto/strict-cbor.ts';
import { type ConversationId, idBytes, type MessageId, type UserId } from '../../src/realm/ids.ts';
import type { Write } from '../../src/store/engine.ts';
import { key } from '../../src/store/keys.ts';
import type { Cursor, Receipt } from './conversations.ts';
import { type MessageRecord, RECEIPT_STATES } from './event-record.ts';

/** Somebody else's message among a user's arrivals. */
export interface Incoming {
  readonly cursor: Cursor;
  readonly conversation: ConversationId;
  readonly sender: UserId;
  readonly id: MessageId;
}

const NOTHING = encodeItem([]);

const put = (at: Uint8Array, value: Uint8Array): Write => ({ type: 'put', key: at, value });
export const eventKey = (at: Cursor): Uint8Array => key('conv', 'event', at.incarnation, at.n);
export const erasedKey = (id: MessageId, sender: UserId): Uint8Array =>
  key('conv', 'erased', idBytes(id), idBytes(sender));

export function isAfter(a: Cursor, b: Cursor): boolean {
  return a.incarnation === b.incarnation ? a.n > b.n : a.incarnation > b.incarnation;
}

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

export const arrivalKey = (user: UserId, at: Cursor): Uint8Array =>
  key('conv', 'arrival', idBytes(user), at.incarnation, at.n);

export function arrivalWrite(user: UserId, at: Cursor, incoming?: Omit<Incoming, 'cursor'>): Write {
  const value = incoming
    ? encodeItem([idBytes(incoming.conversation), idBytes(incoming.sender), idBytes(incoming.id)])
    : NOTHING;
  return put(arrivalKey(user, at), value);
}

export function unreadKey(user: UserId, conversation: ConversationId, at: Cursor): Uint8Array {
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

export function receiptKey(id: MessageId, sender: UserId, user: UserId, state: Receipt['state']): Uint8Array {
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

/** A message that its sender took back before it was here is never shown. */
export function erasedWrite(id: MessageId, sender: UserId, at: number): Write {
  return put(erasedKey(id, sender), encodeItem([at]));
}

/** For the user alone it is gone; nobody else's arrivals are touched. */
export function retainedWrite(upTo: Cursor): Write {
  return put(key('conv', 'retained'), encodeItem([upTo.incarnation, upTo.n]));
}

export function arrivalRemoval(user: UserId, at: Cursor): Write {
  return { type: 'del', key: arrivalKey(user, at) };
}

export function memberRemoval(user: UserId, conversation: ConversationId): Write {
  return { type: 'del', key: key('conv', 'member', idBytes(user), idBytes(conversation)) };
}
