// The body of an envelope of priority `receipt`: what users of the origin did with messages of users of the destination,
// gathered for the whole realm.
//
//   body = [[user, state, at, conversation, sender, [message, …]], …]     ids are 16 bytes
//
// `state` is 1 for delivered (a device of the user has it), 2 for read; `sender` is whose messages they are.
import { readId } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import {
  type ConversationId,
  idBytes,
  type MessageId,
  parseConversationId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../realm/ids.ts';

export interface ReceiptEntry {
  readonly user: UserId;
  readonly state: 'delivered' | 'read';
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly conversation: ConversationId;
  readonly sender: UserId;
  readonly ids: readonly MessageId[];
}

/** Message ids in one body, over all entries: 32 KiB, half of what a body may have. */
export const MAX_RECEIPT_IDS = 1800;
export const MAX_RECEIPT_ENTRIES = 256;
const MAX_BYTES = 64 * 1024;
const STATES = ['', 'delivered', 'read'] as const;

export function encodeReceipts(entries: readonly ReceiptEntry[]): Uint8Array {
  return encodeItem(
    entries.map((entry) => [
      idBytes(entry.user),
      STATES.indexOf(entry.state),
      entry.at,
      idBytes(entry.conversation),
      idBytes(entry.sender),
      entry.ids.map(idBytes),
    ]),
  );
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeReceipts(bytes: Uint8Array): ReceiptEntry[] {
  const list = new Fields([decodeStrict(bytes, MAX_BYTES)], 'body of receipts').list(MAX_RECEIPT_ENTRIES);
  return list.map(readEntry);
}

function readEntry(item: unknown): ReceiptEntry {
  const fields = new Fields(item, 'receipt', 6);
  const user = readId(fields, parseUserId);
  const state = STATES[fields.uint(STATES.length - 1)];
  if (!state) return fields.fail('1 or 2');
  return {
    user,
    state,
    at: fields.uint(),
    conversation: readId(fields, parseConversationId),
    sender: readId(fields, parseUserId),
    ids: readIds(fields),
  };
}

function readIds(fields: Fields): MessageId[] {
  const list = fields.list(MAX_RECEIPT_IDS);
  const ids = new Fields(list, 'list of messages');
  return list.map(() => readId(ids, parseMessageId));
}
