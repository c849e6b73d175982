// One upload: a file is sealed chunk by chunk, sent, and given the id that its ciphertext has. It survives cuts and stops of the
// server, and with a storage those of this client.
//
// One rule is above all others: under one key no chunk number ever seals two different plaintexts, or the key is as good as told. A
// file may change between two runs, and while it is read. So before chunks are sent, their number and a digest of all plaintext up to
// them are written down; a later run sends nothing under the same key until it has read so much of the file again and found the
// same; and whatever is sealed a second time is compared with what was sealed the first time.
import { equals } from 'uint8arrays/equals';
import { ChunkList, chunkHash } from '../../crypto/files/chunk-list.ts';
import type { FileCard } from '../../crypto/files/file-card.ts';
import { mediaType } from '../../crypto/files/file-card.ts';
import { chunksOfPlain, PLAIN_CHUNK, SEALED_CHUNK, sealedSize } from '../../crypto/files/sizes.ts';
import { FileCipher, type FileSecret } from '../../crypto/files/stream-cipher.ts';
import { blobIdOf } from '../../realm/blob-id.ts';
import type { Clock } from '../../realm/clock.ts';
import { ConflictError } from '../../realm/errors.ts';
import { type FileServer, isPassing } from './file-server.ts';
import { PieceSize } from './piece-size.ts';
import type { FileSource, TransferOptions } from './places.ts';

/** What is kept of an upload under way. */
export interface UploadNote extends FileSecret {
  readonly upload: string;
  /** Chunks that may have been sent, and the digest of their plaintext hashes. */
  readonly sent: number;
  readonly digest: Uint8Array;
}

export interface UploadComponents {
  readonly server: FileServer;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** On disk, as far as the surroundings have one, when it resolves. */
  readonly note: (note: UploadNote) => Promise<void>;
}

export class Upload {
  readonly #source: FileSource;
  readonly #parts: UploadComponents;
  readonly #cipher: FileCipher;
  readonly #secret: FileSecret;
  readonly #upload: string;
  readonly #plain = new ChunkList();
  readonly #sealed = new ChunkList();
  readonly #count: number;
  #sent: number;

  private constructor(source: FileSource, note: UploadNote, cipher: FileCipher, parts: UploadComponents) {
    this.#source = source;
    this.#parts = parts;
    this.#cipher = cipher;
    this.#secret = { key: note.key, prefix: note.prefix };
    this.#upload = note.upload;
    this.#sent = note.sent;
    this.#count = chunksOfPlain(source.size);
  }

  /** @throws ConflictError `file-changed` when the file is not the one of the note */
  static async open(
    source: FileSource,
    note: UploadNote,
    parts: UploadComponents,
    signal: AbortSignal,
  ): Promise<Upload> {
    const upload = new Upload(source, note, await FileCipher.of(note), parts);
    for (let index = 0; index < note.sent; index++) {
      signal.throwIfAborted();
      await upload.#seal(index);
    }
    if (note.sent > 0 && !equals(await upload.#digest(), note.digest)) throw changed(source);
    return upload;
  }

  /** Resolves when the server has all of it under its id. @throws ConflictError `file-changed`; as the routes throw */
  async run(signal: AbortSignal, onProgress: TransferOptions['onProgress']): Promise<FileCard> {
    const { server, clock } = this.#parts;
    const total = sealedSize(this.#source.size);
    const size = new PieceSize();
    let { offset } = await server.status(this.#upload, signal);
    onProgress?.({ done: offset, total });
    while (offset < total) {
      const first = offset / SEALED_CHUNK;
      const bytes = await this.#piece(first, Math.min(this.#count, first + size.chunks), signal);
      const began = clock.monotonic();
      try {
        ({ offset } = await server.append(this.#upload, offset, bytes, signal));
        size.learn(clock.monotonic() - began);
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error;
        size.fail();
        ({ offset } = await server.status(this.#upload, signal));
      }
      onProgress?.({ done: offset, total });
    }
    return this.#finish(signal);
  }

  async #finish(signal: AbortSignal): Promise<FileCard> {
    // A run that found everything sent has still to see what it was.
    for (let index = this.#sealed.count; index < this.#count; index++) await this.#seal(index);
    const { name, size, type } = this.#source;
    const blob = blobIdOf(await this.#sealed.digest('blob', sealedSize(size)));
    await this.#parts.server.finish(this.#upload, blob, signal);
    const hash = await this.#plain.digest('content', size);
    const preview = await this.#source.preview?.();
    const card = { name, size, type: mediaType(type), blob, hash, ...this.#secret };
    return preview ? { ...card, preview } : card;
  }

  async #piece(first: number, end: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    for (let index = this.#sealed.count; index < first; index++) await this.#seal(index);
    for (let index = first; index < end; index++) {
      signal.throwIfAborted();
      chunks.push(await this.#seal(index));
    }
    if (end > this.#sent) {
      await this.#parts.note({ ...this.#secret, upload: this.#upload, sent: end, digest: await this.#digest() });
      this.#sent = end;
    }
    return joined(chunks);
  }

  /** Reads and seals a chunk. @throws ConflictError `file-changed` when it was another one before */
  async #seal(index: number): Promise<Uint8Array> {
    const from = index * PLAIN_CHUNK;
    const length = Math.min(PLAIN_CHUNK, this.#source.size - from);
    const plain = await this.#source.read(from, length);
    if (plain.length !== length) throw changed(this.#source);
    const hash = await chunkHash(plain);
    const before = this.#plain.at(index);
    if (before && !equals(before, hash)) throw changed(this.#source);
    const sealed = await this.#cipher.seal(index, plain, index === this.#count - 1);
    if (!before) {
      this.#plain.push(hash);
      this.#sealed.push(await chunkHash(sealed));
    }
    return sealed;
  }

  /** Of the plaintext of all chunks that were read. */
  #digest(): Promise<Uint8Array> {
    return this.#plain.digest('content', Math.min(this.#source.size, this.#plain.count * PLAIN_CHUNK));
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function changed({ name }: FileSource): ConflictError {
  return new ConflictError('file-changed', `"${name.slice(0, 80)}" changed while it was being sent`, {
    hint: 'Send it again when it stays as it is.',
  });
}
