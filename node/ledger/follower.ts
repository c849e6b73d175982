// Keeps following one chain: at its author, and at another holder while the author does not answer. Between two tries it waits
// 1 s, twice as long after each failure up to 60 s, and not at all once the way to a holder has become usable again.
import type { Network } from '../../src/overlay/seam.ts';
import { FraudError, followChain } from '../../src/protocols/ledger/client.ts';
import type { ChainId } from '../../src/protocols/ledger/entry.ts';
import type { LedgerStore } from '../../src/protocols/ledger/ledger-store.ts';
import { type Clock, sleep } from '../../src/realm/clock.ts';
import { codeOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';

export interface FollowerComponents {
  readonly store: LedgerStore;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to 1; spreads the retries of many nodes. */
  readonly random: () => number;
  readonly onFraud: (error: FraudError) => Promise<void>;
}

const FIRST_DELAY = 1000;
const MAX_DELAY = 60_000;

export class Follower {
  readonly #parts: FollowerComponents;
  readonly #id: ChainId;
  /** The author first. */
  readonly #holders: readonly RealmName[];
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(components: FollowerComponents, id: ChainId, holders: readonly RealmName[]) {
    this.#parts = components;
    this.#id = id;
    this.#holders = holders;
  }

  start(): void {
    this.#loop ??= this.#run().catch((error: unknown) => {
      this.#parts.log.error(
        { ...this.#id, code: codeOf(error), why: String(error) },
        'ledger chain is no longer followed',
      );
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The node is stopping'));
    this.#wake.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { network, store, log } = this.#parts;
    if ((await store.fraudAt(this.#id)) !== undefined) {
      log.error({ ...this.#id }, 'ledger chain is not followed because of fraud');
      return;
    }
    const unsubscribe = network.onPath((report) => {
      if (report.kind !== 'unreachable' && this.#holders.includes(report.realm)) this.#wake.abort();
    });
    try {
      await this.#retry();
    } finally {
      unsubscribe();
    }
  }

  async #retry(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      const holder = this.#holders[failures % this.#holders.length];
      if (!holder) return;
      try {
        await followChain(this.#parts, this.#id, holder, this.#stopping.signal, () => {
          failures = 0;
        });
      } catch (error) {
        if (error instanceof FraudError) return this.#parts.onFraud(error);
        if (!this.#stopping.signal.aborted) this.#note(holder, error);
      }
      failures = (await this.#pause(failures + 1)) ? failures + 1 : 0;
    }
  }

  #note(holder: RealmName, error: unknown): void {
    this.#parts.log.info(
      { ...this.#id, holder, code: codeOf(error), why: String(error) },
      'ledger chain is out of reach',
    );
  }

  /** Waits; false when a path that came back cut it short. */
  async #pause(failures: number): Promise<boolean> {
    const { clock, random } = this.#parts;
    this.#wake = new AbortController();
    if (this.#stopping.signal.aborted) return false;
    const delay = Math.min(MAX_DELAY, FIRST_DELAY * 2 ** Math.min(failures - 1, 10)) * (0.75 + random() / 2);
    return sleep(clock, delay, this.#wake.signal).then(
      () => true,
      () => false,
    );
  }
}
