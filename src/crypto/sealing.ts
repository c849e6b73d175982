// The one place that makes a body of content and content of a body. The first byte says how a body was made:
//
//   body = format byte, then
//     00   content v1 in clear: before there were keys; no client that has keys reads it
//     01   content v1, sealed for the members of an epoch (sealed-message.ts)
import { PeerError } from '../realm/errors.ts';
import { type Content, decodeContent, encodeContent } from './content.ts';
import type { DeviceCertificate } from './device-certificate.ts';
import {
  openMessage,
  readSealedHead,
  SEALED,
  type SealedHead,
  type SealingContext,
  type SealingKeys,
  sealMessage,
} from './sealed-message.ts';

export type { SealingContext } from './sealed-message.ts';

const IN_CLEAR = 0x00;

/** Where a client looks for what opens a body. */
export interface OpeningKeys {
  /** The content key of an epoch; undefined when this device doesn't have it (yet). */
  contentKey(head: SealedHead, context: SealingContext): Promise<Uint8Array | undefined>;
  /** The certificate of the device that sent it, when it counts. @throws PeerError with the reason when it doesn't */
  sender(head: SealedHead, context: SealingContext): Promise<DeviceCertificate>;
}

/**
 * Without keys in clear.
 * @throws InputError `text-too-long`, `too-many-mentions`, `message-too-long`
 */
export async function seal(content: Content, context: SealingContext, keys?: SealingKeys): Promise<Uint8Array> {
  const inner = encodeContent(content);
  if (keys) return sealMessage(inner, context, keys);
  const body = new Uint8Array(1 + inner.length);
  body[0] = IN_CLEAR;
  body.set(inner, 1);
  return body;
}

/**
 * With keys, a body in clear is refused: a server could have written it.
 * @throws PeerError `body-format` when a newer client made it, `body-in-clear`, `epoch-unknown`, `frame-malformed`, `frame-too-long`,
 *   and those of `openMessage`
 */
export async function open(body: Uint8Array, context: SealingContext, keys?: OpeningKeys): Promise<Content> {
  const format = body[0];
  if (format === SEALED && keys) return decodeContent(await openSealed(body, context, keys));
  if (format !== IN_CLEAR) throw new PeerError('body-format', `a body of format ${format ?? 'none'}`);
  if (keys) throw new PeerError('body-in-clear', 'a body in clear, which nobody has signed');
  return decodeContent(body.subarray(1));
}

async function openSealed(body: Uint8Array, context: SealingContext, keys: OpeningKeys): Promise<Uint8Array> {
  const head = readSealedHead(body);
  const certificate = await keys.sender(head, context);
  const contentKey = await keys.contentKey(head, context);
  if (!contentKey) {
    throw new PeerError('epoch-unknown', `epoch ${head.epoch} of the group ${head.group} is not known here`);
  }
  return openMessage(body, context, { contentKey, certificate });
}
