// The seam's Stream over a stream of libp2p. Frames have a length of four bytes, big endian. Back-pressure holds both
// ways, in spite of three traps of libp2p 3: `onDrain()` works once (the `drain` event is used), iterating a stream has no
// back-pressure (`message` events with pause and resume are), and pausing inside a `message` that `resume()` delivers is
// undone when `resume()` returns (we pause in a microtask).
import type { Stream as RawStream } from '@libp2p/interface';
import { Uint8ArrayList } from 'uint8arraylist';
import { asError, PeerError } from '../realm/errors.ts';
import { roomToWrite } from './room-to-write.ts';
import type { Path, Peer, Stream } from './seam.ts';

export const DEFAULT_MAX_FRAME = 1024 * 1024;
const PREFIX = 4;
/** Unread bytes above which we ask for no more. */
const HIGH_WATER = 64 * 1024;
/** Handed over at once; more would keep other streams of the connection waiting. */
const PIECE = 64 * 1024;
/** For what we have written to leave, and for the other side to end. */
const CLOSE_DEADLINE = 10_000;

export interface FramedStreamInit {
  readonly peer: Peer;
  readonly path: Path;
  readonly maxFrame?: number;
}

export class FramedStream implements Stream {
  readonly peer: Peer;
  readonly path: Path;
  readonly #raw: RawStream;
  readonly #maxFrame: number;
  readonly #unread = new Uint8ArrayList();
  #failure: Error | undefined;
  #finished = false;
  #waiting: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(raw: RawStream, init: FramedStreamInit) {
    this.peer = init.peer;
    this.path = init.path;
    this.#raw = raw;
    this.#maxFrame = init.maxFrame ?? DEFAULT_MAX_FRAME;
    this.#finished = raw.remoteWriteStatus === 'closed' || raw.remoteWriteStatus === 'closing';
    if (raw.status === 'aborted' || raw.status === 'reset') this.#failure = resetError(raw.status);
    this.#listen();
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#failure) throw this.#failure;
      const frame = this.#takeFrame();
      if (frame) return frame;
      this.#resume();
      if (this.#hasFrame()) continue;
      if (this.#finished && this.#raw.readBufferLength === 0) return this.#end();
      await this.#changed(signal);
    }
  }

  write(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    const written = this.#writing.then(() => this.#send(frame, signal));
    this.#writing = written.catch(() => {});
    return written;
  }

  async close(): Promise<void> {
    await this.#writing;
    if (this.#failure) throw this.#failure;
    await this.#raw.close({ signal: AbortSignal.timeout(CLOSE_DEADLINE) });
  }

  abort(cause: Error): void {
    this.#fail(cause);
    this.#raw.abort(cause);
  }

  /** When our handler is done: ends our side, drops what it didn't read, and gives the other side a while to end too. */
  async finish(): Promise<void> {
    if (this.#failure || this.#raw.status !== 'open') return;
    const timer = setTimeout(
      () => this.abort(new PeerError('stream-left-open', 'the peer did not end its stream')),
      CLOSE_DEADLINE,
    );
    this.#raw.addEventListener('close', () => clearTimeout(timer), { once: true });
    await this.close();
    await this.#raw.closeRead();
  }

  #listen(): void {
    const raw = this.#raw;
    raw.addEventListener('message', ({ data }) => this.#take(data));
    raw.addEventListener('remoteCloseWrite', () => {
      this.#finished = true;
      this.#wake();
    });
    raw.addEventListener('end', () => this.#wake());
    raw.addEventListener('close', ({ error }) => {
      // A connection that ends takes its streams along without a word; only a stream that was ended is whole.
      if (error || !this.#finished) this.#fail(resetError(error ?? 'connection ended'));
      this.#wake();
    });
  }

  #take(data: Uint8Array | Uint8ArrayList): void {
    this.#unread.append(data);
    if (this.#frontLength() > this.#maxFrame) {
      queueMicrotask(() => this.abort(frameTooLong(this.#frontLength(), this.#maxFrame)));
      return;
    }
    this.#wake();
    queueMicrotask(() => this.#pauseWhenFull());
  }

  #pauseWhenFull(): void {
    if (this.#raw.readStatus !== 'readable' || this.#unread.byteLength < HIGH_WATER) return;
    if (this.#waiting && !this.#hasFrame()) return;
    this.#raw.pause();
  }

  #resume(): void {
    if (this.#raw.readStatus === 'paused') this.#raw.resume();
  }

  #frontLength(): number {
    return this.#unread.byteLength < PREFIX ? 0 : this.#unread.getUint32(0);
  }

  #hasFrame(): boolean {
    return this.#unread.byteLength >= PREFIX && this.#unread.byteLength >= PREFIX + this.#frontLength();
  }

  #takeFrame(): Uint8Array | undefined {
    const length = this.#frontLength();
    if (length > this.#maxFrame) {
      this.abort(frameTooLong(length, this.#maxFrame));
      throw frameTooLong(length, this.#maxFrame);
    }
    if (!this.#hasFrame()) return undefined;
    const frame = this.#unread.slice(PREFIX, PREFIX + length);
    this.#unread.consume(PREFIX + length);
    return frame;
  }

  #end(): undefined {
    if (this.#unread.byteLength === 0) return undefined;
    throw new PeerError(
      'stream-cut-short',
      `the stream ended inside a frame, after ${this.#unread.byteLength} bytes of it`,
    );
  }

  #changed(signal?: AbortSignal): Promise<void> {
    if (this.#waiting) throw new Error('a stream has one reader at a time');
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#waiting = undefined;
        signal?.removeEventListener('abort', aborted);
        resolve();
      };
      const aborted = (): void => {
        this.#waiting = undefined;
        reject(signal?.reason);
      };
      this.#waiting = done;
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  #wake(): void {
    this.#waiting?.();
  }

  #fail(cause: Error): void {
    this.#failure ??= cause;
    if (this.#unread.byteLength > 0) this.#unread.consume(this.#unread.byteLength);
    this.#wake();
  }

  async #send(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (this.#failure) throw this.#failure;
    signal?.throwIfAborted();
    await roomToWrite(this.#raw, signal);
    const prefix = new Uint8Array(PREFIX);
    new DataView(prefix.buffer).setUint32(0, frame.length);
    const whole = new Uint8ArrayList(prefix, frame);
    try {
      for (let at = 0; at < whole.byteLength; at += PIECE) {
        this.#raw.send(whole.sublist(at, Math.min(at + PIECE, whole.byteLength)));
        await roomToWrite(this.#raw, signal);
      }
    } catch (error) {
      // Half a frame may have left; nothing after it could be understood.
      this.abort(asError(error));
      throw this.#failure ?? error;
    }
  }
}

function frameTooLong(length: number, limit: number): PeerError {
  return new PeerError('frame-too-long', `a frame of ${length} bytes was announced; at most ${limit} are taken`);
}

function resetError(cause: unknown): PeerError {
  return new PeerError('stream-reset', 'the stream was reset', { cause });
}
