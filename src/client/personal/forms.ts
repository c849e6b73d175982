// What a user settles for himself, as it lies in the vault, so that it is the same on each of his devices and no server knows it.
// Strict CBOR; times are milliseconds since 1970.
//
//   read    key conversation              [1, [[arrivedAt, at], …]]    everything that had arrived by `arrivedAt` was read, at `at`
//   hidden  key conversation/message      [1, at]                      deleted for himself alone
//           key conversation              [1, upTo]                    the history that had arrived by then was deleted
//   draft   key conversation              [1, text, message that is answered or null, at]
//   on-top  key conversation              [1, at]                      kept above the others in the list, since then
import { readId } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { idBytes, type MessageId, parseMessageId } from '../../realm/ids.ts';
import type { ReadMark } from '../timeline/events.ts';

/** Marks of one conversation that are kept; what disappears after reading needs the first one that covers it. */
export const MAX_MARKS = 16;
/** Bytes of UTF-8 of a draft: a record of the vault takes no more. */
export const MAX_DRAFT = 12 * 1024;
const MAX_FORM = MAX_DRAFT + 256;
const VERSION = 1;

export interface Draft {
  readonly text: string;
  readonly replyTo?: MessageId;
  readonly at: number;
}

export function encodeMarks(marks: readonly ReadMark[]): Uint8Array {
  return encodeItem([VERSION, marks.slice(-MAX_MARKS).map(({ arrivedAt, at }) => [arrivedAt, at])]);
}

/** @throws PeerError `frame-malformed` */
export function decodeMarks(bytes: Uint8Array): readonly ReadMark[] {
  const list = versioned(bytes, 'read marks', 2).list(MAX_MARKS);
  return list.map((item) => {
    const fields = new Fields(item, 'read mark', 2);
    return { arrivedAt: fields.uint(), at: fields.uint() };
  });
}

export function encodeTime(at: number): Uint8Array {
  return encodeItem([VERSION, at]);
}

/** @throws PeerError `frame-malformed` */
export function decodeTime(bytes: Uint8Array): number {
  return versioned(bytes, 'time', 2).uint();
}

export function encodeDraft({ text, replyTo, at }: Draft): Uint8Array {
  return encodeItem([VERSION, text, replyTo ? idBytes(replyTo) : null, at]);
}

/** @throws PeerError `frame-malformed` */
export function decodeDraft(bytes: Uint8Array): Draft {
  const fields = versioned(bytes, 'draft', 4);
  const text = fields.text(MAX_DRAFT);
  const target = fields.raw();
  const at = fields.uint();
  if (target === null) return { text, at };
  return { text, replyTo: readId(new Fields([target], 'draft'), parseMessageId), at };
}

function versioned(bytes: Uint8Array, what: string, length: number): Fields {
  const fields = new Fields(decodeStrict(bytes, MAX_FORM), what, length);
  if (fields.uint() !== VERSION) fields.fail(`version ${VERSION}`);
  return fields;
}
