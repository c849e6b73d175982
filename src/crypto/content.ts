// Content v1: what is inside a body once it is opened; servers never look. A CBOR map:
//
//   kind     text, required: one of those in content-kinds.ts, where each one's own fields stand
//   sentAt   whole number, required: milliseconds since 1970 by the sender's clock
//   after    [id of a message (16 bytes), …], at most MAX_PARENTS: the latest events of the conversation that the sender
//            had seen and that are not before one another; they are shown before this one on every device
//
// Keys that this version does not know are ignored. A kind that it does not know comes back as `unknown` with its raw bytes,
// so that a client can keep it and say "needs a newer client".
import { PeerError } from '../realm/errors.ts';
import { idBytes, type MessageId } from '../realm/ids.ts';
import { fieldsOf, isKnownKind, readKnown } from './content-codecs.ts';
import { messageIds, reader } from './content-fields.ts';
import type { KnownContent } from './content-kinds.ts';
import { MAX_BODY } from './envelope.ts';
import { decodeStrict, encodeItem } from './strict-cbor.ts';

export type * from './content-kinds.ts';
export { MAX_TEXT } from './content-kinds.ts';

/** More heads than this are rare (as many devices wrote at one time); those left out are ordered by their stamps. */
export const MAX_PARENTS = 16;
const MAX_KIND = 64;

interface Common {
  /** Milliseconds since 1970 by the sender's clock. */
  readonly sentAt: number;
  readonly after?: readonly MessageId[];
}

export interface UnknownContent extends Common {
  readonly kind: 'unknown';
  /** What it calls itself. */
  readonly name: string;
  readonly raw: Uint8Array;
}

export type MadeContent = KnownContent & Common;
export type Content = MadeContent | UnknownContent;

/** @throws InputError `text-too-long`, `too-many-mentions`, `name-too-long`, `picture-too-large`, `preview-too-large`, `bad-reaction` */
export function encodeContent(content: Content): Uint8Array {
  if (content.kind === 'unknown') return content.raw;
  return encodeItem({
    kind: content.kind,
    sentAt: content.sentAt,
    ...(content.after && { after: content.after.slice(0, MAX_PARENTS).map(idBytes) }),
    ...fieldsOf(content),
  });
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeContent(bytes: Uint8Array): Content {
  const item = decodeStrict(bytes, MAX_BODY);
  if (typeof item !== 'object' || item === null || Array.isArray(item) || item instanceof Uint8Array) {
    throw new PeerError('frame-malformed', 'content is a map');
  }
  const entries = new Map<string, unknown>(Object.entries(item));
  const field = reader(entries);
  const kind = field('kind').text(MAX_KIND);
  const sentAt = field('sentAt').uint();
  const after = entries.has('after') ? { after: messageIds(field('after'), MAX_PARENTS) } : {};
  if (!isKnownKind(kind)) return { kind: 'unknown', name: kind, sentAt, ...after, raw: bytes };
  return { sentAt, ...after, ...readKnown(kind, entries) };
}
