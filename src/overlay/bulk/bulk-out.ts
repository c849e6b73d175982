// The writing side of a bulk stream: one frame at a time, cut into pieces that leave when the reader's limit, the pace of the
// connection and the stream below all let them.
import type { Stream as RawStream } from '@libp2p/interface';
import { Uint8ArrayList } from 'uint8arraylist';
import type { Clock } from '../../realm/clock.ts';
import { PeerError } from '../../realm/errors.ts';
import { dataHeader, encodeRecord, FIRST_LIMIT } from './index.ts';
import type { Pace } from './pace.ts';

const PREFIX = 4;

interface Departure {
  /** Bytes sent up to and with this piece. */
  readonly upTo: number;
  readonly at: number;
}

export class BulkOut {
  readonly #raw: RawStream;
  readonly #pace: Pace;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #frame = new Uint8ArrayList();
  readonly #departures: Departure[] = [];
  #limit = FIRST_LIMIT;
  #sent = 0;
  #acked = 0;
  #queue: Promise<void> = Promise.resolve();
  #leaving: PromiseWithResolvers<void> | undefined;
  #noRoom: (() => void) | undefined;
  #stopped: Error | undefined;
  #hasEnded = false;
  /** A frame left in part. */
  isBroken = false;

  constructor(raw: RawStream, pace: Pace, clock: Pick<Clock, 'monotonic'>) {
    this.#raw = raw;
    this.#pace = pace;
    this.#clock = clock;
  }

  /** Whether we have told the other side that no data follows. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  write(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    const written = this.#queue.then(() => this.#send(frame, signal));
    this.#queue = written.catch(() => {});
    return written;
  }

  async end(): Promise<void> {
    await this.#queue;
    if (this.#hasEnded || this.#stopped) return;
    this.#hasEnded = true;
    this.#raw.send(encodeRecord({ kind: 'end' }));
  }

  /** @throws PeerError `bad-frame` for bytes that were never sent */
  acked(received: number, limit: number): void {
    if (received > this.#sent || received < this.#acked) {
      throw new PeerError('bad-frame', `an ack of ${received} bytes; ${this.#acked} to ${this.#sent} are possible`);
    }
    const bytes = received - this.#acked;
    this.#acked = received;
    this.#limit = Math.max(this.#limit, limit);
    let left: number | undefined;
    while ((this.#departures[0]?.upTo ?? Number.POSITIVE_INFINITY) <= received) left = this.#departures.shift()?.at;
    if (left !== undefined) this.#pace.acked(bytes, this.#clock.monotonic() - left);
    else if (bytes > 0) this.#pace.gone(bytes);
    this.pump();
  }

  pump(): void {
    while (this.#frame.byteLength > 0 && !this.#raw.writableNeedsDrain) {
      const credit = this.#limit - this.#sent;
      if (credit <= 0) return;
      const room = this.#pace.room();
      if (room === 0) return this.#awaitRoom();
      this.#sendPiece(Math.min(room, credit, this.#frame.byteLength));
    }
    if (this.#frame.byteLength > 0) return;
    this.#leaving?.resolve();
  }

  /** Nothing more leaves; a write that is under way fails. */
  stop(cause: Error): void {
    if (this.#stopped) return;
    this.#stopped = cause;
    this.#noRoom?.();
    this.#clear();
    this.#pace.gone(this.#sent - this.#acked);
    this.#leaving?.reject(cause);
  }

  #sendPiece(length: number): void {
    const piece = this.#frame.sublist(0, length);
    this.#frame.consume(length);
    this.#sent += length;
    this.#pace.sent(length);
    this.#departures.push({ upTo: this.#sent, at: this.#clock.monotonic() });
    this.#raw.send(new Uint8ArrayList(dataHeader(length), piece));
  }

  #awaitRoom(): void {
    if (this.#noRoom) return;
    const cancel = this.#pace.whenRoom(() => {
      this.#noRoom = undefined;
      this.pump();
    });
    this.#noRoom = () => {
      this.#noRoom = undefined;
      cancel();
    };
  }

  async #send(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (this.#stopped) throw this.#stopped;
    signal?.throwIfAborted();
    const begun = this.#sent;
    const leaving = Promise.withResolvers<void>();
    const aborted = (): void => leaving.reject(signal?.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    this.#leaving = leaving;
    const prefix = new Uint8Array(PREFIX);
    new DataView(prefix.buffer).setUint32(0, frame.length);
    this.#frame.append(prefix);
    if (frame.length > 0) this.#frame.append(frame);
    try {
      this.pump();
      await leaving.promise;
    } catch (error) {
      this.isBroken ||= this.#sent > begun;
      this.#clear();
      throw error;
    } finally {
      this.#leaving = undefined;
      signal?.removeEventListener('abort', aborted);
    }
  }

  #clear(): void {
    if (this.#frame.byteLength > 0) this.#frame.consume(this.#frame.byteLength);
  }
}
