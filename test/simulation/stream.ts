// Both ends of a simulated stream.
import type { Path, Peer, Stream } from '../../src/overlay/seam.ts';
import { PeerError } from '../../src/realm/errors.ts';
import type { Lane } from './lane.ts';

export interface EndInit {
  readonly peer: Peer;
  readonly path: Path;
  readonly reads: Lane;
  readonly writes: Lane;
  readonly maxFrame: number;
  /** Tells the other end of a reset, if anything still gets there. */
  readonly reset: () => void;
}

export class SimulatedStream implements Stream {
  readonly peer: Peer;
  readonly path: Path;
  readonly #init: EndInit;
  #order: Promise<void> = Promise.resolve();

  constructor(init: EndInit) {
    this.#init = init;
    this.peer = init.peer;
    this.path = init.path;
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const frame = await this.#init.reads.take(signal);
    if (!frame || frame.length <= this.#init.maxFrame) return frame;
    const cause = new PeerError('frame-too-long', `a frame of ${frame.length} bytes is above the limit`);
    this.abort(cause);
    throw cause;
  }

  write(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    const written = this.#order.then(() => this.#init.writes.put(frame, signal));
    this.#order = written.catch(() => {});
    return written;
  }

  async close(): Promise<void> {
    await this.#order;
    this.#init.writes.end();
  }

  abort(cause: Error): void {
    const { reads, writes, reset } = this.#init;
    if (reads.isOver && writes.isOver) return;
    reads.fail(cause);
    writes.fail(cause);
    reset();
  }
}
