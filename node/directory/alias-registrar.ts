// The node of a house signs the bare logins of its users into its directory chain: many in one entry, a moment after they came.
import { ALIASES, encodeAliases, MAX_ALIASES } from '../../src/protocols/ledger/kinds.ts';
import type { OwnChain } from '../../src/protocols/ledger/own-chain.ts';
import { Bell } from '../../src/realm/bell.ts';
import { type Clock, sleep } from '../../src/realm/clock.ts';
import { codeOf, messageOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { AliasBook } from './alias-book.ts';

export interface AliasRegistrarComponents {
  readonly chain: Pick<OwnChain, 'append'>;
  readonly book: AliasBook;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds that gather what comes together. */
const GATHER = 1000;
/** After a failure: the disk is full, or nothing may be written yet. */
const RETRY = 15_000;

export class AliasRegistrar {
  readonly #parts: AliasRegistrarComponents;
  readonly #bell = new Bell();
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(components: AliasRegistrarComponents) {
    this.#parts = components;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The node is stopping'));
    await this.#loop;
  }

  /** There may be something to decide. */
  wake(): void {
    this.#bell.ring();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, log } = this.#parts;
    for (let pause = GATHER; !signal.aborted; ) {
      await sleep(clock, pause, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#decide();
        pause = GATHER;
        await this.#bell.heard(signal).catch(() => undefined);
      } catch (error) {
        pause = RETRY;
        log.info({ code: codeOf(error), why: messageOf(error) }, 'aliases are not signed yet');
      }
    }
  }

  async #decide(): Promise<void> {
    const { chain, book } = this.#parts;
    for (;;) {
      const due = book.due(MAX_ALIASES);
      if (due.granted.length === 0 && due.refused.length === 0) return;
      await chain.append({ kind: ALIASES, payload: encodeAliases(due) });
    }
  }
}
