// `/canopy/blob/1`: one node asks another for the ciphertext of a file, over a stream of the class bulk, so that it goes through
// pipes and always makes room for text. Blobs are named by what they hold (src/crypto/files/chunk-list.ts): whatever comes is
// checked chunk by chunk against a list that is checked against the id, so nobody on the way has to be believed.
//
//   asker -> holder   ask     [1, id (32 bytes), reader, origin, first, count, with list]          once
//   holder -> asker   head    [1, 'blob', size]
//                     list    02 | up to LIST_PAGE hashes of 32 bytes, page after page             when it was asked for
//                     chunk   01 | number (4 bytes, big endian) | ciphertext                        first, first + 1, … count times
//                     or      [1, 'refused', code], and nothing after it
//   Then both close.
//
// Either side may end earlier: the asker when it wants no more, the holder when it is stopping. The holder ends after the chunk that it is
// sending, and the asker still takes what is on the line, so that nothing of it has to be sent again; DRAIN at most.
//
// `reader` is the realm whose people want it, `origin` the one where the message that refers to it came from. The asker is the
// reader, or stands on the tree between the reader and the holder and asks for it; the same holds for holder and origin. The
// holder that is the origin looks into its own references: the reader needs a member of a conversation in which the blob was
// sent. A holder that is not asks on, with count 0 when it has all of it; so each realm holds one copy, and each reader's right is
// judged by the origin. `count` 0 asks for the right alone. A list and the first chunk may be asked for anew after every cut: the
// asker goes on at the chunk that it lacks.
//
// Limits: MAX_FRAME a frame, MAX_STREAMS streams a peer, MAX_SERVED in all. Deadlines: 10 s for the ask, 30 s for the head, 60 s
// without a chunk at the asker, 60 s without room to write at the holder, 3 s for what is on the line when either has ended.
// Refusals: `blob-unknown` (there is none, or the reader may not have it), `blob-expired`, `out-of-way`, `no-way`, `blob-busy`,
// `blob-away` (the holder cannot reach the origin now), `blob-damaged`, `disk-full`, `store-full`, `frame-malformed`.
// Final are `blob-unknown`, `blob-expired`, `out-of-way`, `no-way`; after the others the asker tries again later.
import { SEALED_CHUNK } from '../../crypto/files/sizes.ts';
import type { BlobId } from '../../realm/blob-id.ts';
import type { RealmName } from '../../realm/names.ts';

export const BLOB_PROTOCOL = '/canopy/blob/1';
/** Hashes in one frame: 128 KiB. */
export const LIST_PAGE = 4096;
/** Number and kind of a chunk. */
export const CHUNK_HEAD = 5;
export const MAX_FRAME = SEALED_CHUNK + CHUNK_HEAD;
export const MAX_STREAMS = 64;
export const MAX_SERVED = 256;
export const ASK_DEADLINE = 10_000;
export const HEAD_DEADLINE = 30_000;
/** Milliseconds without anything of a blob, on either side. */
export const IDLE_DEADLINE = 60_000;
/** For what is on the line, when no more is wanted or given. */
export const DRAIN = 3_000;

export interface BlobAsk {
  readonly id: BlobId;
  readonly reader: RealmName;
  readonly origin: RealmName;
  readonly first: number;
  /** 0: only whether the reader may have it. */
  readonly count: number;
  readonly withList: boolean;
}

export type BlobFrame =
  | { readonly kind: 'blob'; readonly size: number }
  | { readonly kind: 'list'; readonly hashes: Uint8Array }
  | { readonly kind: 'chunk'; readonly index: number; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly code: string };

const FINAL = new Set(['blob-unknown', 'blob-expired', 'out-of-way', 'no-way']);

/** Whether asking the same realm again can't help. */
export function isFinal(code: string): boolean {
  return FINAL.has(code);
}
