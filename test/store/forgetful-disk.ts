// A FAKE disk, in memory, which forgets at a power cut whatever was not synced: what proves that "acknowledged means on disk". It is
// no engine for production and survives no process.
//
// A write first lands in the cache, where readers see it, and becomes durable when its sync runs. Syncs can be held back; a
// power cut drops the cache, and what was waiting for a sync never gets an answer, as when a process dies. `lazy` answers before the
// sync: with it a test shows that it would notice a store which acknowledges too early.
import { ConflictError, LocalError } from '../../src/realm/errors.ts';
import type { Engine, KeyRange, ReadView, Row, Snapshot, Write } from '../../src/store/engine.ts';

type Cells = ReadonlyMap<string, Uint8Array>;

function name(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}

function applied(cells: Cells, writes: readonly Write[]): Cells {
  const next = new Map(cells);
  for (const write of writes) {
    if (write.type === 'put') next.set(name(write.key), write.value.slice());
    else next.delete(name(write.key));
  }
  return next;
}

class CellsView implements ReadView {
  readonly #cells: () => Cells;

  constructor(cells: () => Cells) {
    this.#cells = cells;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#cells().get(name(key))?.slice();
  }

  async *iterate({ gte, lt, reverse = false, limit = Number.POSITIVE_INFINITY }: KeyRange): AsyncIterable<Row> {
    // Hexadecimal text sorts as the bytes do.
    const names = [...this.#cells().keys()].filter((at) => at >= name(gte) && at < name(lt)).sort();
    const cells = this.#cells();
    for (const at of (reverse ? names.toReversed() : names).slice(0, limit)) {
      const value = cells.get(at);
      if (value) yield [new Uint8Array(Buffer.from(at, 'hex')), value.slice()];
    }
  }
}

export class ForgetfulDisk {
  /** What survives. */
  #durable: Cells = new Map();
  #cached: Cells = new Map();
  #power = 0;
  #open = false;
  #held: (() => void)[] | undefined;
  readonly #lazy: boolean;
  syncs = 0;
  /** When set, the next writes fail as on a full disk. */
  full = false;

  constructor(options: { lazy?: boolean } = {}) {
    this.#lazy = options.lazy ?? false;
  }

  openEngine(): Engine {
    if (this.#open) throw new ConflictError('dir-in-use', 'The forgetful disk is in use');
    this.#open = true;
    const power = this.#power;
    const assertPower = () => {
      if (power !== this.#power) throw new LocalError('store-failed', 'The power was cut');
    };
    const view = new CellsView(() => {
      assertPower();
      return this.#cached;
    });
    return {
      get: (key) => view.get(key),
      iterate: (range) => view.iterate(range),
      snapshot: () => this.#snapshot(),
      write: (writes) => this.#write(writes, power),
      close: async () => {
        if (power === this.#power) this.#open = false;
      },
    };
  }

  /** Everything that was not synced is gone; the disk can be opened again. */
  powerCut(): void {
    this.#power++;
    this.#open = false;
    this.#held = undefined;
    this.#cached = this.#durable;
  }

  /** Syncs wait until `releaseSyncs`. */
  holdSyncs(): void {
    this.#held ??= [];
  }

  releaseSyncs(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const sync of held) sync();
  }

  #snapshot(): Snapshot {
    const cells = this.#cached;
    const view = new CellsView(() => cells);
    return { get: (key) => view.get(key), iterate: (range) => view.iterate(range), close: async () => undefined };
  }

  #write(writes: readonly Write[], power: number): Promise<void> {
    if (this.full) return Promise.reject(new LocalError('disk-full', 'The forgetful disk is full'));
    if (power !== this.#power) return Promise.reject(new LocalError('store-failed', 'The power was cut'));
    this.#cached = applied(this.#cached, writes);
    const done = new Promise<void>((resolve) => {
      const sync = () => {
        if (power !== this.#power) return;
        this.syncs++;
        this.#durable = applied(this.#durable, writes);
        resolve();
      };
      if (this.#held) this.#held.push(sync);
      else setImmediate(sync);
    });
    return this.#lazy ? Promise.resolve() : done;
  }
}
