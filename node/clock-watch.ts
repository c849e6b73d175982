// Watches the host's clock while the node runs: the newest entry that this realm has signed raises the floor, and while the
// clock is doubted the node asks the realms it reaches for the time, of which the middle one counts. docs/protocols/about.md.
import type { PathReport } from '../src/overlay/seam.ts';
import { askAbout } from '../src/protocols/about/index.ts';
import { CHAINS, type ChainKind } from '../src/protocols/ledger/entry.ts';
import type { LedgerStore } from '../src/protocols/ledger/ledger-store.ts';
import type { Clock, Timer } from '../src/realm/clock.ts';
import { within } from '../src/realm/deadline.ts';
import { UnreachableError } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { RealmName } from '../src/realm/names.ts';
import { SteadyClock } from '../src/realm/steady-clock.ts';
import type { Ground } from './ground.ts';

export interface ClockWatchComponents {
  readonly clock: Clock;
  readonly network: Parameters<typeof askAbout>[0] & { paths(): PathReport[] };
  /** Milliseconds since 1970: the newest entries of the own chains. */
  readonly newestEntries: () => Promise<readonly number[]>;
  readonly log: Log;
}

export function watchClock(
  { realm: { realm }, clock, log }: Ground,
  { network, store }: { readonly network: ClockWatchComponents['network']; readonly store: Pick<LedgerStore, 'head'> },
): ClockWatch {
  const timeOf = async (chain: ChainKind): Promise<number> => (await store.head({ realm, chain })).time;
  return new ClockWatch({ clock, network, newestEntries: () => Promise.all(CHAINS.map(timeOf)), log });
}

const INTERVAL = 30_000;
const ASK_DEADLINE = 5_000;
/** Realms that are asked at a time. */
const MAX_ASKED = 7;
const MINUTE = 60_000;

export class ClockWatch {
  readonly #parts: ClockWatchComponents;
  readonly #clock: SteadyClock | undefined;
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #doubted = false;

  /** A clock that is not a steady one is believed. */
  constructor(components: ClockWatchComponents) {
    this.#parts = components;
    this.#clock = components.clock instanceof SteadyClock ? components.clock : undefined;
  }

  async start(): Promise<void> {
    for (const time of await this.#parts.newestEntries()) this.#clock?.raiseFloor(time);
    this.#again();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#stopping.abort(new UnreachableError('stopped', 'the node is stopping'));
  }

  /** For the operator; undefined while the clock is believed. */
  get warning(): string | undefined {
    const skew = this.#clock?.skew ?? 0;
    if (!this.#clock || skew === 0) return undefined;
    const side = skew > 0 ? 'ahead of' : 'behind';
    const used = new Date(this.#clock.now()).toISOString();
    return `the clock of this host is ${Math.round(Math.abs(skew) / MINUTE)} minutes ${side} the time that is used (${used}): set it`;
  }

  /** Asks the others while the clock is doubted. */
  async look(): Promise<void> {
    const isDoubted = this.#clock !== undefined && this.#clock.skew !== 0;
    if (isDoubted && !this.#doubted) this.#parts.log.error({ why: this.warning }, 'the clock of this host is doubted');
    if (!isDoubted && this.#doubted) this.#parts.log.info({}, 'the clock of this host is believed again');
    this.#doubted = isDoubted;
    if (!this.#clock || !isDoubted) return;
    const skews = (await this.#ask()).toSorted((a, b) => a - b);
    const middle = skews[Math.floor(skews.length / 2)];
    if (middle !== undefined) this.#clock.heard(this.#clock.now() + middle);
  }

  async #ask(): Promise<number[]> {
    const { network, clock } = this.#parts;
    const reached = network.paths().filter(({ kind }) => kind !== 'unreachable');
    const asked = reached.slice(0, MAX_ASKED).map(({ realm }) => this.#askOne(realm, clock));
    return (await Promise.allSettled(asked)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  }

  async #askOne(realm: RealmName, clock: Clock): Promise<number> {
    return within(clock, ASK_DEADLINE, `time of ${realm}`, this.#stopping.signal, async (signal) => {
      return (await askAbout(this.#parts.network, realm, clock, signal)).skew;
    });
  }

  #again(): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = this.#parts.clock.after(INTERVAL, () => {
      void this.look().finally(() => this.#again());
    });
  }
}
