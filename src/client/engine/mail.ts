// Mails between devices, opaque to every server: a welcome into a group, a question for keys and its answer.
//
//   mail = [1, kind, conversation (16), payload]       strict CBOR; kind 0 welcome, 1 key request, 2 key answer
//
// A welcome is sealed by MLS itself. The other two are sealed to the device that they are for and signed by the one that they are from
// (key-requests.ts).
import { readId } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type ConversationId, idBytes, parseConversationId } from '../../realm/ids.ts';

const MAX_MAIL = 128 * 1024;
/** In the order of their codes. */
const KINDS = ['welcome', 'key-request', 'key-answer'] as const;

export interface Mail {
  readonly kind: (typeof KINDS)[number];
  readonly conversation: ConversationId;
  readonly payload: Uint8Array;
}

export function encodeMail({ kind, conversation, payload }: Mail): Uint8Array {
  return encodeItem([1, KINDS.indexOf(kind), idBytes(conversation), payload]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeMail(bytes: Uint8Array): Mail {
  const fields = new Fields(decodeStrict(bytes, MAX_MAIL), 'mail', 4);
  if (fields.uint() !== 1) fields.fail('version 1');
  const kind = KINDS[fields.uint(KINDS.length - 1)] ?? 'welcome';
  return { kind, conversation: readId(fields, parseConversationId), payload: fields.bytes(MAX_MAIL) };
}
