// Identifiers. Users, devices, conversations and messages are UUIDs in their canonical lower-case text form (RFC 9562
// section 4); on the wire they are the 16 bytes.
import { sha256 } from '@noble/hashes/sha2.js';
import { toString } from 'uint8arrays/to-string';
import { InputError } from './errors.ts';

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

export type UserId = Id<'user'>;
export type DeviceId = Id<'device'>;
export type ConversationId = Id<'conversation'>;
export type MessageId = Id<'message'>;
/** Of the keys of a conversation: a conversation of two may have two of them for a while. */
export type GroupId = Id<'group'>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;
const HYPHEN = 0x2d;

function parse<T>(kind: string, text: string): T {
  if (!UUID.test(text)) {
    throw new InputError('bad-id', `"${text.slice(0, 80)}" is not a ${kind} id; expected a lower-case UUID`);
  }
  return text as T;
}

export const parseUserId = (text: string): UserId => parse('user', text);
export const parseDeviceId = (text: string): DeviceId => parse('device', text);
export const parseConversationId = (text: string): ConversationId => parse('conversation', text);
export const parseMessageId = (text: string): MessageId => parse('message', text);
export const parseGroupId = (text: string): GroupId => parse('group', text);

/** The 16 bytes of an id. Called some thirty times for each message, hence the loop over characters. */
export function idBytes(id: Id<string>): Uint8Array {
  const bytes = new Uint8Array(UUID_BYTES);
  for (let at = 0, from = 0; at < UUID_BYTES; at += 1, from += 2) {
    if (id.charCodeAt(from) === HYPHEN) from += 1;
    bytes[at] = (nibble(id.charCodeAt(from)) << 4) | nibble(id.charCodeAt(from + 1));
  }
  return bytes;
}

/** Of a lower-case hexadecimal digit, which a parsed id has alone. */
function nibble(code: number): number {
  return code < 0x61 ? code - 0x30 : code - 0x57;
}

/** The canonical text of 16 bytes; the caller brands it with one of the parse functions. @throws InputError `bad-id` */
export function idText(bytes: Uint8Array): string {
  if (bytes.length !== UUID_BYTES) {
    throw new InputError('bad-id', `an id has ${UUID_BYTES} bytes, not ${bytes.length}`);
  }
  const hex = toString(bytes, 'hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/**
 * The id of the conversation of two users: the first 16 bytes of SHA-256 over a label and both user ids in order, marked
 * as a UUID of version 8 (RFC 9562 section 5.8), so that both sides of a partition derive the same one.
 */
export function directConversationId(a: UserId, b: UserId): ConversationId {
  const [first, second] = a < b ? [a, b] : [b, a];
  const digest = sha256(new TextEncoder().encode(`canopy/direct/v1|${first}|${second}`)).slice(0, UUID_BYTES);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return idText(digest) as ConversationId;
}
