// Content v1: what is inside a body once it is opened; servers never look. A CBOR map:
//
//   kind          text, required: "text" is the one kind that version 1 knows
//   sentAt        whole number, required: milliseconds since 1970 by the sender's clock
//   text          text, required of kind "text"; at most MAX_TEXT bytes of UTF-8
//   replyTo       id (16 bytes) of the message answered
//   thread        id (16 bytes) of the message that began the thread
//   mentions      [id of a user (16 bytes), …], at most MAX_MENTIONS
//   expiresAfter  whole number: milliseconds after reading
//
// Keys that this version does not know are ignored. A kind that it does not know comes back as `unknown` with its raw bytes,
// so that a client can keep it and say "needs a newer client".
import { InputError, PeerError } from '../realm/errors.ts';
import { idBytes, type MessageId, parseMessageId, parseUserId, type UserId } from '../realm/ids.ts';
import { MAX_BODY, readId } from './envelope.ts';
import { decodeStrict, encodeItem, Fields } from './strict-cbor.ts';

/** Bytes of UTF-8: leaves room in a body for the other fields and for sealing. */
export const MAX_TEXT = 60 * 1024;
export const MAX_MENTIONS = 100;
const MAX_KIND = 64;

export interface TextContent {
  readonly kind: 'text';
  /** Untrusted: show it as text, never as markup. */
  readonly text: string;
  readonly sentAt: number;
  readonly replyTo?: MessageId;
  readonly thread?: MessageId;
  readonly mentions?: readonly UserId[];
  /** Milliseconds. */
  readonly expiresAfter?: number;
}

export interface UnknownContent {
  readonly kind: 'unknown';
  /** What it calls itself. */
  readonly name: string;
  readonly sentAt: number;
  readonly raw: Uint8Array;
}

export type Content = TextContent | UnknownContent;

/** @throws InputError `text-too-long`, `too-many-mentions` */
export function encodeContent(content: Content): Uint8Array {
  if (content.kind === 'unknown') return content.raw;
  const length = new TextEncoder().encode(content.text).length;
  if (length > MAX_TEXT) {
    throw new InputError('text-too-long', `The text has ${length} bytes; at most ${MAX_TEXT}`, {
      hint: 'Send it in several messages, or as a file.',
    });
  }
  if (content.mentions && content.mentions.length > MAX_MENTIONS) {
    throw new InputError('too-many-mentions', `${content.mentions.length} people are named; at most ${MAX_MENTIONS}`);
  }
  return encodeItem({
    kind: content.kind,
    text: content.text,
    sentAt: content.sentAt,
    ...(content.replyTo && { replyTo: idBytes(content.replyTo) }),
    ...(content.thread && { thread: idBytes(content.thread) }),
    ...(content.mentions && { mentions: content.mentions.map(idBytes) }),
    ...(content.expiresAfter !== undefined && { expiresAfter: content.expiresAfter }),
  });
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeContent(bytes: Uint8Array): Content {
  const item = decodeStrict(bytes, MAX_BODY);
  if (typeof item !== 'object' || item === null || Array.isArray(item) || item instanceof Uint8Array) {
    throw new PeerError('frame-malformed', 'content is a map');
  }
  const entries = new Map<string, unknown>(Object.entries(item));
  const kind = field(entries, 'kind').text(MAX_KIND);
  const sentAt = field(entries, 'sentAt').uint();
  if (kind !== 'text') return { kind: 'unknown', name: kind, sentAt, raw: bytes };
  return { kind, sentAt, ...readText(entries) };
}

function readText(entries: ReadonlyMap<string, unknown>) {
  return {
    text: field(entries, 'text').text(MAX_TEXT),
    ...(entries.has('replyTo') && { replyTo: readId(field(entries, 'replyTo'), parseMessageId) }),
    ...(entries.has('thread') && { thread: readId(field(entries, 'thread'), parseMessageId) }),
    ...(entries.has('mentions') && { mentions: readMentions(field(entries, 'mentions')) }),
    ...(entries.has('expiresAfter') && { expiresAfter: field(entries, 'expiresAfter').uint() }),
  };
}

function readMentions(list: Fields): UserId[] {
  const items = list.list(MAX_MENTIONS);
  const ids = new Fields(items, 'list of mentions');
  return items.map(() => readId(ids, parseUserId));
}

function field(entries: ReadonlyMap<string, unknown>, name: string): Fields {
  return new Fields([entries.get(name)], `content's ${name}`);
}
