// Finds out from time to time, and when it is asked to, what kind of router stands before this host, for the operator to read.
import type { Clock, Timer } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import type { Log } from '../../realm/log.ts';
import { type NatMapping, type NatView, viewNat } from './nat-detection.ts';
import type { StunServers } from './servers.ts';

/** Ancestors name their servers shortly after the start. */
const FIRST = 5_000;
const INTERVAL = 10 * 60_000;
/** Servers that answer do so in one round trip; for those that don't, what the others said is the result. */
const TIMEOUT = 5_000;

export interface NatWatchComponents {
  readonly stun: StunServers;
  readonly clock: Clock;
  readonly log: Log;
}

export class NatWatch {
  readonly #components: NatWatchComponents;
  readonly #stopped = new AbortController();
  #kind: NatMapping = 'unknown';
  #outer: readonly string[] = [];
  #timer: Timer | undefined;

  constructor(components: NatWatchComponents) {
    this.#components = components;
  }

  get kind(): NatMapping {
    return this.#kind;
  }

  /** Addresses at which servers saw this host last. */
  get outer(): readonly string[] {
    return this.#outer;
  }

  start(): void {
    this.#timer = this.#components.clock.after(FIRST, () => this.#repeat());
  }

  stop(): void {
    this.#stopped.abort();
    this.#timer?.cancel();
  }

  /** Asks all servers now. @throws UnreachableError `timeout` */
  async check(): Promise<NatView> {
    const { stun, clock, log } = this.#components;
    const view = await within(clock, TIMEOUT + 1_000, 'word from STUN', this.#stopped.signal, (whole) =>
      limited(clock, TIMEOUT, whole, (signal) => viewNat(stun.list(), clock, signal)),
    );
    const { kind, servers } = view;
    this.#outer = [...new Set(servers.flatMap(({ udp, tcp }) => [udp, tcp]).flatMap((seen) => seen?.host ?? []))];
    if (kind === 'symmetric' && this.#kind !== kind) log.warn({}, 'symmetric nat: forward one port for direct paths');
    this.#kind = kind;
    return view;
  }

  #repeat(): void {
    this.#timer = this.#components.clock.after(INTERVAL, () => this.#repeat());
    this.check().catch(() => {
      this.#kind = 'unknown';
    });
  }
}

/** Aborts the questions earlier than the whole: those that were answered by then still count. */
async function limited<T>(
  clock: Clock,
  delay: number,
  signal: AbortSignal,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = clock.after(delay, () => controller.abort());
  const passOn = () => controller.abort(signal.reason);
  signal.addEventListener('abort', passOn, { once: true });
  try {
    return await step(controller.signal);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', passOn);
  }
}
