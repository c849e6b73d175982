// The asker's side of /canopy/blob/1: one ask, and what comes handed on once it is checked.
import { equals } from 'uint8arrays/equals';
import { ChunkList, chunkHash } from '../../crypto/files/chunk-list.ts';
import { chunksOfSealed, sealedRange } from '../../crypto/files/sizes.ts';
import type { Network, Stream } from '../../overlay/seam.ts';
import { blobIdBytes } from '../../realm/blob-id.ts';
import type { Clock, Timer } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, PeerError, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { decodeBlobFrame, encodeAsk } from './frames.ts';
import {
  BLOB_PROTOCOL,
  type BlobAsk,
  type BlobFrame,
  DRAIN,
  HEAD_DEADLINE,
  IDLE_DEADLINE,
  isFinal,
  MAX_FRAME,
} from './index.ts';

export interface BlobSink {
  /** Of a list that is known and checked already; without one it is asked for. */
  readonly list: ChunkList | undefined;
  /** The size that the blob is said to have, and a list that gives its id together with that size. */
  head(size: number, list: ChunkList): Promise<void>;
  /** In order; its hash is the one of the list. The bytes are the sink's own. */
  chunk(index: number, bytes: Uint8Array, hash: Uint8Array): Promise<void>;
}

export interface AskerComponents {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Clock;
}

/**
 * Resolves when all that was asked for has come. Once the signal aborts the holder is told, and the sink still gets what was on the
 * line by then: that does not have to be sent again.
 * @throws RefusedError with the holder's code, when it is final; UnreachableError when asking again can help; PeerError
 *   `chunk-wrong`, `list-wrong`, `frame-malformed`; what the sink throws
 */
export async function askForBlob(
  { network, clock }: AskerComponents,
  holder: RealmName,
  ask: Omit<BlobAsk, 'withList'>,
  sink: BlobSink,
  signal: AbortSignal,
): Promise<void> {
  const options = { class: 'bulk', maxFrame: MAX_FRAME } as const;
  const stream = await within(clock, HEAD_DEADLINE, `way to ${holder}`, signal, (limited) =>
    network.open(holder, BLOB_PROTOCOL, { ...options, signal: limited }),
  );
  try {
    await new Asking(stream, clock, signal).run(ask, sink);
    await stream.close();
  } catch (error) {
    stream.abort(asError(error));
    throw error;
  }
}

class Asking {
  readonly #stream: Stream;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  /** Aborts DRAIN after the other one. */
  readonly #drained = new AbortController();
  #late: Timer | undefined;

  constructor(stream: Stream, clock: Clock, signal: AbortSignal) {
    this.#stream = stream;
    this.#clock = clock;
    this.#signal = signal;
  }

  async run(ask: Omit<BlobAsk, 'withList'>, sink: BlobSink): Promise<void> {
    const withList = sink.list === undefined && ask.count > 0;
    await within(this.#clock, HEAD_DEADLINE, 'room to write', this.#signal, (limited) =>
      this.#stream.write(encodeAsk({ ...ask, withList }), limited),
    );
    const head = await this.#next(HEAD_DEADLINE, this.#signal);
    if (head.kind !== 'blob') throw new PeerError('frame-malformed', `a ${head.kind} before the head`);
    if (ask.count === 0) return;
    const list = sink.list ?? (await this.#readList(head.size));
    await this.#checkList(ask, head.size, list);
    await sink.head(head.size, list);
    this.#signal.throwIfAborted();
    this.#signal.addEventListener('abort', this.#onEnough, { once: true });
    try {
      const end = Math.min(list.count, ask.first + ask.count);
      for (let index = ask.first; index < end; index++) await this.#readChunk(index, head.size, list, sink);
    } finally {
      this.#signal.removeEventListener('abort', this.#onEnough);
      this.#late?.cancel();
    }
  }

  readonly #onEnough = (): void => {
    this.#late = this.#clock.after(DRAIN, () => this.#drained.abort(this.#signal.reason));
    // The reading side tells what becomes of the stream.
    this.#stream.close().catch(() => {});
  };

  async #readList(size: number): Promise<ChunkList> {
    const count = chunksOfSealed(size);
    const list = new ChunkList();
    while (list.count < count) {
      const frame = await this.#next(IDLE_DEADLINE, this.#signal);
      if (frame.kind !== 'list') throw new PeerError('frame-malformed', `a ${frame.kind} within the list`);
      const page = new ChunkList(frame.hashes);
      if (list.count + page.count > count) throw new PeerError('list-wrong', `a list of more than ${count} hashes`);
      for (let at = 0; at < page.count; at++) list.push(page.at(at) ?? new Uint8Array());
    }
    return list;
  }

  async #checkList({ id }: Pick<BlobAsk, 'id'>, size: number, list: ChunkList): Promise<void> {
    if (list.count === chunksOfSealed(size) && equals(await list.digest('blob', size), blobIdBytes(id))) return;
    throw new PeerError('list-wrong', `${this.#stream.peer.realm} sent a list or a size that is not of ${id}`);
  }

  async #readChunk(index: number, size: number, list: ChunkList, sink: BlobSink): Promise<void> {
    const frame = await this.#next(IDLE_DEADLINE, this.#drained.signal);
    if (frame.kind !== 'chunk' || frame.index !== index) {
      throw new PeerError('frame-malformed', `expected chunk ${index} of the blob`);
    }
    const { from, to } = sealedRange(index, size);
    const hash = frame.bytes.length === to - from ? await chunkHash(frame.bytes) : new Uint8Array();
    if (!equals(hash, list.at(index) ?? new Uint8Array())) {
      throw new PeerError('chunk-wrong', `${this.#stream.peer.realm} sent something else as chunk ${index}`);
    }
    await sink.chunk(index, frame.bytes, hash);
  }

  async #next(deadline: number, signal: AbortSignal): Promise<BlobFrame> {
    const bytes = await within(this.#clock, deadline, 'part of the blob', signal, (limited) =>
      this.#stream.read(limited),
    );
    if (!bytes) this.#signal.throwIfAborted();
    if (!bytes) throw new UnreachableError('stream-ended', `${this.#stream.peer.realm} ended before the end`);
    const frame = decodeBlobFrame(bytes);
    if (frame.kind !== 'refused') return frame;
    const said = `${this.#stream.peer.realm} gives no blob: ${frame.code}`;
    throw isFinal(frame.code) ? new RefusedError(frame.code, said) : new UnreachableError(frame.code, said);
  }
}
