// How much bulk may be on its way over one connection. Acks tell how long bytes take to the other end; whatever they take
// longer than the shortest time seen of late is time in queues, those for a processor included. The window grows while there
// is hardly any queue, and is cut to what the way carries when the queue of a round is longer, in the mean, than bulk may
// cause: LEAST_TARGET and half the shortest time, since a long way has a jitter of its own.
//
// The shortest time is forgotten in the course of two BASE_SPANs, since paths change. So that our own queue isn't taken for
// the path by and by, the window falls to the least for one round at the turn of each span.
import type { Clock } from '../../realm/clock.ts';
import { MAX_PIECE } from './index.ts';

/** Milliseconds of queue that bulk may cause on the shortest way, and on the longest. */
const LEAST_TARGET = 6;
const MOST_TARGET = 40;
const BASE_SPAN = 10_000;
const FIRST_WINDOW = 64 * 1024;
const LEAST_WINDOW = 8 * 1024;
/** What a gigabit carries in 64 ms. */
export const MAX_WINDOW = 8 * 1024 * 1024;
const LEAST_PIECE = 2 * 1024;
const GROWTH = 1.25;

export class Pace {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #waiting: (() => void)[] = [];
  #window = FIRST_WINDOW;
  #inFlight = 0;
  #isStarting = true;
  /** Someone had more to send than the window let through. */
  #isLimited = false;
  #roundLeft = 0;
  /** Of this round's acks: milliseconds in all, and how many. */
  #took = 0;
  #acks = 0;
  #base = Number.POSITIVE_INFINITY;
  #nextBase = Number.POSITIVE_INFINITY;
  #spanEnds: number;
  #isLooking = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#spanEnds = clock.monotonic() + BASE_SPAN;
  }

  get window(): number {
    return this.#isLooking ? LEAST_WINDOW : this.#window;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Bytes that may go out now in one piece; 0: wait. */
  room(): number {
    const free = this.window - this.#inFlight;
    if (free <= 0) this.#isLimited = true;
    const piece = Math.min(MAX_PIECE, Math.max(LEAST_PIECE, Math.floor(this.window / 4)));
    return free <= 0 ? 0 : piece;
  }

  /** Calls back once, when there may be room; first come, first served. */
  whenRoom(callback: () => void): () => void {
    this.#waiting.push(callback);
    return () => {
      const index = this.#waiting.indexOf(callback);
      if (index !== -1) this.#waiting.splice(index, 1);
    };
  }

  sent(bytes: number): void {
    if (this.#inFlight === 0) this.#beginRound();
    this.#inFlight += bytes;
  }

  /** @param took milliseconds from a byte's departure to the ack of its arrival */
  acked(bytes: number, took: number): void {
    this.#took += took;
    this.#acks += 1;
    this.#base = Math.min(this.#base, took);
    this.#nextBase = Math.min(this.#nextBase, took);
    this.#roundLeft -= bytes;
    this.#inFlight -= bytes;
    if (this.#roundLeft <= 0) this.#endRound();
    this.#wake();
  }

  /** Bytes that nobody will acknowledge any more: their stream has ended. */
  gone(bytes: number): void {
    this.#inFlight -= bytes;
    this.#roundLeft -= bytes;
    this.#wake();
  }

  /** Whoever is called sends, or has no need any more. */
  #wake(): void {
    while (this.#waiting.length > 0 && this.window > this.#inFlight) this.#waiting.shift()?.();
  }

  #beginRound(): void {
    this.#roundLeft = this.#inFlight;
    this.#took = 0;
    this.#acks = 0;
    this.#isLimited = false;
  }

  #endRound(): void {
    if (this.#isLooking) this.#begin();
    else if (this.#acks > 0) this.#adapt(this.#took / this.#acks);
    if (this.#clock.monotonic() >= this.#spanEnds) this.#turnSpan();
    this.#beginRound();
  }

  #adapt(mean: number): void {
    const queue = mean - this.#base;
    const target = Math.min(MOST_TARGET, LEAST_TARGET + this.#base / 2);
    if (queue > target / 2) this.#isStarting = false;
    if (queue > target) this.#set(this.#window * Math.max(0.5, (this.#base + target) / mean));
    else if (!this.#isLimited) return;
    else if (this.#isStarting) this.#set(this.#window * 2);
    else if (queue < target / 2) this.#set(this.#window * GROWTH);
    else this.#set(this.#window + LEAST_PIECE);
  }

  /** The way is empty now: the whole window at once would be a queue. */
  #begin(): void {
    this.#isLooking = false;
    this.#set(this.#window / 2);
  }

  #turnSpan(): void {
    this.#spanEnds = this.#clock.monotonic() + BASE_SPAN;
    this.#base = this.#nextBase;
    this.#nextBase = Number.POSITIVE_INFINITY;
    this.#isLooking = this.#isLimited;
  }

  #set(window: number): void {
    this.#window = Math.round(Math.min(MAX_WINDOW, Math.max(LEAST_WINDOW, window)));
  }
}
