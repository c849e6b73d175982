// A live socket whose other end is in another branch's LAN: to the live session it looks like a WebSocket.
import { EventEmitter } from 'node:events';
import type { Stream } from '../../src/overlay/seam.ts';
import { LIVE_CLOSE, LIVE_DATA } from '../../src/protocols/roam/index.ts';
import { Bell } from '../../src/realm/bell.ts';

const OPEN = 1;
const CLOSED = 3;

export class StreamSocket extends EventEmitter {
  readonly OPEN: number = OPEN;
  readonly #stream: Stream;
  readonly #resumed = new Bell();
  readonly #ended = new AbortController();
  #writing: Promise<void> = Promise.resolve();
  #paused = false;
  #waiting = 0;

  constructor(stream: Stream) {
    super();
    this.#stream = stream;
  }

  get readyState(): number {
    return this.#ended.signal.aborted ? CLOSED : OPEN;
  }

  get bufferedAmount(): number {
    return this.#waiting;
  }

  /** Reads until either side ends. */
  async run(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#ended.signal]);
    try {
      for (;;) {
        while (this.#paused) await this.#resumed.heard(either);
        const frame = await this.#stream.read(either);
        if (!frame) break;
        if (frame[0] === LIVE_DATA) this.emit('message', Buffer.from(frame.subarray(1)), true);
      }
    } catch {
      // The stream is gone, as its end says.
    } finally {
      this.#end();
      await this.#writing;
      await this.#stream.close().catch(() => undefined);
    }
  }

  send(data: Uint8Array): void {
    const frame = new Uint8Array(1 + data.length);
    frame[0] = LIVE_DATA;
    frame.set(data, 1);
    this.#write(frame);
  }

  close(code: number): void {
    this.#write(Uint8Array.of(LIVE_CLOSE, code >> 8, code & 0xff));
    void this.#writing.then(() => this.#end());
  }

  terminate(): void {
    this.#end();
    this.#stream.abort(new Error('the live session was given up'));
  }

  /** Nothing goes over the wire: clients ping by frames of their own. Calls back when what was sent before is written. */
  ping(_data?: unknown, _mask?: unknown, written?: () => void): void {
    if (written) void this.#writing.then(written);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#resumed.ring();
  }

  #write(frame: Uint8Array): void {
    this.#waiting += frame.length;
    this.#writing = this.#writing
      .then(() => this.#stream.write(frame, this.#ended.signal))
      .catch(() => this.#end())
      .finally(() => {
        this.#waiting -= frame.length;
      });
  }

  #end(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(new Error('the live session has ended'));
    this.emit('close');
  }
}
