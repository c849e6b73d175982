// Two sockets as one pipe. What one side does not take is not read from the other: a chunk for each direction waits here.
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../realm/clock.ts';
import type { Toll } from '../forward/limits.ts';

/** Routers forget what is silent; a dead host is found out. */
const KEEP_ALIVE = 15_000;
/** The ends always read; who takes nothing for so long is dead, or wants our memory. */
const STUCK_DEADLINE = 60_000;

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

export function joinSockets(a: Socket, b: Socket, { clock, forth, back }: JoinRules): Joined {
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
  pump(a, b, { clock, toll: forth });
  pump(b, a, { clock, toll: back });
  const ended = Promise.all(gone).then(() => undefined);
  return { ended, cut };
}

function pump(
  from: Socket,
  to: Socket,
  rules: { readonly clock: JoinRules['clock']; readonly toll?: Toll | undefined },
): void {
  let isHeld = false;
  let stuck: Timer | undefined;
  let held: Timer | undefined;
  const goOn = (): void => {
    if (!isHeld && !to.writableNeedDrain) from.resume();
  };
  const wait = (): void => {
    from.pause();
    stuck ??= rules.clock.after(STUCK_DEADLINE, () => to.destroy());
  };
  const hold = (milliseconds: number): void => {
    isHeld = true;
    from.pause();
    held = rules.clock.after(milliseconds, () => {
      isHeld = false;
      goOn();
    });
  };
  from.on('data', (chunk) => {
    const toll = rules.toll?.(chunk.length) ?? 0;
    if (!to.write(chunk, () => release(chunk))) wait();
    if (toll > 0 && !isHeld) hold(toll);
  });
  to.on('drain', () => {
    stuck?.cancel();
    stuck = undefined;
    goOn();
  });
  to.once('close', () => {
    stuck?.cancel();
    held?.cancel();
  });
  from.on('end', () => to.end());
  from.resume();
}

/** At once: the collector leaves up to 64 MiB of such chunks lying before it looks at them. */
function release(chunk: Buffer): void {
  const { buffer, byteLength } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && !buffer.detached) buffer.transfer(0);
}
