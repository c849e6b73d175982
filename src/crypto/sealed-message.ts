// A message, sealed for the members of an epoch of its conversation (docs/crypto.md).
//
//   body    01 | [epoch, group (16), seq, nonce (12), ciphertext, commitment (32), signature (64)]      strict CBOR
//   root    HKDF-SHA-256(EK, salt = message id, info = "canopy/message/1\n" | bound)                         32 bytes
//   keys    HKDF-Expand(root, "canopy/message-keys/1\n", 96) = content key | commitment | nonce key
//   nonce   the first 12 bytes of HMAC-SHA-256(nonce key, plaintext)
//   bound   [conversation, message id, sender, device, group, epoch, seq]                   strict CBOR
//
// EK is the epoch's content key (MlsGroup.contentKey). The ciphertext is AES-256-GCM under the content key, with `bound` as what is
// authenticated beside it. The message id is random, so that no key seals twice, even when a device's state was rolled back; should an
// id be used again all the same, another plaintext has another nonce. The commitment binds ciphertext and signature to one key: a
// report shows the root of one message, and nobody can make another root that opens it to something else. The device signs
// "canopy/sealed/1\n" | bound | commitment | nonce | ciphertext.
//
// `seq` counts a device's messages in a conversation, so that a gap shows. What a body is bound to travels in the envelope.
import { expand, hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { equals } from 'uint8arrays/equals';
import { InputError, PeerError } from '../realm/errors.ts';
import {
  type ConversationId,
  type DeviceId,
  type GroupId,
  idBytes,
  idText,
  type MessageId,
  parseGroupId,
  type UserId,
} from '../realm/ids.ts';
import type { DeviceCertificate } from './device-certificate.ts';
import { MAX_BODY } from './envelope.ts';
import { SIGNATURE_BYTES, type SigningKey, signLabelled, verifyLabelled } from './identity.ts';
import { verifyNatively } from './native-verify.ts';
import { decodeStrict, encodeItem, Fields } from './strict-cbor.ts';

export const SEALED = 0x01;
/** Bytes of an epoch's content key, of a message's root and of a commitment. */
export const MESSAGE_KEY_BYTES = 32;
/** Bytes that sealing adds to a content at most: heads of seven items, epoch and number, ids, nonce, tag, commitment, signature. */
export const MAX_SEALING_BYTES = 176;
const FIELDS = 7;
const NONCE = 12;
const ID = 16;
const TAG = 16;
const ROOT_LABEL = bytesOf('canopy/message/1\n');
const KEYS_LABEL = bytesOf('canopy/message-keys/1\n');
const SIGNATURE_LABEL = 'canopy/sealed/1\n';

/** What a body is bound to; it travels in the envelope. */
export interface SealingContext {
  readonly conversation: ConversationId;
  readonly message: MessageId;
  readonly sender: UserId;
  readonly device: DeviceId;
}

/** Of which keys a body is, without opening it. */
export interface SealedHead {
  readonly group: GroupId;
  readonly epoch: number;
  readonly seq: number;
}

export interface SealingKeys extends SealedHead {
  /** Of that epoch. */
  readonly contentKey: Uint8Array;
  /** The sending device's. */
  readonly signature: SigningKey;
}

interface Sealed extends SealedHead {
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly commitment: Uint8Array;
  readonly signature: Uint8Array;
}

/** @throws InputError `message-too-long` */
export async function sealMessage(
  plaintext: Uint8Array,
  context: SealingContext,
  keys: SealingKeys,
): Promise<Uint8Array> {
  const bound = boundBytes(context, keys);
  const { key, commitment, nonceKey } = messageKeys(messageRoot(context, keys, keys.contentKey));
  const nonce = hmac(sha256, nonceKey, plaintext).slice(0, NONCE);
  const aes = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  const ciphertext = new Uint8Array(await crypto.subtle.encrypt(gcm(nonce, bound), aes, new Uint8Array(plaintext)));
  const signed = joined(bound, commitment, nonce, ciphertext);
  const signature = signLabelled(keys.signature, SIGNATURE_LABEL, signed);
  const item = encodeItem([keys.epoch, idBytes(keys.group), keys.seq, nonce, ciphertext, commitment, signature]);
  const body = new Uint8Array(1 + item.length);
  body[0] = SEALED;
  body.set(item, 1);
  if (body.length > MAX_BODY) {
    throw new InputError('message-too-long', `a body of ${body.length} bytes; at most ${MAX_BODY}`);
  }
  return body;
}

/** @throws PeerError `body-format`, `frame-malformed`, `frame-too-long` */
export function readSealedHead(body: Uint8Array): SealedHead {
  const { group, epoch, seq } = decodeSealed(body);
  return { group, epoch, seq };
}

/**
 * The certificate is that of the context's device, and whether it counts is the caller's to know.
 * @throws PeerError `body-format`, `frame-malformed`, `frame-too-long`, `sender-other`, `signature-wrong`, `commitment-wrong`,
 *   `ciphertext-wrong`
 */
export async function openMessage(
  body: Uint8Array,
  context: SealingContext,
  { contentKey, certificate }: { readonly contentKey: Uint8Array; readonly certificate: DeviceCertificate },
): Promise<Uint8Array> {
  const root = messageRoot(context, decodeSealed(body), contentKey);
  return openWithRoot(body, context, { root, certificate });
}

/** The root of one message: it opens that message and tells nothing of any other. */
export function messageRoot(context: SealingContext, head: SealedHead, contentKey: Uint8Array): Uint8Array {
  const info = joined(ROOT_LABEL, boundBytes(context, head));
  return hkdf(sha256, contentKey, idBytes(context.message), info, MESSAGE_KEY_BYTES);
}

/** As `openMessage`, for who holds the root of this one message. */
export async function openWithRoot(
  body: Uint8Array,
  context: SealingContext,
  { root, certificate }: { readonly root: Uint8Array; readonly certificate: DeviceCertificate },
): Promise<Uint8Array> {
  const { sealed, signed } = claimedBy(body, context, certificate);
  if (!(await verifyNatively(certificate.signatureKey, SIGNATURE_LABEL, signed, sealed.signature))) {
    throw signatureWrong(context);
  }
  const bound = boundBytes(context, sealed);
  const { key, commitment } = messageKeys(root);
  if (!equals(commitment, sealed.commitment)) {
    throw new PeerError('commitment-wrong', 'the message was sealed with another key than this');
  }
  return decrypt(key, sealed, bound);
}

/**
 * Whether the device signed this very message: whoever can't open it can check that, too.
 * @throws PeerError `body-format`, `frame-malformed`, `frame-too-long`, `sender-other`, `signature-wrong`
 */
export function assertSealedBy(body: Uint8Array, context: SealingContext, certificate: DeviceCertificate): void {
  const { sealed, signed } = claimedBy(body, context, certificate);
  if (!verifyLabelled(certificate.signatureKey, SIGNATURE_LABEL, signed, sealed.signature)) {
    throw signatureWrong(context);
  }
}

/** With the bytes that the device must have signed. */
function claimedBy(body: Uint8Array, context: SealingContext, certificate: DeviceCertificate) {
  const sealed = decodeSealed(body);
  if (certificate.user !== context.sender || certificate.device !== context.device) {
    throw new PeerError('sender-other', `the certificate is of ${certificate.device}, not of ${context.device}`);
  }
  const { commitment, nonce, ciphertext } = sealed;
  return { sealed, signed: joined(boundBytes(context, sealed), commitment, nonce, ciphertext) };
}

function signatureWrong({ device }: SealingContext): PeerError {
  return new PeerError('signature-wrong', `the device ${device} did not sign this message`);
}

function decodeSealed(body: Uint8Array): Sealed {
  if (body[0] !== SEALED) throw new PeerError('body-format', `a body of format ${body[0] ?? 'none'}, not ${SEALED}`);
  const encoded = body.subarray(1);
  const fields = new Fields(decodeStrict(encoded, MAX_BODY), 'sealed message', FIELDS);
  const sealed = {
    epoch: fields.uint(),
    group: parseGroupId(idText(fields.bytes(ID, ID))),
    seq: fields.uint(),
    nonce: fields.bytes(NONCE, NONCE),
    ciphertext: fields.bytes(MAX_BODY),
    commitment: fields.bytes(MESSAGE_KEY_BYTES, MESSAGE_KEY_BYTES),
    signature: fields.bytes(SIGNATURE_BYTES, SIGNATURE_BYTES),
  };
  if (sealed.ciphertext.length < TAG) fields.fail(`at least ${TAG} bytes of ciphertext`);
  return sealed;
}

function boundBytes(
  { conversation, message, sender, device }: SealingContext,
  { group, epoch, seq }: SealedHead,
): Uint8Array {
  const ids = [idBytes(conversation), idBytes(message), idBytes(sender), idBytes(device), idBytes(group)];
  return encodeItem([...ids, epoch, seq]);
}

function messageKeys(root: Uint8Array): Record<'key' | 'commitment' | 'nonceKey', Uint8Array<ArrayBuffer>> {
  const keys = new Uint8Array(expand(sha256, root, KEYS_LABEL, MESSAGE_KEY_BYTES * 3));
  return {
    key: keys.slice(0, MESSAGE_KEY_BYTES),
    commitment: keys.slice(MESSAGE_KEY_BYTES, MESSAGE_KEY_BYTES * 2),
    nonceKey: keys.slice(MESSAGE_KEY_BYTES * 2),
  };
}

async function decrypt(
  key: Uint8Array<ArrayBuffer>,
  { nonce, ciphertext }: Sealed,
  bound: Uint8Array,
): Promise<Uint8Array> {
  const aes = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(gcm(nonce, bound), aes, new Uint8Array(ciphertext)));
  } catch (cause) {
    throw new PeerError('ciphertext-wrong', 'the message was signed and does not open', { cause });
  }
}

function gcm(nonce: Uint8Array, bound: Uint8Array) {
  return { name: 'AES-GCM', iv: new Uint8Array(nonce), additionalData: new Uint8Array(bound) };
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
