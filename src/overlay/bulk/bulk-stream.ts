// The seam's Stream of the class bulk, over a stream of libp2p; index.ts says what it carries.
import type { Stream as RawStream } from '@libp2p/interface';
import { Uint8ArrayList } from 'uint8arraylist';
import type { Clock } from '../../realm/clock.ts';
import { asError, PeerError } from '../../realm/errors.ts';
import type { Path, Peer, Stream } from '../seam.ts';
import { BulkOut } from './bulk-out.ts';
import { type BulkRecord, encodeRecord } from './index.ts';
import type { Pace } from './pace.ts';
import { type ReceivePool, ReceiveWindow } from './receive-window.ts';
import { RecordReader } from './record-reader.ts';
import { Unread } from './unread.ts';

const DEFAULT_MAX_FRAME = 1024 * 1024;
/** For the other side to end, when our handler is done, and for the last bytes to leave. */
const CLOSE_DEADLINE = 10_000;

export interface BulkStreamInit {
  readonly peer: Peer;
  readonly path: Path;
  readonly maxFrame?: number;
  /** Of the connection, shared by its streams. */
  readonly pace: Pace;
  /** Of the program. */
  readonly pool: ReceivePool;
  readonly clock: Clock;
}

export class BulkStream implements Stream {
  readonly peer: Peer;
  readonly path: Path;
  readonly #raw: RawStream;
  readonly #clock: Clock;
  readonly #maxFrame: number;
  readonly #unread = new Unread();
  readonly #window: ReceiveWindow;
  readonly #reader: RecordReader;
  readonly #out: BulkOut;
  #failure: Error | undefined;
  #hasEnded = false;
  #waiting: (() => void) | undefined;

  constructor(raw: RawStream, init: BulkStreamInit) {
    this.peer = init.peer;
    this.path = init.path;
    this.#raw = raw;
    this.#clock = init.clock;
    this.#maxFrame = init.maxFrame ?? DEFAULT_MAX_FRAME;
    this.#window = new ReceiveWindow(init.pool);
    this.#reader = new RecordReader({ data: (bytes) => this.#arrive(bytes), record: (record) => this.#obey(record) });
    this.#out = new BulkOut(raw, init.pace, init.clock);
    if (raw.status === 'open') this.#listen();
    else this.#fail(resetError(raw.status));
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#failure) throw this.#failure;
      const frame = this.#takeFrame();
      if (frame) return frame;
      if (this.#hasEnded) return this.#end();
      await this.#changed(signal);
    }
  }

  write(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#out.write(frame, signal).catch((error) => {
      // Half a frame may have left; nothing after it could be understood.
      if (this.#out.isBroken) this.abort(asError(error));
      throw this.#failure ?? error;
    });
  }

  async close(): Promise<void> {
    await this.#out.end();
    if (this.#failure) throw this.#failure;
    this.#closeWhenBothEnded();
  }

  abort(cause: Error): void {
    this.#fail(cause);
    this.#raw.abort(cause);
  }

  /** When our handler is done: ends our side and gives the other side a while to end too. */
  async finish(): Promise<void> {
    if (this.#failure || this.#raw.status !== 'open') return;
    const timer = this.#clock.after(CLOSE_DEADLINE, () =>
      this.abort(new PeerError('stream-left-open', 'the peer did not end its stream')),
    );
    this.#raw.addEventListener('close', () => timer.cancel(), { once: true });
    await this.close();
  }

  #takeFrame(): Uint8Array | undefined {
    const unread = this.#unread.length;
    const frame = this.#unread.takeFrame();
    this.#window.read(unread - this.#unread.length);
    this.#window.need(frame ? 0 : this.#unread.frontNeeds());
    this.#acknowledge();
    return frame;
  }

  #listen(): void {
    const raw = this.#raw;
    raw.addEventListener('message', ({ data }) => this.#take(data));
    raw.addEventListener('drain', () => {
      this.#out.pump();
      this.#acknowledge();
    });
    raw.addEventListener('close', ({ error }) => {
      if (error || !this.#hasEnded || !this.#out.hasEnded) this.#fail(resetError(error ?? 'connection ended'));
      this.#release();
    });
    // A window that is larger than the first may be told at once.
    this.#acknowledge();
  }

  #take(data: Uint8Array | Uint8ArrayList): void {
    if (this.#failure) return;
    try {
      for (const piece of data instanceof Uint8Array ? [data] : data) this.#reader.take(piece);
    } catch (error) {
      const cause = asError(error);
      queueMicrotask(() => this.abort(cause));
      return;
    }
    this.#acknowledge();
    this.#wake();
  }

  /** @throws PeerError `credit-exceeded`, `frame-too-long`, `bad-frame` */
  #arrive(bytes: Uint8Array): void {
    if (this.#hasEnded) throw new PeerError('bad-frame', 'bulk data after its end');
    if (!this.#window.arrived(bytes.length)) {
      throw new PeerError('credit-exceeded', `${this.#window.received} bytes came, which is past the limit`);
    }
    this.#unread.append(bytes);
    const length = this.#unread.frontLength() ?? 0;
    if (length <= this.#maxFrame) return;
    throw new PeerError(
      'frame-too-long',
      `a frame of ${length} bytes was announced; at most ${this.#maxFrame} are taken`,
    );
  }

  #obey(record: BulkRecord): void {
    if (record.kind === 'ack') return this.#out.acked(record.received, record.limit);
    this.#hasEnded = true;
    this.#closeWhenBothEnded();
  }

  /** What is not told because the way is full is told with the next ack. */
  #acknowledge(): void {
    if (this.#failure || this.#raw.writeStatus !== 'writable' || this.#raw.writableNeedsDrain) return;
    const ack = this.#window.ack();
    if (ack) this.#raw.send(encodeRecord({ kind: 'ack', ...ack }));
  }

  #end(): undefined {
    if (this.#unread.length === 0) return undefined;
    throw new PeerError(
      'stream-cut-short',
      `the stream ended inside a frame, after ${this.#unread.length} bytes of it`,
    );
  }

  #closeWhenBothEnded(): void {
    if (!this.#hasEnded || !this.#out.hasEnded || this.#raw.writeStatus !== 'writable') return;
    const late = new AbortController();
    const timer = this.#clock.after(CLOSE_DEADLINE, () => late.abort());
    this.#raw
      .close({ signal: late.signal })
      .catch((error: Error) => this.#raw.abort(error))
      .finally(() => timer.cancel());
  }

  #changed(signal?: AbortSignal): Promise<void> {
    if (this.#waiting) throw new Error('a stream has one reader at a time');
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => () => {
        this.#waiting = undefined;
        signal?.removeEventListener('abort', aborted);
        then();
      };
      const aborted = settle(() => reject(signal?.reason));
      this.#waiting = settle(resolve);
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  #wake(): void {
    this.#waiting?.();
  }

  #release(): void {
    this.#window.close();
    this.#out.stop(this.#failure ?? resetError('the stream has ended'));
    this.#wake();
  }

  #fail(cause: Error): void {
    this.#failure ??= cause;
    this.#unread.clear();
    this.#release();
  }
}

function resetError(cause: unknown): PeerError {
  return new PeerError('stream-reset', 'the stream was reset', { cause });
}
