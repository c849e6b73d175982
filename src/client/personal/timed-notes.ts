// What is written down of a message that is to disappear. Messages are known by their ids and stamps: whoever writes under the id of another's
// message keeps that from nothing.
//
//   name message/stamp: [2, conversation, ms and counter of its stamp, its time in ms, [change of it, …]]
import { MAX_COUNTER, readId } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import type { Stamp } from '../../protocols/lan/wire.ts';
import { type ConversationId, idBytes, type MessageId, parseConversationId, parseMessageId } from '../../realm/ids.ts';

/** Changes of one message that are erased at the servers; nobody makes more. */
export const MAX_CHANGES = 100;
const MAX_FORM: number = 128 + MAX_CHANGES * 17;

/** Of a message under its stamp. */
export type Name = `${MessageId}/${string}`;

export interface Timed {
  readonly conversation: ConversationId;
  readonly stamp: Stamp;
  /** Milliseconds from reading. */
  readonly after: number;
  /** What its author changed in it, once it is erased here. */
  readonly changes: readonly MessageId[];
}

export function nameOf(id: MessageId, { ms, counter }: Stamp): Name {
  return `${id}/${ms}.${counter}`;
}

/** @throws InputError when it is no such name */
export function idIn(name: string): MessageId {
  return parseMessageId(name.split('/')[0] ?? '');
}

export function encode({ conversation, stamp: { ms, counter }, after, changes }: Timed): Uint8Array {
  return encodeItem([2, idBytes(conversation), ms, counter, after, changes.map(idBytes)]);
}

/** @throws PeerError `frame-malformed` */
export function decode(bytes: Uint8Array): Timed {
  const fields = new Fields(decodeStrict(bytes, MAX_FORM), 'disappearing message', 6);
  if (fields.uint() !== 2) fields.fail('version 2');
  const conversation = readId(fields, parseConversationId);
  const stamp = { ms: fields.uint(), counter: fields.uint(MAX_COUNTER) };
  const after = fields.uint();
  const list = fields.list(MAX_CHANGES);
  const ids = new Fields(list, 'changes');
  return { conversation, stamp, after, changes: list.map(() => readId(ids, parseMessageId)) };
}
