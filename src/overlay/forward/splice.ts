// Joins two streams of a relay. What one side does not take is not asked of the other: at most one window of yamux waits
// here for each direction. When either half dies, both are reset at once.
import type { Stream } from '@libp2p/interface';
import { Uint8ArrayList } from 'uint8arraylist';
import type { Clock, Timer } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, PeerError } from '../../realm/errors.ts';
import type { StreamClass } from '../seam.ts';
import type { Toll } from './limits.ts';

/** Handed over at once; see forwarded-connection.ts about the order in which streams drain. */
const PIECE = 64 * 1024;
/** For a half that has ended to hand over its last bytes to a slow reader. */
const CLOSE_DEADLINE = 60_000;
const NEVER = new AbortController().signal;
/** Nodes and relays always read; who takes nothing for so long while something waits for it is dead, or wants our memory. */
export const STUCK_DEADLINE = 60_000;

export interface SpliceRules {
  readonly class: StreamClass;
  readonly clock: Pick<Clock, 'after'>;
  /** For what passes from the first to the second, and the other way. */
  readonly forth?: Toll | undefined;
  readonly back?: Toll | undefined;
}

interface HalfRules extends Pick<SpliceRules, 'class' | 'clock'> {
  readonly toll: Toll | undefined;
}

/** Resolves when both halves have ended, in whatever way; never rejects. */
export async function splice(a: Stream, b: Stream, rules: SpliceRules): Promise<void> {
  const kill = (cause: Error): void => {
    a.abort(cause);
    b.abort(cause);
    for (const half of halves) half.over();
  };
  const { forth, back } = rules;
  const halves = [new Half(a, b, { ...rules, toll: forth }, kill), new Half(b, a, { ...rules, toll: back }, kill)];
  await Promise.all(halves.map((half) => half.run()));
}

class Half {
  readonly #from: Stream;
  readonly #to: Stream;
  readonly #rules: HalfRules;
  readonly #kill: (cause: Error) => void;
  readonly #queue = new Uint8ArrayList();
  readonly #over = Promise.withResolvers<void>();
  #hasEnded: boolean;
  #isOver = false;
  #isFull = false;
  #stuck: Timer | undefined;
  /** Until its toll is paid. */
  #held: Timer | undefined;

  constructor(from: Stream, to: Stream, rules: HalfRules, kill: (cause: Error) => void) {
    this.#from = from;
    this.#to = to;
    this.#rules = rules;
    this.#kill = kill;
    this.#hasEnded = from.remoteWriteStatus === 'closed';
  }

  run(): Promise<void> {
    if (this.#from.status !== 'open' || this.#to.status !== 'open') {
      this.#kill(new PeerError('stream-reset', 'a stream ended before it was joined'));
      return this.#over.promise;
    }
    this.#to.addEventListener('drain', () => {
      this.#isFull = false;
      this.#pushSoon();
    });
    this.#from.addEventListener('remoteCloseWrite', () => {
      this.#hasEnded = true;
      this.#push();
    });
    this.#from.addEventListener('end', () => this.#push());
    this.#from.addEventListener('close', ({ error }) => this.#ending(error, this.#hasEnded));
    this.#to.addEventListener('close', ({ error }) => this.#ending(error, this.#isOver));
    this.#from.addEventListener('message', ({ data }) => {
      this.#queue.append(data);
      this.#push();
    });
    return this.#over.promise;
  }

  over(): void {
    this.#isOver = true;
    this.#stuck?.cancel();
    this.#held?.cancel();
    if (this.#queue.byteLength > 0) this.#queue.consume(this.#queue.byteLength);
    this.#over.resolve();
  }

  /** A stream that closes without an error may still have been cut off by its connection. */
  #ending(error: Error | undefined, isInOrder: boolean): void {
    if (error || !isInOrder) this.#kill(error ?? new PeerError('stream-reset', 'the connection below ended'));
    else this.#push();
  }

  #pushSoon(): void {
    if (this.#rules.class === 'bulk' || this.#rules.toll?.isHeavy?.()) setImmediate(() => this.#push());
    else queueMicrotask(() => this.#push());
  }

  #push(): void {
    if (this.#isOver) return;
    try {
      this.#move();
    } catch (error) {
      this.#kill(asError(error));
    }
  }

  #move(): void {
    while (this.#queue.byteLength > 0 && !this.#to.writableNeedsDrain && !this.#held) {
      const piece = this.#queue.sublist(0, Math.min(PIECE, this.#queue.byteLength));
      this.#queue.consume(piece.byteLength);
      this.#to.send(piece);
      this.#unstick();
      this.#pay(piece.byteLength);
    }
    if (this.#queue.byteLength > 0) return this.#wait();
    // Delivers what waited, and so comes back here before it returns.
    if (this.#from.readStatus === 'paused') this.#from.resume();
    if (this.#queue.byteLength === 0 && this.#hasEnded && this.#from.readBufferLength === 0) this.#finish();
  }

  /** Who waits for its toll is not stuck: it is ours to say when it goes on. */
  #wait(): void {
    if (!this.#held) {
      this.#stuck ??= this.#rules.clock.after(STUCK_DEADLINE, () =>
        this.#kill(new PeerError('stream-stuck', `nothing was taken for ${STUCK_DEADLINE / 1_000} s`)),
      );
    }
    this.#pauseSoon();
  }

  #unstick(): void {
    this.#stuck?.cancel();
    this.#stuck = undefined;
  }

  #pay(bytes: number): void {
    const wait = this.#rules.toll?.(bytes) ?? 0;
    if (wait <= 0) return;
    this.#held = this.#rules.clock.after(wait, () => {
      this.#held = undefined;
      this.#isFull = false;
      this.#push();
    });
  }

  /** In a microtask: a pause inside the `message` that `resume()` delivers would be undone when `resume()` returns. */
  #pauseSoon(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    queueMicrotask(() => {
      if (this.#isFull && this.#from.readStatus === 'readable') this.#from.pause();
    });
  }

  #finish(): void {
    if (this.#isOver) return;
    this.over();
    const close = (signal: AbortSignal): Promise<void> => this.#to.close({ signal });
    within(this.#rules.clock, CLOSE_DEADLINE, 'end', NEVER, close).catch((error: Error) => this.#kill(error));
  }
}
