// What the rest of the node sees of files: opaque blobs of ciphertext, each under an id that follows from its bytes.
import type { BlobId } from '../../src/realm/blob-id.ts';
import type { MessageId, UserId } from '../../src/realm/ids.ts';
import type { Write } from '../../src/store/engine.ts';
import type { Referring } from './blob-access.ts';
import type { UploadBody, UploadView } from './uploads.ts';

/** To be closed. A blob that is still arriving is read all the same: what is not here is waited for. */
export interface OpenedBlob {
  readonly size: number;
  list(signal: AbortSignal): Promise<Uint8Array>;
  /** Ciphertext of one chunk. @throws LocalError `blob-damaged`; UnreachableError `blob-away`; RefusedError `blob-unknown` */
  chunk(index: number, signal: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** For the clients of this LAN. Errors stand at the parts that throw them. */
export interface LanBlobs {
  create(user: UserId, size: number): Promise<UploadView>;
  status(user: UserId, upload: string): Promise<UploadView>;
  append(user: UserId, upload: string, offset: number, body: UploadBody): Promise<UploadView>;
  finish(user: UserId, upload: string, id: BlobId): Promise<void>;
  abandon(user: UserId, upload: string): Promise<void>;
  /** Those that the user may read and that do not lie here. */
  lacking(user: UserId, ids: readonly BlobId[]): Promise<BlobId[]>;
  /** @throws RefusedError `blob-unknown` for whoever may not read it, `blob-expired`, `blob-busy`; UnreachableError `blob-away` */
  open(user: UserId, id: BlobId, signal: AbortSignal): Promise<OpenedBlob>;
}

/** For whoever writes and erases messages. */
export interface MessageBlobs {
  /** @throws RefusedError `blob-unknown` */
  assertMayRefer(user: UserId, blobs: readonly Uint8Array[]): Promise<void>;
  referWrites(referring: Referring): Write[];
  forgetWrites(message: MessageId, sender: UserId): Promise<Write[]>;
}

/** For whoever takes back what a restored copy lacks. */
export interface LostReferences extends Pick<MessageBlobs, 'referWrites'> {
  /** Of the files of a message those to which it does not refer here. */
  unstated(message: MessageId, sender: UserId, blobs: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** Those that may be referred to again by the word of a user who need not be their sender. */
  restatable(user: UserId, blobs: readonly Uint8Array[]): Promise<Uint8Array[]>;
}
