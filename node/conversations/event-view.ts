// What lies in the store, as the rest of the node and clients see it.
import type { Envelope } from '../../src/crypto/envelope.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Cursor, DeliveryState, LoggedMessage, Receipt, UserEvent } from './conversations.ts';
import type { EventRecord, MessageRecord } from './event-record.ts';
import type { EventStore } from './event-store.ts';

/** What became of a message for all of its recipients together. */
export function stateOf({ sender, recipients }: Envelope, receipts: readonly Receipt[]): DeliveryState {
  const others = recipients.filter((user) => user !== sender);
  const each = others.map((user) => receipts.find((receipt) => receipt.user === user)?.state);
  if (each.every((state) => state === 'read')) return 'read';
  if (each.every((state) => state === 'read' || state === 'delivered')) return 'delivered';
  return each.every((state) => state === 'failed') ? 'failed' : 'stored';
}

export function toLoggedMessage(record: MessageRecord, receipts: readonly Receipt[]): LoggedMessage {
  const { envelope } = record.encoded;
  const { stamp, clockAhead, arrivedAt, path } = record;
  return { envelope, stamp, clockAhead, arrivedAt, path, state: stateOf(envelope, receipts), receipts };
}

export function toUserEvent(record: EventRecord, cursor: Cursor, receipts: readonly Receipt[]): UserEvent {
  switch (record.kind) {
    case 'message': {
      const message = toLoggedMessage(record, receipts);
      return { kind: 'message', cursor, conversation: message.envelope.conversation, message };
    }
    case 'state': {
      const { conversation, ids, receipt } = record;
      return { kind: 'state', cursor, conversation, ids, receipt };
    }
    case 'position': {
      const { conversation, upTo, at } = record;
      return { kind: 'position', cursor, conversation, upTo, at };
    }
    case 'removed': {
      const { conversation, id, sender } = record;
      return { kind: 'removed', cursor, conversation, id, sender };
    }
  }
}

/** Receipts are for the eyes of the sender. */
export async function receiptsFor(store: EventStore, user: UserId, record: EventRecord): Promise<readonly Receipt[]> {
  if (record.kind !== 'message') return [];
  const { id, sender } = record.encoded.envelope;
  return sender === user ? store.receipts(id, sender) : [];
}
