// Clears away what has had its time: batches that nobody waits for, traces of what left long ago, chains that nothing names.
import type { Clock, Timer } from '../../src/realm/clock.ts';
import type { Log } from '../../src/realm/log.ts';
import type { Database } from '../../src/store/database.ts';
import { type CustodyStore, chainRemoval } from './custody-store.ts';
import type { CustodyTally } from './custody-tally.ts';
import type { HeldMail } from './held-mail.ts';
import type { Settlements } from './settlements.ts';

export interface SweepingComponents {
  readonly database: Pick<Database, 'commit'>;
  readonly store: CustodyStore;
  readonly held: HeldMail;
  readonly settlements: Settlements;
  readonly tally: CustodyTally;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds between two looks. */
const SWEEP_INTERVAL = 10 * 60_000;
/** Milliseconds that a trace is kept after its batch has left. */
const TRACE_KEPT = 14 * 24 * 60 * 60_000;

export class Sweeping {
  readonly #parts: SweepingComponents;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: SweepingComponents) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.clock.after(SWEEP_INTERVAL, () => {
      this.#running = this.sweep()
        .catch((error: unknown) => this.#parts.log.error({ err: error }, 'clearing custody failed'))
        .finally(() => {
          if (this.#timer) this.start();
        });
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#running;
  }

  async sweep(): Promise<void> {
    this.#parts.tally.expired += await this.#parts.held.expire();
    await this.#parts.held.forgetTraces(this.#parts.clock.now() - TRACE_KEPT);
    await this.#forgetChains();
  }

  async #forgetChains(): Promise<void> {
    const { store, held, settlements, database } = this.#parts;
    const unused: Uint8Array[] = [];
    for await (const ref of store.chainRefs()) unused.push(ref);
    // Read after the list: a chain that came meanwhile is not in it.
    const named = new Set([...held.refs(), ...settlements.refs()].map(nameOf));
    await database.commit(unused.filter((ref) => !named.has(nameOf(ref))).map(chainRemoval));
  }
}

function nameOf(ref: Uint8Array): string {
  return Buffer.from(ref).toString('hex');
}
