// The envelope: the outer layer of a message, which servers read. The body inside is opaque to them.
//
//   envelope = [header: bytes, body: bytes]                       CBOR, strict
//   header   = [version, id, conversation, sender, device, [recipient, …], origin, incarnation, ms, counter, expires,
//               priority, durable, SHA-256 of the body, kind, [file, …]]
//
// No recipients: it is for the members of the conversation at the destination, as that realm's roster names them; so one envelope
// a realm is enough, however many members it has. `file` is the id of a stored file that the body refers to. A header of 14 fields
// comes from before there were kinds; its kind follows from the priority.
//
// Ids are 16 bytes, the origin is a realm's name, (ms, counter) is the stamp of the sender's node. Signatures and chains
// cover the digest of the header, and so the body's hash but not the body: a body can be erased and they still hold. The
// bytes travel as they were first encoded; nobody encodes an envelope again.
import { sha256 } from '@noble/hashes/sha2.js';
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../realm/errors.ts';
import {
  type ConversationId,
  type DeviceId,
  idBytes,
  idText,
  type MessageId,
  parseConversationId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../realm/ids.ts';
import { parseRealmName, type RealmName } from '../realm/names.ts';
import { decodeStrict, encodeItem, Fields } from './strict-cbor.ts';

export const ENVELOPE_VERSION = 1;
/** Bytes of a message; what is larger is a file. */
export const MAX_BODY = 64 * 1024;
/** Bytes of a commit or of mails: a change of members among a thousand has more than a message may. */
export const MAX_LARGE_BODY = 192 * 1024;
export const MAX_RECIPIENTS = 1024;
export const MAX_BLOBS = 16;
/** Header of the most recipients (17 bytes each) and files (34), origin, ids and numbers. */
const MAX_HEADER = MAX_RECIPIENTS * 17 + MAX_BLOBS * 34 + 1024;
/** Bytes of an encoded envelope. */
export const MAX_ENVELOPE = MAX_HEADER + MAX_LARGE_BODY + 16;

/** Events of one millisecond; a clock that passes it goes on to the next millisecond. */
export const MAX_COUNTER = 0xffff_ffff;

/** In the order of their codes on the wire. */
export const PRIORITIES = ['text', 'receipt', 'file'] as const;
export type Priority = (typeof PRIORITIES)[number];

/**
 * In the order of their codes on the wire. `commit`: a change of a group's keys or members, from its home. `mail`: opaque bytes for
 * single devices. `control`: what servers tell each other of a conversation.
 */
export const ENVELOPE_KINDS = ['message', 'receipt', 'commit', 'mail', 'control'] as const;
export type EnvelopeKind = (typeof ENVELOPE_KINDS)[number];

/** Hybrid logical time: by `ms` (milliseconds since 1970), then by `counter`. */
export interface Stamp {
  readonly ms: number;
  readonly counter: number;
}

export interface Envelope {
  readonly version: 1;
  readonly id: MessageId;
  readonly conversation: ConversationId;
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly recipients: readonly UserId[];
  readonly origin: RealmName;
  readonly incarnation: number;
  readonly stamp: Stamp;
  /** Milliseconds since 1970; 0 for never. */
  readonly expires: number;
  readonly priority: Priority;
  /** Kept until the destination has it on disk; false only for what may be lost (call signals). */
  readonly durable: boolean;
  readonly kind: EnvelopeKind;
  /** Stored files that the body refers to, 32 bytes each: what may be read by whoever may read the message. */
  readonly blobs: readonly Uint8Array[];
  readonly body: Uint8Array;
}

/** An envelope with the bytes that it came in and their digest. */
export interface EncodedEnvelope {
  readonly envelope: Envelope;
  readonly bytes: Uint8Array;
  /** SHA-256 of the header: what signatures and chains cover. */
  readonly digest: Uint8Array;
  readonly bodyHash: Uint8Array;
}

const HEADER_FIELDS = 16;
const FIELDS_BEFORE_KINDS = 14;
const MAX_NAME = 253;
const HASH = 32;

export function encodeEnvelope(envelope: Envelope): EncodedEnvelope {
  const bodyHash = sha256(envelope.body);
  const header = encodeItem([
    ENVELOPE_VERSION,
    idBytes(envelope.id),
    idBytes(envelope.conversation),
    idBytes(envelope.sender),
    idBytes(envelope.device),
    envelope.recipients.map(idBytes),
    envelope.origin,
    envelope.incarnation,
    envelope.stamp.ms,
    envelope.stamp.counter,
    envelope.expires,
    PRIORITIES.indexOf(envelope.priority),
    envelope.durable,
    bodyHash,
    ENVELOPE_KINDS.indexOf(envelope.kind),
    [...envelope.blobs],
  ]);
  return { envelope, bytes: encodeItem([header, envelope.body]), digest: sha256(header), bodyHash };
}

/** @throws PeerError `frame-too-long`, `frame-malformed`, `envelope-version`, `body-altered` */
export function decodeEnvelope(bytes: Uint8Array): EncodedEnvelope {
  const outer = new Fields(decodeStrict(bytes, MAX_ENVELOPE), 'envelope', 2);
  const header = outer.bytes(MAX_HEADER);
  const body = outer.bytes(MAX_LARGE_BODY);
  const fields = new Fields(decodeStrict(header, MAX_HEADER), 'header');
  const version = fields.uint();
  if (version !== ENVELOPE_VERSION) {
    throw new PeerError('envelope-version', `envelope of version ${version}; this Canopy reads ${ENVELOPE_VERSION}`);
  }
  if (fields.count !== HEADER_FIELDS && fields.count !== FIELDS_BEFORE_KINDS) fields.fail(`one of ${HEADER_FIELDS}`);
  const [addresses, terms] = [readAddresses(fields), readTerms(fields)];
  const bodyHash = fields.bytes(HASH, HASH);
  const envelope = { version, ...addresses, ...terms, ...readKind(fields, terms.priority), body } as const;
  checkBody(envelope);
  if (!equals(bodyHash, sha256(body))) throw new PeerError('body-altered', 'the body does not fit its hash');
  return { envelope, bytes, digest: sha256(header), bodyHash };
}

/** The header's bytes, which outlive the body. @throws PeerError `frame-malformed` */
export function headerOf(bytes: Uint8Array): Uint8Array {
  return new Fields(decodeStrict(bytes, MAX_ENVELOPE), 'envelope', 2).bytes(MAX_HEADER);
}

/**
 * The digest of an envelope that may be unreadable: of its header when the outer form holds (whatever its version), else
 * SHA-256 of all its bytes. So one bad envelope leaves the signature over its batch checkable.
 */
export function envelopeDigest(bytes: Uint8Array): Uint8Array {
  try {
    return sha256(headerOf(bytes));
  } catch {
    return sha256(bytes);
  }
}

function readAddresses(fields: Fields) {
  return {
    id: readId(fields, parseMessageId),
    conversation: readId(fields, parseConversationId),
    sender: readId(fields, parseUserId),
    device: readId(fields, parseDeviceId),
    recipients: readRecipients(fields),
    origin: fields.parsed(MAX_NAME, parseRealmName),
  };
}

function readTerms(fields: Fields) {
  return {
    incarnation: fields.uint(),
    stamp: { ms: fields.uint(), counter: fields.uint(MAX_COUNTER) },
    expires: fields.uint(),
    priority: PRIORITIES[fields.uint(PRIORITIES.length - 1)] ?? 'text',
    durable: fields.flag(),
  };
}

function readKind(fields: Fields, priority: Priority): Pick<Envelope, 'kind' | 'blobs'> {
  if (fields.count === FIELDS_BEFORE_KINDS) return { kind: priority === 'receipt' ? 'receipt' : 'message', blobs: [] };
  const kind = ENVELOPE_KINDS[fields.uint(ENVELOPE_KINDS.length - 1)] ?? 'control';
  const list = fields.list(MAX_BLOBS);
  const ids = new Fields(list, 'list of files');
  return { kind, blobs: list.map(() => ids.bytes(HASH, HASH)) };
}

/** Bytes that the body of that kind may have. */
export function maxBody(kind: EnvelopeKind): number {
  return kind === 'commit' || kind === 'mail' ? MAX_LARGE_BODY : MAX_BODY;
}

function checkBody({ kind, body }: Pick<Envelope, 'kind' | 'body'>): void {
  if (body.length <= maxBody(kind)) return;
  throw new PeerError('frame-too-long', `a body of ${body.length} bytes; at most ${maxBody(kind)} of the kind ${kind}`);
}

function readRecipients(fields: Fields): UserId[] {
  const list = fields.list(MAX_RECIPIENTS);
  const ids = new Fields(list, 'list of recipients');
  return list.map(() => readId(ids, parseUserId));
}

/** The next element as an id of 16 bytes. @throws PeerError `frame-malformed` */
export function readId<T>(fields: Fields, parse: (text: string) => T): T {
  return parse(idText(fields.bytes(16, 16)));
}

/** Negative when `a` comes first. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.ms - b.ms || a.counter - b.counter;
}
