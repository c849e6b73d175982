// Whether the other end of a link's connection still answers: `/canopy/link-ping/1`.
//
// One stream for each connection and direction. Each 3 s a frame of 8 bytes (behind a length of four bytes) goes out and must
// come back as it is; the time between is the link's round trip. Bulk on the same connection may delay it, so nothing is
// concluded from one late answer: what counts is the time since the last one (BLACK_HOLE). The stream
// has no part in libp2p's own ping, which has shorter patience.
import type { Connection, Stream } from '@libp2p/interface';
import { type Clock, sleep } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, PeerError } from '../../realm/errors.ts';
import { handshakeFrames } from '../wire.ts';
import type { HostInternals } from './host-internals.ts';

export const LINK_PING_PROTOCOL = '/canopy/link-ping/1';
const PING_INTERVAL = 3_000;
/**
 * A connection that is silent for so long is a black hole: the ping that went out 3 s after the last answer has not come back for 4.5 s.
 * That answer was at most 3 s before the cut, so a black hole is left 4.5 to 8 s after it began, and another way carries on
 * within 10 s.
 */
export const BLACK_HOLE = 7_500;
const PING_TIMEOUT = 12_000;
const PING_BYTES = 8;
/** The asker pings far more often; a stream that is silent for so long has lost its asker. */
const SERVER_PATIENCE = 60_000;

/** Echoes. */
export class LivenessServer {
  readonly #registrar: HostInternals['registrar'];
  readonly #clock: Pick<Clock, 'after'>;
  readonly #stopped = new AbortController();

  constructor(registrar: HostInternals['registrar'], clock: Pick<Clock, 'after'>) {
    this.#registrar = registrar;
    this.#clock = clock;
  }

  async start(): Promise<void> {
    const options = { maxInboundStreams: 2, maxOutboundStreams: 2, runOnLimitedConnection: true };
    await this.#registrar.handle(
      LINK_PING_PROTOCOL,
      (stream) => echo(stream, this.#clock, this.#stopped.signal),
      options,
    );
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('The relay is stopping'));
    await this.#registrar.unhandle(LINK_PING_PROTOCOL);
  }
}

async function echo(stream: Stream, clock: Pick<Clock, 'after'>, stopped: AbortSignal): Promise<void> {
  const frames = handshakeFrames(stream, PING_BYTES);
  try {
    for (;;) {
      await within(clock, SERVER_PATIENCE, 'ping', stopped, async (signal) => {
        await frames.write(await frames.read({ signal }), { signal });
      });
    }
  } catch (error) {
    // The asker ended its stream, fell silent or sent too much: in each case there is nobody to echo to.
    stream.abort(asError(error));
  }
}

/** Pings until the signal aborts; a stream that breaks is opened again with the next ping. */
export async function watchConnection(
  connection: Connection,
  clock: Clock,
  onAnswer: (rtt: number) => void,
  signal: AbortSignal,
  interval = PING_INTERVAL,
): Promise<void> {
  while (!signal.aborted && connection.status === 'open') {
    await pingOn(connection, clock, onAnswer, interval, signal).catch(() => {});
    await sleep(clock, interval, signal).catch(() => {});
  }
}

async function pingOn(
  connection: Connection,
  clock: Clock,
  onAnswer: (rtt: number) => void,
  interval: number,
  signal: AbortSignal,
): Promise<void> {
  const stream = await within(clock, PING_TIMEOUT, 'stream for pings', signal, (limit) =>
    connection.newStream(LINK_PING_PROTOCOL, { signal: limit, runOnLimitedConnection: true }),
  );
  try {
    const frames = handshakeFrames(stream, PING_BYTES);
    for (let count = 0; ; count++) {
      const begun = clock.monotonic();
      const answer = await within(clock, PING_TIMEOUT, 'answer to a ping', signal, async (limit) => {
        await frames.write(pingFrame(count), { signal: limit });
        return frames.read({ signal: limit });
      });
      if (answer.byteLength !== PING_BYTES || answer.getUint8(PING_BYTES - 1) !== (count & 0xff)) {
        throw new PeerError('link-ping', 'the echo is not what was sent');
      }
      onAnswer(clock.monotonic() - begun);
      await sleep(clock, interval, signal);
    }
  } finally {
    stream.abort(new PeerError('link-ping', 'the watch on this connection ended'));
  }
}

function pingFrame(count: number): Uint8Array {
  const frame = new Uint8Array(PING_BYTES);
  new DataView(frame.buffer).setUint32(PING_BYTES - 4, count >>> 0);
  return frame;
}
