// The one place that makes a body of content and content of a body. In this version content travels in clear; the first
// byte says how a body was made, so that sealed bodies are told apart from the first one on.
//
//   body = format byte, then
//     00   content v1 in clear
import { PeerError } from '../realm/errors.ts';
import type { ConversationId, DeviceId, MessageId, UserId } from '../realm/ids.ts';
import { type Content, decodeContent, encodeContent } from './content.ts';

const IN_CLEAR = 0x00;

/** What a body is bound to; sealing will authenticate all of it. */
export interface SealingContext {
  readonly conversation: ConversationId;
  readonly message: MessageId;
  readonly sender: UserId;
  readonly device: DeviceId;
}

/** @throws InputError `text-too-long`, `too-many-mentions` */
export async function seal(content: Content, _context: SealingContext): Promise<Uint8Array> {
  const inner = encodeContent(content);
  const body = new Uint8Array(1 + inner.length);
  body[0] = IN_CLEAR;
  body.set(inner, 1);
  return body;
}

/** @throws PeerError `body-format` when a newer client made it, `frame-malformed`, `frame-too-long` */
export async function open(body: Uint8Array, _context: SealingContext): Promise<Content> {
  if (body[0] !== IN_CLEAR) {
    throw new PeerError('body-format', `a body of format ${body[0] ?? 'none'}; this client reads ${IN_CLEAR}`);
  }
  return decodeContent(body.subarray(1));
}
