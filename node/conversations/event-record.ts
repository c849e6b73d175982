// How one event lies in the store: a positional CBOR array that begins with its kind.
//
//   message   [0, arrivedAt, ms, counter, clockAhead, path kind, path reference or empty, envelope]
//   state     [1, at, conversation, user, state, code, [message, …]]
//   position  [2, at, conversation, message]
//   commit    [4, at, conversation, group, epoch, sender, device]
//   removed   [3, at, conversation, message, sender, header]   stands where a message stood that expired or was taken back; the header
//                                                              is that of its envelope, empty where the record only tells of it
//   intent    [6, at, conversation, intent, sender]
//   cleared   [5, at, conversation, entirely]
import { decodeEnvelope, type EncodedEnvelope, MAX_ENVELOPE, readId, type Stamp } from '../../src/crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import {
  type ConversationId,
  type DeviceId,
  type GroupId,
  idBytes,
  type MessageId,
  parseConversationId,
  parseDeviceId,
  parseGroupId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../src/realm/ids.ts';
import { PATH_KINDS, type PathKind } from '../../src/realm/path-kinds.ts';
import type { Receipt } from './conversations.ts';

export interface MessageRecord {
  readonly kind: 'message';
  readonly arrivedAt: number;
  readonly stamp: Stamp;
  readonly clockAhead: boolean;
  readonly path: PathKind;
  /** Where node/delivery keeps the hops of the stream that brought it; empty for what was written here. */
  readonly pathRef: Uint8Array;
  readonly encoded: EncodedEnvelope;
}

export interface StateRecord {
  readonly kind: 'state';
  readonly conversation: ConversationId;
  readonly receipt: Receipt;
  readonly ids: readonly MessageId[];
}

export interface PositionRecord {
  readonly kind: 'position';
  readonly at: number;
  readonly conversation: ConversationId;
  readonly upTo: MessageId;
}

export interface RemovedRecord {
  readonly kind: 'removed';
  readonly at: number;
  readonly conversation: ConversationId;
  readonly id: MessageId;
  readonly sender: UserId;
  readonly header: Uint8Array;
}

export interface ClearedRecord {
  readonly kind: 'cleared';
  readonly at: number;
  readonly conversation: ConversationId;
  readonly entirely: boolean;
}

export interface IntentRecord {
  readonly kind: 'intent';
  readonly at: number;
  readonly conversation: ConversationId;
  readonly id: MessageId;
  readonly sender: UserId;
}

export interface CommitRecord {
  readonly kind: 'commit';
  readonly at: number;
  readonly conversation: ConversationId;
  readonly group: GroupId;
  readonly epoch: number;
  readonly sender: UserId;
  readonly device: DeviceId;
}

export type EventRecord =
  | MessageRecord
  | StateRecord
  | PositionRecord
  | RemovedRecord
  | CommitRecord
  | ClearedRecord
  | IntentRecord;

const KINDS = ['message', 'state', 'position', 'removed', 'commit', 'cleared', 'intent'] as const;
/** In the order of their codes on disk: new ones go to the end. */
export const RECEIPT_STATES = ['delivered', 'read', 'failed'] as const;
const MAX_RECORD = MAX_ENVELOPE + 1024;
const MAX_IDS = 4096;
const MAX_CODE = 64;
const REMOVED_FIELDS = 6;

export function encodeEvent(event: EventRecord): Uint8Array {
  return encodeItem([KINDS.indexOf(event.kind), ...fieldsOf(event)]);
}

function fieldsOf(event: EventRecord): unknown[] {
  switch (event.kind) {
    case 'message':
      return [
        event.arrivedAt,
        event.stamp.ms,
        event.stamp.counter,
        event.clockAhead,
        PATH_KINDS.indexOf(event.path),
        event.pathRef,
        event.encoded.bytes,
      ];
    case 'state': {
      const { at, user, state, code } = event.receipt;
      const ids = event.ids.map(idBytes);
      return [at, idBytes(event.conversation), idBytes(user), RECEIPT_STATES.indexOf(state), code ?? '', ids];
    }
    case 'position':
      return [event.at, idBytes(event.conversation), idBytes(event.upTo)];
    case 'removed':
      return [event.at, idBytes(event.conversation), idBytes(event.id), idBytes(event.sender), event.header];
    case 'intent':
      return [event.at, idBytes(event.conversation), idBytes(event.id), idBytes(event.sender)];
    case 'cleared':
      return [event.at, idBytes(event.conversation), event.entirely];
    case 'commit': {
      const { at, conversation, group, epoch, sender, device } = event;
      return [at, idBytes(conversation), idBytes(group), epoch, idBytes(sender), idBytes(device)];
    }
  }
}

/** @throws PeerError `frame-malformed`: never of what this program wrote */
export function decodeEvent(bytes: Uint8Array): EventRecord {
  const fields = new Fields(decodeStrict(bytes, MAX_RECORD), 'event');
  const kind = KINDS[fields.uint(KINDS.length - 1)];
  switch (kind) {
    case 'message':
      return readMessage(fields);
    case 'state':
      return readState(fields);
    case 'position':
      return { kind, at: fields.uint(), conversation: readConversation(fields), upTo: readId(fields, parseMessageId) };
    case 'commit':
      return {
        kind,
        at: fields.uint(),
        conversation: readConversation(fields),
        group: readId(fields, parseGroupId),
        epoch: fields.uint(),
        sender: readId(fields, parseUserId),
        device: readId(fields, parseDeviceId),
      };
    case 'intent': {
      const where = { at: fields.uint(), conversation: readConversation(fields) };
      return { kind, ...where, id: readId(fields, parseMessageId), sender: readId(fields, parseUserId) };
    }
    case 'cleared':
      return { kind, at: fields.uint(), conversation: readConversation(fields), entirely: fields.flag() };
    default:
      return {
        kind: 'removed',
        at: fields.uint(),
        conversation: readConversation(fields),
        id: readId(fields, parseMessageId),
        sender: readId(fields, parseUserId),
        // A tombstone from before headers were kept has none.
        header: fields.count === REMOVED_FIELDS ? fields.bytes(MAX_ENVELOPE) : new Uint8Array(),
      };
  }
}

function readConversation(fields: Fields): ConversationId {
  return readId(fields, parseConversationId);
}

function readMessage(fields: Fields): MessageRecord {
  return {
    kind: 'message',
    arrivedAt: fields.uint(),
    stamp: { ms: fields.uint(), counter: fields.uint() },
    clockAhead: fields.flag(),
    path: PATH_KINDS[fields.uint(PATH_KINDS.length - 1)] ?? 'local',
    pathRef: fields.bytes(16),
    encoded: decodeEnvelope(fields.bytes(MAX_ENVELOPE)),
  };
}

function readState(fields: Fields): StateRecord {
  const at = fields.uint();
  const conversation = readConversation(fields);
  const user = readId(fields, parseUserId);
  const state = RECEIPT_STATES[fields.uint(RECEIPT_STATES.length - 1)] ?? 'failed';
  const code = fields.text(MAX_CODE);
  const list = fields.list(MAX_IDS);
  const ids = new Fields(list, 'list of messages');
  const receipt = { user, state, at, ...(code && { code }) };
  return { kind: 'state', conversation, receipt, ids: list.map(() => readId(ids, parseMessageId)) };
}
