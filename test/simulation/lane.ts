// One direction of a simulated stream: frames in order, each after the delay of the way it goes. While the way is broken
// they wait, as TCP's do, and flow again when it heals; a stream that is reset loses them.
import type { Clock } from '../../src/realm/clock.ts';
import { PeerError } from '../../src/realm/errors.ts';
import { Slab } from './slab.ts';

/** Bytes under way or unread beyond which a writer waits. */
const ROOM = 256 * 1024;

export interface LaneInit {
  readonly clock: Clock;
  /** Milliseconds that a frame of so many bytes takes now. */
  readonly delay: (bytes: number) => number;
  /** Whether anything arrives at this moment. */
  readonly passes: () => boolean;
  readonly onArrival: (frame: Uint8Array) => void;
}

/** Who uses a lane: a program at either end. */
export type Side = 'reader' | 'writer';

/** Frames under way, of all lanes. */
const slab = new Slab();

type Item = { readonly kind: 'frame'; readonly frame: Uint8Array } | { readonly kind: 'end' };

export class Lane {
  readonly #init: LaneInit;
  #onTheWay: Item[] = [];
  /** Of those on the way, how many have come to a broken way and wait for it. */
  #stalled = 0;
  #arrived: Uint8Array[] = [];
  #bytes = 0;
  #latest = 0;
  #ending = false;
  #ended = false;
  #failure: Error | undefined;
  readonly #wakers: Record<Side, (() => void)[]> = { reader: [], writer: [] };
  readonly #dead = new Set<Side>();

  constructor(init: LaneInit) {
    this.#init = init;
  }

  /** Everything written has arrived, and no more will be. */
  get isOver(): boolean {
    return this.#ended || this.#failure !== undefined;
  }

  /** Bytes that it holds in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  async put(frame: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#dead.has('writer')) return never();
    if (this.#failure) throw this.#failure;
    if (this.#ending) throw new PeerError('stream-ended', 'the stream has ended');
    this.#bytes += frame.length;
    this.#send({ kind: 'frame', frame: slab.copy(frame) }, frame.length);
    while (this.#bytes > ROOM) {
      await this.#change('writer', signal);
      if (this.#failure) throw this.#failure;
    }
  }

  async take(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#dead.has('reader')) return never();
      if (this.#failure) throw this.#failure;
      const frame = this.#arrived.shift();
      if (frame) {
        this.#bytes -= frame.length;
        this.#wake();
        return frame;
      }
      if (this.#ended) return undefined;
      await this.#change('reader', signal);
    }
  }

  end(): void {
    if (this.#ending || this.#failure) return;
    this.#ending = true;
    this.#send({ kind: 'end' }, 0);
  }

  fail(cause: Error): void {
    if (this.#failure) return;
    this.#failure = cause;
    this.#onTheWay = [];
    this.#arrived = [];
    this.#bytes = 0;
    this.#wake();
  }

  /** The program at this side was killed: what it waits for never comes. */
  abandon(side: Side): void {
    this.#dead.add(side);
    this.#wakers[side] = [];
  }

  /** The way works again: what waited arrives. */
  heal(): void {
    for (; this.#stalled > 0; this.#stalled--) this.#schedule(0);
  }

  #send(item: Item, bytes: number): void {
    this.#onTheWay.push(item);
    this.#schedule(bytes);
  }

  #schedule(bytes: number): void {
    const { clock, delay } = this.#init;
    const now = clock.monotonic();
    this.#latest = Math.max(this.#latest, now + delay(bytes));
    clock.after(this.#latest - now, () => this.#arrive());
  }

  #arrive(): void {
    if (this.#failure) return;
    if (!this.#init.passes()) {
      this.#stalled++;
      return;
    }
    const item = this.#onTheWay.shift();
    if (!item) return;
    if (item.kind === 'end') this.#ended = true;
    else {
      this.#arrived.push(item.frame);
      this.#init.onArrival(item.frame);
    }
    this.#wake();
  }

  #wake(): void {
    for (const side of ['reader', 'writer'] as const) {
      for (const wake of this.#wakers[side].splice(0)) wake();
    }
  }

  #change(side: Side, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#wakers[side].push(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
