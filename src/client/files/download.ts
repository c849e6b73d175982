// One download: pieces of ciphertext are opened chunk by chunk and handed on. What an earlier run left is read again and counted in; at
// the end the whole plaintext has the hash that the sender gave it, or it is refused.
import { equals } from 'uint8arrays/equals';
import { ChunkList, chunkHash } from '../../crypto/files/chunk-list.ts';
import type { FileCard } from '../../crypto/files/file-card.ts';
import { chunksOfPlain, PLAIN_CHUNK, SEALED_CHUNK, sealedSize } from '../../crypto/files/sizes.ts';
import { FileCipher } from '../../crypto/files/stream-cipher.ts';
import type { Clock } from '../../realm/clock.ts';
import { PeerError } from '../../realm/errors.ts';
import type { FileServer } from './file-server.ts';
import { PieceSize } from './piece-size.ts';
import type { FileSink, TransferOptions } from './places.ts';

export interface DownloadComponents {
  readonly server: FileServer;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export class Download {
  readonly #card: FileCard;
  readonly #cipher: FileCipher;
  readonly #parts: DownloadComponents;
  readonly #count: number;
  readonly #size = new PieceSize();

  private constructor(card: FileCard, cipher: FileCipher, parts: DownloadComponents) {
    this.#card = card;
    this.#cipher = cipher;
    this.#parts = parts;
    this.#count = chunksOfPlain(card.size);
  }

  static async open(card: FileCard, parts: DownloadComponents): Promise<Download> {
    return new Download(card, await FileCipher.of(card), parts);
  }

  /** @throws PeerError `file-altered`; as the routes and the sink throw */
  async into(sink: FileSink, signal: AbortSignal, onProgress: TransferOptions['onProgress']): Promise<void> {
    const had = await this.#found(sink, signal);
    let list = await this.#rest(sink, had, signal, onProgress);
    // What an earlier run left may have been damaged since: everything once more, then it is the server's or the sender's doing.
    if (had.count > 0 && !(await this.#isRight(list))) {
      list = await this.#rest(sink, new ChunkList(), signal, onProgress);
    }
    if (!(await this.#isRight(list))) throw altered(this.#card);
    await sink.finish();
  }

  /** Plaintext of any part, for a player that seeks. Its chunks are authenticated, the whole is not. */
  async part(from: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const to = Math.min(this.#card.size, from + length);
    const parts: Uint8Array[] = [];
    for await (const piece of this.plain(from, to, signal)) parts.push(piece);
    const all = new Uint8Array(parts.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of parts) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  /**
   * Plaintext from one byte up to another, piece by piece as it is asked for. Who takes all of it gets the last piece only when the
   * whole is what the sender said it was.
   * @throws PeerError `file-altered`; as the routes throw
   */
  async *plain(from: number, to: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const isWhole = from === 0 && to === this.#card.size;
    const list = new ChunkList();
    let index = Math.floor(from / PLAIN_CHUNK);
    const end = isWhole ? this.#count : Math.ceil(to / PLAIN_CHUNK);
    while (index < end) {
      for (const chunk of await this.#chunks(index, Math.min(end, index + this.#size.chunks), signal)) {
        if (isWhole) list.push(await chunkHash(chunk));
        const at = index * PLAIN_CHUNK;
        index += 1;
        if (isWhole && index === end && !(await this.#isRight(list))) throw altered(this.#card);
        yield chunk.subarray(Math.max(0, from - at), Math.min(chunk.length, to - at));
      }
    }
  }

  /** Hashes of the whole chunks that are there. */
  async #found(sink: FileSink, signal: AbortSignal): Promise<ChunkList> {
    const list = new ChunkList();
    const have = Math.min(await sink.have(), this.#card.size);
    for (let from = 0; from < have; from += PLAIN_CHUNK) {
      signal.throwIfAborted();
      const length = Math.min(PLAIN_CHUNK, this.#card.size - from);
      if (from + length > have) break;
      list.push(await chunkHash(await sink.read(from, length)));
    }
    return list;
  }

  async #rest(
    sink: FileSink,
    list: ChunkList,
    signal: AbortSignal,
    onProgress: TransferOptions['onProgress'],
  ): Promise<ChunkList> {
    const total = sealedSize(this.#card.size);
    const tell = (): void => onProgress?.({ done: Math.min(total, list.count * SEALED_CHUNK), total });
    tell();
    while (list.count < this.#count) {
      const end = Math.min(this.#count, list.count + this.#size.chunks);
      for (const chunk of await this.#chunks(list.count, end, signal)) {
        await sink.write(list.count * PLAIN_CHUNK, chunk);
        list.push(await chunkHash(chunk));
      }
      tell();
    }
    return list;
  }

  /** Opened, in order. */
  async #chunks(first: number, end: number, signal: AbortSignal): Promise<Uint8Array[]> {
    const { server, clock } = this.#parts;
    const total = sealedSize(this.#card.size);
    const [from, to] = [first * SEALED_CHUNK, Math.min(total, end * SEALED_CHUNK)];
    const began = clock.monotonic();
    const piece = await server.read(this.#card.blob, from, to, signal);
    this.#size.learn(clock.monotonic() - began);
    const isAsked = piece.from === from && piece.bytes.length === to - from && piece.size === total;
    if (!isAsked) throw altered(this.#card);
    const opened: Uint8Array[] = [];
    for (let index = first; index < end; index++) {
      const at = (index - first) * SEALED_CHUNK;
      const sealed = piece.bytes.subarray(at, at + SEALED_CHUNK);
      opened.push(await this.#cipher.open(index, sealed, index === this.#count - 1));
    }
    return opened;
  }

  async #isRight(list: ChunkList): Promise<boolean> {
    return equals(await list.digest('content', this.#card.size), this.#card.hash);
  }
}

function altered({ blob }: FileCard): PeerError {
  return new PeerError('file-altered', `what came as ${blob} is not what was sent`);
}
