// What a stream of the class bulk carries on its connection: records of our own, with credit from end to end. The seam above
// reads and writes frames as on any stream; their bytes are cut anew here, so no boundary of theirs is kept on the way.
//
//   data   [1, length (4), bytes]            at most MAX_PIECE bytes; inside run the seam's frames, each behind its length (4)
//   ack    [2, received (6), limit (6)]      bytes that have arrived so far, and up to which byte the reader has room
//   end    [3]                               no data follows; acks may
//
// All numbers are big endian and count the bytes of data from the stream's begin.
//
// Credit: a writer never passes the limit. It is FIRST_LIMIT until the first ack and never goes back. The reader's side keeps
// taking what arrives, so that nothing waits in a muxer or a relay for a reader that is slow: what is unread waits at its own
// end, within the limit that it gave (receive-window.ts). Who writes past the limit is reset (`credit-exceeded`).
//
// Pace: all bulk streams of one connection share one window of bytes in flight (pace.ts), which follows the time that acks
// take: it grows while they come back at once and shrinks when more than a few milliseconds of queue stand on the way.
// So bulk fills what others leave, and text finds no queue of bulk before it, on a link, in a relay or in a router.
import { PeerError } from '../../realm/errors.ts';

export const MAX_PIECE = 60 * 1024;
export const FIRST_LIMIT = 64 * 1024;

export type BulkRecord =
  | { readonly kind: 'ack'; readonly received: number; readonly limit: number }
  | { readonly kind: 'end' };

export const DATA = 1;
const ACK = 2;
const END = 3;
export const DATA_HEADER = 5;
const ACK_LENGTH = 13;
const WORD = 2 ** 32;

export function dataHeader(length: number): Uint8Array {
  const header = new Uint8Array(DATA_HEADER);
  header[0] = DATA;
  new DataView(header.buffer).setUint32(1, length);
  return header;
}

export function encodeRecord(record: BulkRecord): Uint8Array {
  if (record.kind === 'end') return Uint8Array.of(END);
  const bytes = new Uint8Array(ACK_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes[0] = ACK;
  for (const [at, value] of [
    [1, record.received],
    [7, record.limit],
  ] as const) {
    view.setUint16(at, Math.floor(value / WORD));
    view.setUint32(at + 2, value % WORD);
  }
  return bytes;
}

/** Bytes of a record's head, of which the first says what it is. @throws PeerError `bad-frame` */
export function headLength(kind: number): number {
  if (kind === DATA) return DATA_HEADER;
  if (kind === ACK) return ACK_LENGTH;
  if (kind === END) return 1;
  throw new PeerError('bad-frame', `a bulk record of kind ${kind}; expected 1, 2 or 3`);
}

/** Of a record that is no data, whole. */
export function decodeRecord(bytes: Uint8Array): BulkRecord {
  if (bytes[0] === END) return { kind: 'end' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (at: number): number => view.getUint16(at) * WORD + view.getUint32(at + 2);
  return { kind: 'ack', received: number(1), limit: number(7) };
}
