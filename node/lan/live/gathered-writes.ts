// Frames that a socket is given while one turn of the event loop lasts go to the kernel in one call: when many messages share one
// commit, a writer's answers and a reader's arrivals come at once, and a call for each costs more than making the frame. Nothing waits
// for a timer: what was given leaves before the loop goes on.
import type { Duplex } from 'node:stream';

export type GatheredWrites = () => void;

/** To be called before each write. */
export function gatherWrites(socket: Pick<Duplex, 'cork' | 'uncork'>): GatheredWrites {
  let isHeld = false;
  return () => {
    if (isHeld) return;
    isHeld = true;
    socket.cork();
    process.nextTick(() => {
      isHeld = false;
      socket.uncork();
    });
  };
}
