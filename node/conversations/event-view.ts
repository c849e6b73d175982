// What lies in the store, as the rest of the node and clients see it.
import type { Envelope } from '../../src/crypto/envelope.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Cursor, DeliveryState, LoggedMessage, Receipt, UserEvent } from './conversations.ts';
import type { EventRecord, MessageRecord } from './event-record.ts';

/** What became of a message for all of its recipients together: those it names, else the members of its group. */
export function stateOf(
  { sender, recipients }: Envelope,
  receipts: readonly Receipt[],
  members: readonly UserId[] = [],
): DeliveryState {
  const others = [...recipients, ...(recipients.length === 0 ? members : [])].filter((user) => user !== sender);
  if (others.length === 0 && recipients.length === 0) return 'stored';
  const each = others.map((user) => receipts.find((receipt) => receipt.user === user)?.state);
  if (each.every((state) => state === 'read')) return 'read';
  if (each.every((state) => state === 'read' || state === 'delivered')) return 'delivered';
  return each.every((state) => state === 'failed') ? 'failed' : 'stored';
}

export function toLoggedMessage(
  record: MessageRecord,
  receipts: readonly Receipt[],
  members?: readonly UserId[],
): LoggedMessage {
  const { envelope } = record.encoded;
  const { stamp, clockAhead, arrivedAt, path } = record;
  return { envelope, stamp, clockAhead, arrivedAt, path, state: stateOf(envelope, receipts, members), receipts };
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
    case 'commit': {
      const { conversation, group, epoch, sender, device, at } = record;
      return { kind: 'commit', cursor, conversation, group, epoch, sender, device, at };
    }
    case 'intent': {
      const { conversation, id, sender, at } = record;
      return { kind: 'intent', cursor, conversation, id, sender, at };
    }
    case 'cleared': {
      const { conversation, entirely } = record;
      return { kind: 'cleared', cursor, conversation, entirely };
    }
    case 'removed': {
      const { conversation, id, sender } = record;
      return { kind: 'removed', cursor, conversation, id, sender };
    }
  }
}
