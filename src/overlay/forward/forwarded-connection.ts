// A forwarded stream as the bare connection that an upgrader takes.
import type { AbortOptions, MultiaddrConnection, Stream } from '@libp2p/interface';
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Uint8ArrayList } from 'uint8arraylist';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { PeerError } from '../../realm/errors.ts';
import type { StreamClass } from '../seam.ts';
import { isOver } from '../when-over.ts';

/** Handed to the stream below at once, so that bulk never fills the way for others. */
const PIECE = 64 * 1024;

export function forwardedConnection(
  stream: Stream,
  remoteAddr: Multiaddr,
  streamClass: StreamClass,
  clock: Pick<Clock, 'after'>,
): MultiaddrConnection {
  return new ForwardedConnection(stream, remoteAddr, streamClass, clock);
}

class ForwardedConnection extends AbstractMultiaddrConnection {
  readonly #stream: Stream;

  constructor(stream: Stream, remoteAddr: Multiaddr, streamClass: StreamClass, clock: Pick<Clock, 'after'>) {
    super({ remoteAddr, direction: stream.direction, log: stream.log.newScope('forwarded') });
    this.#stream = stream;
    stream.addEventListener('message', ({ data }) => this.onData(data));
    stream.addEventListener('close', ({ error }) => this.onTransportClosed(error));
    stream.addEventListener('remoteCloseWrite', () => this.#endToo(clock));
    stream.addEventListener('drain', () => this.#drained(streamClass));
    if (isOver(stream)) this.onTransportClosed(new PeerError('stream-reset', 'the stream ended before it was taken'));
    else if (stream.remoteWriteStatus === 'closed') this.#endToo(clock);
  }

  /** Takes only what the stream below doesn't have to hold back; the rest waits here. */
  override sendData(data: Uint8ArrayList): SendResult {
    const total = data.byteLength;
    let sent = 0;
    while (sent < total && !this.#stream.writableNeedsDrain) {
      const piece = data.sublist(sent, Math.min(sent + PIECE, total));
      this.#stream.send(piece);
      sent += piece.byteLength;
    }
    return { sentBytes: sent, canSendMore: sent === total && !this.#stream.writableNeedsDrain };
  }

  override async sendClose(options?: AbortOptions): Promise<void> {
    await this.#stream.close(options);
  }

  override sendReset(error: Error): void {
    this.#stream.abort(error);
  }

  override sendPause(): void {
    this.#stream.pause();
  }

  override sendResume(): void {
    this.#stream.resume();
  }

  /** The other side has written all; so do we. */
  #endToo(clock: Pick<Clock, 'after'>): void {
    this.onRemoteCloseWrite();
    within(clock, CLOSE_DEADLINE, 'end', NEVER, (signal) => this.close({ signal })).catch((error) => this.abort(error));
  }

  /**
   * The stream below continues in a microtask of its own, and may be full again after it. When a whole connection drains,
   * the first of its streams that has something to send would take all the room each time, so bulk waits for the others.
   */
  #drained(streamClass: StreamClass): void {
    const tell = (): void => {
      if (!this.#stream.writableNeedsDrain) this.safeDispatchEvent('drain');
    };
    if (streamClass === 'bulk') setImmediate(tell);
    else queueMicrotask(tell);
  }
}

const CLOSE_DEADLINE = 5_000;
const NEVER = new AbortController().signal;
