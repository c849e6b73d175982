// Snapshots: the own chains get one when enough has gathered since the last; those of others are computed again and compared. A realm
// whose snapshot states something else is flagged, and nobody here countersigns it.
import { equals } from 'uint8arrays/equals';
import { type ChainId, chainName, type Fact } from '../../src/protocols/ledger/entry.ts';
import type { LedgerStore } from '../../src/protocols/ledger/ledger-store.ts';
import type { OwnChain } from '../../src/protocols/ledger/own-chain.ts';
import {
  decodeSnapshot,
  encodeSnapshot,
  SNAPSHOT,
  Standing,
  statementOf,
} from '../../src/protocols/ledger/snapshot.ts';
import { InputError } from '../../src/realm/errors.ts';

/** Entries between two snapshots, at least; and never fewer than the rows of the last, so that snapshots stay a fraction of the work. */
const MIN_ENTRIES = 256;

export class Snapshots {
  readonly #store: LedgerStore;
  readonly #onWrong: (id: ChainId, n: number) => void;
  readonly #wrong = new Map<string, ChainId>();
  /** The heads at which nothing was due. */
  readonly #looked = new Map<string, number>();

  constructor(store: LedgerStore, onWrong: (id: ChainId, n: number) => void) {
    this.#store = store;
    this.#onWrong = onWrong;
  }

  isWrong(id: ChainId): boolean {
    return this.#wrong.has(chainName(id));
  }

  wrong(): ChainId[] {
    return [...this.#wrong.values()];
  }

  /** Appends a snapshot if one is due. */
  async write(chain: OwnChain): Promise<boolean> {
    const { id } = chain;
    const { n } = await this.#store.head(id);
    if (this.#looked.get(chainName(id)) === n) return false;
    this.#looked.set(chainName(id), n);
    const last = (await this.#store.snapshotAt(id)) ?? 0;
    const stated = last > 0 ? await this.#stated(id, last) : 0;
    const isDue = n - last >= Math.max(MIN_ENTRIES, stated) || (await this.#isFirstOfIncarnation(id, last, n));
    if (!isDue) return false;
    await chain.snapshot(async () => {
      return {
        kind: SNAPSHOT,
        payload: encodeSnapshot(statementOf(await this.rowsBelow(id, Number.MAX_SAFE_INTEGER))),
      };
    });
    return true;
  }

  /** Compares the snapshots among new facts of a chain that is followed. */
  async check(id: ChainId, facts: readonly Fact[]): Promise<void> {
    const base = await this.#store.base(id);
    for (const { kind, n, payload } of facts) {
      if (kind !== SNAPSHOT || n <= base || this.isWrong(id) || (await this.#isRight(id, n, payload))) continue;
      this.#wrong.set(chainName(id), id);
      this.#onWrong(id, n);
    }
  }

  /** One that comes too early after the last is wrong, whatever it states: computing them again is work for every follower. */
  async #isRight(id: ChainId, n: number, payload: Uint8Array): Promise<boolean> {
    const last = (await this.#store.snapshotAt(id, n)) ?? 0;
    if (last > 0 && n - last < MIN_ENTRIES && !(await this.#isFirstOfIncarnation(id, last, n))) return false;
    try {
      const stated = decodeSnapshot(payload);
      const found = statementOf(await this.rowsBelow(id, n));
      return stated.count === found.count && equals(stated.hash, found.hash);
    } catch (error) {
      if (error instanceof InputError) return false;
      throw error;
    }
  }

  /** Who can't go on from what a reader has begins with the snapshot of the new incarnation: each has one, as soon as it begins. */
  async #isFirstOfIncarnation(id: ChainId, last: number, n: number): Promise<boolean> {
    const now = (await this.#store.get(id, n))?.entry.incarnation ?? 1;
    const before = last > 0 ? ((await this.#store.get(id, last))?.entry.incarnation ?? 1) : 1;
    return now > before;
  }

  async rowsBelow(id: ChainId, end: number): Promise<Uint8Array[]> {
    const standing = new Standing();
    for await (const fact of this.#store.facts(id, end)) standing.take(fact);
    return standing.rows();
  }

  async #stated(id: ChainId, n: number): Promise<number> {
    const signed = await this.#store.get(id, n);
    return signed ? decodeSnapshot(signed.entry.payload).count : 0;
  }
}
