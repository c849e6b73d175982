// How opened events and what belongs to them lie in the cache: strict CBOR arrays, one form each.
//
//   event    [1, id, conversation, sender, device, [recipient, …], [ms, counter] or null, arrivedAt or null, role, state, content or null, problem or null]
//   receipt  [2, id, by, state, at, code or null]
//   line     [3, id, what, by or null, [user, …], ms, counter]
import { decodeContent, encodeContent } from '../../crypto/content.ts';
import { MAX_BODY, MAX_COUNTER, MAX_RECIPIENTS, readId } from '../../crypto/envelope.ts';
import { MEMBER_ROLES } from '../../crypto/roster.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import {
  idBytes,
  parseConversationId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../realm/ids.ts';
import type { OpenedEvent, Receipt, SystemLine } from '../timeline/events.ts';

export type Cached =
  | { readonly kind: 'event'; readonly event: OpenedEvent }
  | { readonly kind: 'receipt'; readonly receipt: Receipt }
  | { readonly kind: 'line'; readonly line: SystemLine };

const MAX_FORM = MAX_BODY + 32 * 1024;
const MAX_CODE = 64;
const STATES = ['queued', 'stored', 'delivered', 'read', 'failed'] as const;
/** In the order of their codes. */
export const RECEIPTS = ['delivered', 'read', 'failed'] as const;
const LINES: readonly SystemLine['what'][] = [
  'created',
  'joined',
  'left',
  'removed',
  'role-changed',
  'identity-changed',
  'device-added',
  'remove-asked',
  'role-asked',
  'add-asked',
  'commit-refused',
];

export function encodeCached(cached: Cached): Uint8Array {
  switch (cached.kind) {
    case 'event':
      return encodeEvent(cached.event);
    case 'receipt': {
      const { id, by, state, at, code } = cached.receipt;
      return encodeItem([2, idBytes(id), idBytes(by), RECEIPTS.indexOf(state), at, code ?? null]);
    }
    case 'line': {
      const { id, what, by, users, stamp } = cached.line;
      const who = by ? idBytes(by) : null;
      return encodeItem([3, id, LINES.indexOf(what), who, users.map(idBytes), stamp.ms, stamp.counter]);
    }
  }
}

function encodeEvent(event: OpenedEvent): Uint8Array {
  const { stamp, content } = event;
  return encodeItem([
    1,
    idBytes(event.id),
    idBytes(event.conversation),
    idBytes(event.sender),
    idBytes(event.device),
    event.recipients.map(idBytes),
    stamp ? [stamp.ms, stamp.counter] : null,
    event.arrivedAt ?? null,
    MEMBER_ROLES.indexOf(event.role),
    STATES.indexOf(event.state),
    content ? encodeContent(content) : null,
    event.problem ?? null,
    event.lateBy ?? null,
  ]);
}

/** @throws PeerError `frame-malformed` */
export function decodeCached(bytes: Uint8Array): Cached {
  const fields = new Fields(decodeStrict(bytes, MAX_FORM), 'cached form');
  const kind = fields.uint(3);
  if (kind === 1) return { kind: 'event', event: readEvent(fields) };
  if (kind === 2) return { kind: 'receipt', receipt: readReceipt(fields) };
  if (kind === 3) return { kind: 'line', line: readLine(fields) };
  return fields.fail('1, 2 or 3');
}

function readEvent(fields: Fields): OpenedEvent {
  const ids = {
    id: readId(fields, parseMessageId),
    conversation: readId(fields, parseConversationId),
    sender: readId(fields, parseUserId),
    device: readId(fields, parseDeviceId),
    recipients: readUsers(fields),
  };
  const stamp = orNull(fields, readStamp);
  const arrivedAt = orNull(fields, (field) => field.uint());
  const role = MEMBER_ROLES[fields.uint(MEMBER_ROLES.length - 1)] ?? 'member';
  const state = STATES[fields.uint(STATES.length - 1)] ?? 'stored';
  const content = orNull(fields, (field) => decodeContent(field.bytes(MAX_BODY)));
  const problem = orNull(fields, (field) => field.text(MAX_CODE));
  const lateBy = orNull(fields, (field) => field.uint());
  return {
    ...ids,
    ...(stamp && { stamp }),
    ...(arrivedAt !== undefined && { arrivedAt }),
    role,
    state,
    ...(content && { content }),
    ...(problem !== undefined && { problem }),
    ...(lateBy !== undefined && { lateBy }),
  };
}

function readReceipt(fields: Fields): Receipt {
  const id = readId(fields, parseMessageId);
  const by = readId(fields, parseUserId);
  const state = RECEIPTS[fields.uint(RECEIPTS.length - 1)] ?? 'delivered';
  const at = fields.uint();
  const code = orNull(fields, (field) => field.text(MAX_CODE));
  return { id, by, state, at, ...(code !== undefined && { code }) };
}

function readLine(fields: Fields): SystemLine {
  const id = fields.text(256);
  const what = LINES[fields.uint(LINES.length - 1)] ?? 'created';
  const by = orNull(fields, (field) => readId(field, parseUserId));
  const users = readUsers(fields);
  return { id, what, ...(by && { by }), users, stamp: { ms: fields.uint(), counter: fields.uint(MAX_COUNTER) } };
}

function readStamp(field: Fields) {
  const parts = new Fields(field.raw(), 'stamp', 2);
  return { ms: parts.uint(), counter: parts.uint(MAX_COUNTER) };
}

function readUsers(fields: Fields): readonly UserId[] {
  const list = fields.list(MAX_RECIPIENTS);
  const ids = new Fields(list, 'list of users');
  return list.map(() => readId(ids, parseUserId));
}

function orNull<T>(fields: Fields, read: (field: Fields) => T): T | undefined {
  const value = fields.raw();
  return value === null ? undefined : read(new Fields([value], 'cached form'));
}
