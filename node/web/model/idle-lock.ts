// Locks after a while in which nobody touched the page. What is measured is the clock, not a timer: a computer that slept is locked as
// soon as it wakes, before the first key counts.
import { type Signal, signal } from '@preact/signals';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import { type LocalStore, readLocal, writeLocal } from './local-store.ts';

/** Minutes to choose from; 0 never locks. */
export const IDLE_MINUTES = [0, 5, 15, 60] as const;
export type IdleMinutes = (typeof IDLE_MINUTES)[number];
const KEY = 'canopy.idle';
const MINUTE = 60_000;

export interface IdleLockComponents {
  readonly clock: Clock;
  readonly store: LocalStore;
  readonly onIdle: () => void;
}

export class IdleLock {
  readonly minutes: Signal<IdleMinutes>;
  readonly #components: IdleLockComponents;
  #timer: Timer | undefined;
  /** Undefined while nobody is in. */
  #last: number | undefined;

  constructor(components: IdleLockComponents) {
    this.#components = components;
    const kept = readLocal(components.store, KEY);
    this.minutes = signal(IDLE_MINUTES.find((minutes) => String(minutes) === kept) ?? 0);
  }

  setMinutes(minutes: IdleMinutes): void {
    this.minutes.value = minutes;
    writeLocal(this.#components.store, KEY, String(minutes));
    if (this.#last !== undefined) this.start();
  }

  start(): void {
    this.#last = this.#components.clock.now();
    this.#wait();
  }

  stop(): void {
    this.#last = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Somebody is here: a key, a click, the page shown again. */
  touch(): void {
    if (this.#last === undefined || this.#lockIfDue()) return;
    this.#last = this.#components.clock.now();
  }

  #wait(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#last === undefined || this.minutes.value === 0) return;
    const left = this.#last + this.minutes.value * MINUTE - this.#components.clock.now();
    this.#timer = this.#components.clock.after(Math.max(left, 0), () => {
      if (!this.#lockIfDue()) this.#wait();
    });
  }

  #lockIfDue(): boolean {
    const { clock, onIdle } = this.#components;
    if (this.#last === undefined || this.minutes.value === 0) return false;
    const gone = clock.now() - this.#last;
    // a clock that was set back tells nothing: count anew
    if (gone < 0) this.#last = clock.now();
    if (gone < this.minutes.value * MINUTE) return false;
    this.stop();
    onIdle();
    return true;
  }
}
