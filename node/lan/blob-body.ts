// The body of an answer that carries a part of a blob: a chunk is read when the client has taken the one before, so that a slow client
// costs one chunk of memory, and one that stands still is let go.
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { PeerError } from '../../src/realm/errors.ts';
import type { OpenedBlob } from '../blobs/blobs.ts';

/** Milliseconds that a client may take for one chunk, and that a chunk may take to arrive here. */
const STALL = 60_000;

export interface BodyPart {
  /** First byte, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Bytes of each chunk but the last. */
  readonly chunk: number;
}

export class BlobBody {
  readonly #blob: OpenedBlob;
  readonly #part: BodyPart;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #gone = new AbortController();
  #at: number;
  #timer: Timer | undefined;

  constructor(blob: OpenedBlob, part: BodyPart, clock: Pick<Clock, 'after'>) {
    this.#blob = blob;
    this.#part = part;
    this.#clock = clock;
    this.#at = part.from;
  }

  stream(): ReadableStream<Uint8Array> {
    this.#wait();
    return new ReadableStream(
      {
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#end(),
      },
      { highWaterMark: 0 },
    );
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const { to, chunk } = this.#part;
    this.#wait();
    try {
      const index = Math.floor(this.#at / chunk);
      const bytes = await this.#blob.chunk(index, this.#gone.signal);
      const start = index * chunk;
      const piece = bytes.subarray(this.#at - start, to - start);
      this.#at += piece.length;
      controller.enqueue(piece);
      if (this.#at < to) return this.#wait();
      await this.#end();
      controller.close();
    } catch (error) {
      await this.#end();
      controller.error(error);
    }
  }

  /** From now on. */
  #wait(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(STALL, () => {
      void this.#end(new PeerError('client-stalled', 'nothing was taken, or came, for a minute'));
    });
  }

  async #end(why: Error = new PeerError('stream-ended', 'the client is gone')): Promise<void> {
    this.#timer?.cancel();
    this.#gone.abort(why);
    await this.#blob.close();
  }
}
