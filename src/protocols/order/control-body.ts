// The body of an envelope of the kind `control`: what a realm's server tells another's of a conversation, in the name of one of its users.
//
//   body = [0, [message, …]]      the sender takes back messages of its own: their bodies are erased, their hashes stay
//        | [1, group, intent]     a change that a member wants made, while the home was out of reach (intent.ts)
import { readId } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type GroupId, idBytes, type MessageId, parseGroupId, parseMessageId } from '../../realm/ids.ts';

export type Control =
  | { readonly kind: 'erase'; readonly ids: readonly MessageId[] }
  | { readonly kind: 'intent'; readonly group: GroupId; readonly intent: Uint8Array };

/** Messages that one envelope takes back. */
export const MAX_ERASED = 256;
export const MAX_INTENT = 4 * 1024;
const MAX_BYTES = 16 * 1024;

export function encodeControl(control: Control): Uint8Array {
  return control.kind === 'erase'
    ? encodeItem([0, control.ids.map(idBytes)])
    : encodeItem([1, idBytes(control.group), control.intent]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeControl(bytes: Uint8Array): Control {
  const fields = new Fields(decodeStrict(bytes, MAX_BYTES), 'control');
  const kind = fields.uint(1);
  if (fields.count !== (kind === 0 ? 2 : 3)) fields.fail('the kind of a control with as many fields');
  if (kind === 1) return { kind: 'intent', group: readId(fields, parseGroupId), intent: fields.bytes(MAX_INTENT) };
  const list = fields.list(MAX_ERASED);
  const ids = new Fields(list, 'list of messages');
  return { kind: 'erase', ids: list.map(() => readId(ids, parseMessageId)) };
}
