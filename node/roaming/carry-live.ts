// A guest's live socket: what the client says goes to its home as it is, and back. Either end closes both.
import type { WebSocket } from 'ws';
import type { Stream } from '../../src/overlay/seam.ts';
import { CLOSE } from '../../src/protocols/lan/close-codes.ts';
import { LIVE_CLOSE, LIVE_DATA } from '../../src/protocols/roam/index.ts';

/** Bytes that wait for the client above which nothing more is read from its home. */
const MAX_WAITING = 256 * 1024;

/** @throws UnreachableError, PeerError when the way to the home breaks */
export async function carryLive(live: WebSocket, opening: Promise<Stream>): Promise<void> {
  const ended = new AbortController();
  live.on('error', () => live.terminate());
  live.once('close', () => ended.abort(new Error('the client has gone')));
  // Nothing is lost that comes before the stream stands.
  let opened: Stream | undefined;
  const early: Uint8Array[] = [];
  let writing: Promise<void> = Promise.resolve();
  const pass = (stream: Stream, data: Uint8Array): void => {
    live.pause();
    writing = writing
      .then(() => stream.write(data, ended.signal))
      .then(() => live.resume())
      .catch(() => live.terminate());
  };
  live.on('message', (data: unknown) => {
    if (!(data instanceof Uint8Array)) return live.close(CLOSE.malformed);
    const frame = new Uint8Array(1 + data.length);
    frame[0] = LIVE_DATA;
    frame.set(data, 1);
    if (opened) pass(opened, frame);
    else if (early.push(frame) > 1) live.pause();
  });
  const stream = await opening;
  opened = stream;
  live.resume();
  for (const frame of early) pass(stream, frame);
  try {
    await toClient(live, stream, ended.signal);
  } finally {
    stream.abort(new Error('the live socket has ended'));
  }
}

async function toClient(live: WebSocket, stream: Stream, signal: AbortSignal): Promise<void> {
  for (;;) {
    const frame = await stream.read(signal).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (!frame) break;
    const [kind, high = 0, low = 0] = frame;
    if (kind === LIVE_CLOSE) return live.close((high << 8) | low);
    live.send(frame.subarray(1));
    if (live.bufferedAmount > MAX_WAITING) await drained(live);
  }
  live.close(CLOSE.stopping);
}

/** In order: when this is written, all before it is. Also called when the socket closes. */
function drained(live: WebSocket): Promise<void> {
  return new Promise((resolve) => live.ping(undefined, undefined, () => resolve()));
}
