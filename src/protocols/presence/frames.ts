// The frames of `/canopy/presence/1`; their forms stand in index.ts.
import { readId } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type ConversationId, idBytes, parseConversationId, parseUserId, type UserId } from '../../realm/ids.ts';
import { MAX_PRESENCE_FRAME, MAX_STATES, MAX_TYPING_TO, MAX_WATCHED } from './index.ts';

export interface WatchFrame {
  readonly kind: 'watch';
  readonly users: readonly UserId[];
}

export interface UserState {
  readonly user: UserId;
  readonly online: boolean;
  /** Milliseconds since 1970; 0 when unknown or online. */
  readonly lastSeenAt: number;
}

export interface StatesFrame {
  readonly kind: 'states';
  readonly states: readonly UserState[];
}

export interface TypingFrame {
  readonly kind: 'typing';
  readonly user: UserId;
  readonly conversation: ConversationId;
  readonly active: boolean;
  readonly to: readonly UserId[];
}

export type PresenceFrame = WatchFrame | StatesFrame | TypingFrame;

export function encodePresenceFrame(frame: PresenceFrame): Uint8Array {
  switch (frame.kind) {
    case 'watch':
      return encodeItem([0, frame.users.map(idBytes)]);
    case 'states':
      return encodeItem([1, frame.states.map(({ user, online, lastSeenAt }) => [idBytes(user), online, lastSeenAt])]);
    case 'typing':
      return encodeItem([2, idBytes(frame.user), idBytes(frame.conversation), frame.active, frame.to.map(idBytes)]);
  }
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodePresenceFrame(bytes: Uint8Array): PresenceFrame {
  const fields = new Fields(decodeStrict(bytes, MAX_PRESENCE_FRAME), 'presence frame');
  const kind = fields.uint(2);
  if (fields.count !== (kind === 2 ? 5 : 2)) fields.fail('the first of as many as its kind has');
  if (kind === 0) return { kind: 'watch', users: readUsers(fields, MAX_WATCHED) };
  if (kind === 1) return { kind: 'states', states: fields.list(MAX_STATES).map(readState) };
  const user = readId(fields, parseUserId);
  const conversation = readId(fields, parseConversationId);
  return { kind: 'typing', user, conversation, active: fields.flag(), to: readUsers(fields, MAX_TYPING_TO) };
}

function readUsers(fields: Fields, max: number): UserId[] {
  const list = fields.list(max);
  const ids = new Fields(list, 'list of users');
  return list.map(() => readId(ids, parseUserId));
}

function readState(item: unknown): UserState {
  const fields = new Fields(item, 'state', 3);
  return { user: readId(fields, parseUserId), online: fields.flag(), lastSeenAt: fields.uint() };
}
