// Two sockets as one pipe. What one side does not take is not read from the other: a chunk for each direction waits here.
import type { Socket } from 'node:net';
import type { Clock } from '../../realm/clock.ts';
import type { Toll } from '../forward/limits.ts';

/** Routers forget what is silent; a dead host is found out. */
const KEEP_ALIVE = 15_000;

/** A socket that waits for its use: it must not end the process when it breaks. */
export function settle(socket: Socket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE);
  socket.setTimeout(0);
  socket.on('error', () => socket.destroy());
}

export interface JoinRules {
  readonly clock: Pick<Clock, 'after'>;
  /** For what passes from the first to the second, and the other way. */
  readonly forth?: Toll | undefined;
  readonly back?: Toll | undefined;
}

export interface Joined {
  /** Resolves when both sockets are gone. */
  readonly ended: Promise<void>;
  cut(): void;
}

export function joinSockets(a: Socket, b: Socket, rules?: JoinRules): Joined {
  const cut = (): void => {
    a.destroy();
    b.destroy();
  };
  const gone = [a, b].map((socket) => {
    if (socket.destroyed) return Promise.resolve();
    return new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  });
  if (a.destroyed || b.destroyed) cut();
  a.once('close', cut);
  b.once('close', cut);
  pump(a, b, rules?.forth, rules?.clock);
  pump(b, a, rules?.back, rules?.clock);
  const ended = Promise.all(gone).then(() => undefined);
  return { ended, cut };
}

function pump(from: Socket, to: Socket, toll: Toll | undefined, clock: JoinRules['clock'] | undefined): void {
  let isHeld = false;
  const goOn = (): void => {
    if (!isHeld && !to.writableNeedDrain) from.resume();
  };
  from.on('data', (chunk) => {
    const wait = toll?.(chunk.length) ?? 0;
    const isFull = !to.write(chunk, () => release(chunk));
    if (isFull || wait > 0) from.pause();
    if (wait <= 0 || isHeld) return;
    isHeld = true;
    clock?.after(wait, () => {
      isHeld = false;
      goOn();
    });
  });
  to.on('drain', goOn);
  from.on('end', () => to.end());
  from.resume();
}

/** At once: the collector leaves up to 64 MiB of such chunks lying before it looks at them. */
function release(chunk: Buffer): void {
  const { buffer, byteLength } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && !buffer.detached) buffer.transfer(0);
}
