// Yamux, with three holes of the library closed.
//
// It takes no frame which is longer than the window it grants: the library gathers a whole frame before it compares its
// length with the window, so that one header announcing 4 GiB had it gather 4 GiB. Here such a header ends the connection
// before a byte behind it is kept.
//
// It takes so many new streams in a second: the library resets those above its limit one by one, and negotiates for each of
// the others, so that 10,000 of them in a second leave no time for anything else. Who opens more loses the connection.
//
// A connection that ends takes its streams along and nothing else: the library opens a stream in a microtask, and when the
// connection has ended by then its write throws where nobody can catch it, which ends the process.
import { type YamuxMuxerInit, yamux } from '@chainsafe/libp2p-yamux';
import {
  type MessageStream,
  type StreamMessageEvent,
  type StreamMuxerFactory,
  StreamStateError,
} from '@libp2p/interface';
import type { Clock } from '../realm/clock.ts';
import { PeerError } from '../realm/errors.ts';
import { TokenBucket } from './token-bucket.ts';

/** https://github.com/hashicorp/yamux/blob/master/spec.md: version 1, type 1, flags 2, stream 4, length 4, big endian. */
const HEADER = 12;
const TYPE_AT = 1;
const FLAGS_AT = 2;
const SYN = 1;
const LENGTH_AT = 8;
const DATA = 0;
const PING = 2;

export interface BoundedYamuxInit extends YamuxMuxerInit {
  /** The longest frame that is taken: the largest window of a stream. */
  readonly maxFrame: number;
  /** Undefined: new streams are not counted. */
  readonly clock?: Pick<Clock, 'monotonic'>;
}

/** At once as many as a node needs after its relay's restart, two for each realm of a large enterprise. */
const NEW_STREAMS = { rate: 256, burst: 2_048 };

export function boundedYamux({ maxFrame, clock, ...init }: BoundedYamuxInit): () => StreamMuxerFactory {
  return () => {
    const factory = yamux(init)();
    return {
      protocol: factory.protocol,
      createStreamMuxer: (connection) => {
        // First the watch, then the muxer: listeners are called in the order in which they came.
        watchFrames(connection, maxFrame, clock && new TokenBucket(clock, NEW_STREAMS));
        dropLateWrites(connection);
        return factory.createStreamMuxer(connection);
      },
    };
  };
}

/** What is written to a connection that takes nothing any more is lost in any case; its end is told by its `close` event. */
function dropLateWrites(connection: MessageStream): void {
  const send = connection.send.bind(connection);
  connection.send = (data) => {
    try {
      return send(data);
    } catch (error) {
      if (error instanceof StreamStateError) return false;
      throw error;
    }
  };
}

function watchFrames(connection: MessageStream, maxFrame: number, opens: TokenBucket | undefined): void {
  const lengths = new FrameLengths();
  const refuse = (event: StreamMessageEvent, cause: PeerError): void => {
    connection.removeEventListener('message', onMessage);
    event.stopImmediatePropagation();
    connection.abort(cause);
  };
  const onMessage = (event: StreamMessageEvent): void => {
    const pieces = event.data instanceof Uint8Array ? [event.data] : event.data;
    for (const piece of pieces) {
      if (lengths.longest(piece) > maxFrame) {
        return refuse(event, new PeerError('frame-too-long', `a frame of yamux may have ${maxFrame} bytes`));
      }
      const opened = lengths.takeOpened();
      if (opened > 0 && opens?.take(opened) === false) {
        return refuse(event, new PeerError('stream-flood', `${opened} more streams at once than are taken`));
      }
    }
  };
  connection.addEventListener('message', onMessage);
}

/** Follows the frames of one connection; keeps nothing but a header that is not whole yet. */
class FrameLengths {
  readonly #header = new Uint8Array(HEADER);
  #known = 0;
  /** Bytes of the present frame that are still to come. */
  #rest = 0;
  #opened = 0;

  /** Streams that were opened since it was asked last. */
  takeOpened(): number {
    const opened = this.#opened;
    this.#opened = 0;
    return opened;
  }

  /** The longest frame that was announced in this piece; 0 when none was. */
  longest(piece: Uint8Array): number {
    let longest = 0;
    for (let at = 0; at < piece.length; ) {
      if (this.#rest > 0) {
        const skipped = Math.min(this.#rest, piece.length - at);
        this.#rest -= skipped;
        at += skipped;
        continue;
      }
      const part = piece.subarray(at, at + HEADER - this.#known);
      this.#header.set(part, this.#known);
      this.#known += part.length;
      at += part.length;
      if (this.#known === HEADER) longest = Math.max(longest, this.#begin());
    }
    return longest;
  }

  #begin(): number {
    this.#known = 0;
    if (new DataView(this.#header.buffer).getUint16(FLAGS_AT) & SYN && this.#header[TYPE_AT] !== PING)
      this.#opened += 1;
    // Of other types the length is a number with a meaning, and nothing follows.
    this.#rest = this.#header[TYPE_AT] === DATA ? new DataView(this.#header.buffer).getUint32(LENGTH_AT) : 0;
    return this.#rest;
  }
}
