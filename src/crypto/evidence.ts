// Proof of who wrote one message, for somebody who was not there: a report to a superior that needs no server to be believed.
//
//   report   = [1, evidence of the message, evidence of its last change or null]      strict CBOR
//   evidence = [1, conversation, message id, sender, device, body, root, certificate, realm, statement, chain]      strict CBOR
//
// A change (content `edit`) is a message of its own, with a signature of its own: without it a report of what was changed would show
// what nobody sees any more, and with it alone what was said first would be gone.
//
// `body` is the sealed body as it came and `root` the key of this one message (sealed-message.ts): it opens nothing else. The body names
// a key by its commitment and is signed by the device; the certificate says that the device is the identity's; `statement` and `chain`
// say that the identity is the user's, by the authority of `realm` and those above it up to a root. They are bytes here: who verifies
// brings the reader of them (`prove`).
//
// It proves content and author. It does not prove when: the time inside is by the sender's own clock. Nor does it prove that the device
// was not stolen, or removed at that time.
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../realm/errors.ts';
import {
  idBytes,
  idText,
  parseConversationId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../realm/ids.ts';
import { parseRealmName, type RealmName } from '../realm/names.ts';
import { type Content, decodeContent, type MadeContent } from './content.ts';
import { type DeviceCertificate, MAX_DEVICE_CERTIFICATE, readDeviceCertificate } from './device-certificate.ts';
import { MAX_BODY } from './envelope.ts';
import {
  MESSAGE_KEY_BYTES,
  openWithRoot,
  readSealedHead,
  type SealedHead,
  type SealingContext,
} from './sealed-message.ts';
import { decodeStrict, encodeItem, Fields } from './strict-cbor.ts';

const ID = 16;
const MAX_NAME = 253;
const MAX_STATEMENT = 1024;
const MAX_CHAIN = 16 * 1024;
/** Bytes of the evidence of one message. */
export const MAX_EVIDENCE: number = MAX_BODY + MAX_STATEMENT + MAX_CHAIN + 2048;
/** Bytes of a report. */
export const MAX_REPORT: number = 2 * MAX_EVIDENCE + 64;

/** Whose key an identity is, in the words of a realm. */
export interface IdentityProof {
  readonly realm: RealmName;
  /** As the directory chain holds it. */
  readonly statement: Uint8Array;
  /** Certificates of the realm's authority and of those above it. */
  readonly chain: Uint8Array;
}

export interface ProvenIdentity {
  readonly user: UserId;
  readonly key: Uint8Array;
}

export interface Evidence extends IdentityProof {
  readonly context: SealingContext;
  readonly body: Uint8Array;
  /** `messageRoot` of the message. */
  readonly root: Uint8Array;
  readonly certificate: Uint8Array;
}

export interface VerifiedEvidence<Identity extends ProvenIdentity> {
  readonly context: SealingContext;
  readonly head: SealedHead;
  readonly certificate: DeviceCertificate;
  readonly identity: Identity;
  readonly content: Content;
}

type Edit = MadeContent & { readonly kind: 'edit' };

/** Evidence of a message as it is shown. */
export interface Report {
  readonly message: Uint8Array;
  /** Of its last change by its author. */
  readonly change?: Uint8Array;
}

export interface VerifiedReport<Identity extends ProvenIdentity> {
  readonly message: VerifiedEvidence<Identity>;
  readonly change?: VerifiedEvidence<Identity> & { readonly content: Edit };
}

export function encodeReport({ message, change }: Report): Uint8Array {
  return encodeItem([1, message, change ?? null]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeReport(bytes: Uint8Array): Report {
  const fields = new Fields(decodeStrict(bytes, MAX_REPORT), 'report', 3);
  if (fields.uint() !== 1) fields.fail('version 1');
  const message = fields.bytes(MAX_EVIDENCE);
  const change = fields.raw();
  return change === null ? { message } : { message, change: new Fields([change], 'report').bytes(MAX_EVIDENCE) };
}

/**
 * @param prove as of `verifyEvidence`
 * @throws PeerError `change-other`; as `verifyEvidence`
 */
export async function verifyReport<Identity extends ProvenIdentity>(
  bytes: Uint8Array,
  prove: (proof: IdentityProof) => Promise<Identity>,
): Promise<VerifiedReport<Identity>> {
  const report = decodeReport(bytes);
  const message = await verifyEvidence(report.message, prove);
  if (!report.change) return { message };
  const change = await verifyEvidence(report.change, prove);
  const { context, content } = change;
  const { conversation, message: id, sender } = message.context;
  const isOfIt = context.conversation === conversation && context.sender === sender;
  if (!isOfIt || content.kind !== 'edit' || content.target !== id) {
    throw new PeerError('change-other', `${context.message} is no change of ${id} by its author`);
  }
  return { message, change: { ...change, content } };
}

export function encodeEvidence({ context, body, root, certificate, realm, statement, chain }: Evidence): Uint8Array {
  const { conversation, message, sender, device } = context;
  const ids = [conversation, message, sender, device].map(idBytes);
  return encodeItem([1, ...ids, body, root, certificate, realm, statement, chain]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  const fields = new Fields(decodeStrict(bytes, MAX_EVIDENCE), 'piece of evidence', 11);
  if (fields.uint() !== 1) fields.fail('version 1');
  const id = () => idText(fields.bytes(ID, ID));
  return {
    context: {
      conversation: parseConversationId(id()),
      message: parseMessageId(id()),
      sender: parseUserId(id()),
      device: parseDeviceId(id()),
    },
    body: fields.bytes(MAX_BODY),
    root: fields.bytes(MESSAGE_KEY_BYTES, MESSAGE_KEY_BYTES),
    certificate: fields.bytes(MAX_DEVICE_CERTIFICATE),
    realm: fields.parsed(MAX_NAME, parseRealmName),
    statement: fields.bytes(MAX_STATEMENT),
    chain: fields.bytes(MAX_CHAIN),
  };
}

/**
 * @param prove throws when the realm does not say that, or no root stands behind it
 * @throws PeerError `frame-too-long`, `frame-malformed`, `body-format`, `device-certificate-forged`, `sender-other`, `signature-wrong`,
 *   `commitment-wrong`, `ciphertext-wrong`, `identity-other`; what `prove` throws
 */
export async function verifyEvidence<Identity extends ProvenIdentity>(
  bytes: Uint8Array,
  prove: (proof: IdentityProof) => Promise<Identity>,
): Promise<VerifiedEvidence<Identity>> {
  const evidence = decodeEvidence(bytes);
  const { context, body, root } = evidence;
  const certificate = readDeviceCertificate(evidence.certificate);
  const plaintext = await openWithRoot(body, context, { root, certificate });
  const identity = await prove(evidence);
  if (identity.user !== context.sender || !equals(identity.key, certificate.identityKey)) {
    throw new PeerError(
      'identity-other',
      `${evidence.realm} does not say that this identity is that of ${context.sender}`,
    );
  }
  return { context, head: readSealedHead(body), certificate, identity, content: decodeContent(plaintext) };
}
