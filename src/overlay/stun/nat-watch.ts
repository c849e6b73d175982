// Finds out from time to time what kind of NAT stands before this host, for the operator to read.
import type { Clock, Timer } from '../../realm/clock.ts';
import type { Log } from '../../realm/log.ts';
import { detectNat, type NatMapping } from './nat-detection.ts';
import type { StunServers } from './servers.ts';

/** Ancestors name their servers shortly after the start. */
const FIRST = 5_000;
const INTERVAL = 10 * 60_000;
const TIMEOUT = 5_000;

export interface NatWatchComponents {
  readonly stun: StunServers;
  readonly clock: Clock;
  readonly log: Log;
}

export class NatWatch {
  readonly #components: NatWatchComponents;
  #kind: NatMapping = 'unknown';
  #timer: Timer | undefined;

  constructor(components: NatWatchComponents) {
    this.#components = components;
  }

  get kind(): NatMapping {
    return this.#kind;
  }

  start(): void {
    this.#timer = this.#components.clock.after(FIRST, () => void this.#check());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async #check(): Promise<void> {
    const { stun, clock, log } = this.#components;
    this.#timer = clock.after(INTERVAL, () => void this.#check());
    const kind = await detectNat(stun.list(), clock, AbortSignal.timeout(TIMEOUT)).catch((): NatMapping => 'unknown');
    if (kind === 'symmetric' && this.#kind !== kind) log.warn({}, 'symmetric nat: forward one port for direct paths');
    this.#kind = kind;
  }
}
