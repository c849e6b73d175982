// A disk of the simulation, in memory. A write is seen by readers at once and becomes durable when its sync has run, after a
// delay of the seed's choosing; a power cut takes back what was not synced, newest first, but for as much of its beginning as
// chance had already put on the platters. A program that was killed never gets another answer from it.
//
// `lazy` plants the bug "acknowledge before the sync": writes are answered at once.
import type { Clock } from '../../src/realm/clock.ts';
import { ConflictError } from '../../src/realm/errors.ts';
import type { Engine, KeyRange, ReadView, Row, Snapshot, Write } from '../../src/store/engine.ts';
import { type Random, wholeBetween } from './random.ts';
import { Slab } from './slab.ts';

/** Milliseconds. */
const FASTEST_SYNC = 0.2;
const SLOWEST_SYNC = 6;

interface Undo {
  readonly key: string;
  readonly before: Uint8Array | undefined;
}

export interface DiskInit {
  readonly clock: Clock;
  readonly random: Random;
  readonly lazy?: boolean;
}

export interface DiskCounters {
  rows: number;
  bytes: number;
  syncs: number;
}

/** One character for each byte. Keys are short: applied so, without a Buffer around each, it takes a quarter of the time. */
const nameOf = (key: Uint8Array): string => Reflect.apply(String.fromCharCode, undefined, key);
const keyOf = (name: string): Uint8Array => new Uint8Array(Buffer.from(name, 'latin1'));

export class SimulatedDisk {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lazy: boolean;
  readonly #slab = new Slab();
  readonly #cells = new Map<string, Uint8Array>();
  /** The keys in the order of their bytes. */
  readonly #names: string[] = [];
  /** One for each write that is not synced yet, the oldest first. */
  #unsynced: Undo[][] = [];
  #power = 0;
  #open = false;
  #syncs = 0;
  #bytes = 0;
  /** Called at each write; a run that wants to cut the power between a write and its sync does it from here. */
  onWrite: () => void = () => {};

  constructor({ clock, random, lazy = false }: DiskInit) {
    this.#clock = clock;
    this.#random = random;
    this.#lazy = lazy;
  }

  counters(): DiskCounters {
    return { rows: this.#names.length, bytes: this.#bytes, syncs: this.#syncs };
  }

  openEngine(): Engine {
    if (this.#open) throw new ConflictError('dir-in-use', 'The simulated disk is in use');
    this.#open = true;
    const power = this.#power;
    const whilePowered = <T>(answer: () => T): Promise<T> => {
      if (power !== this.#power) return new Promise(() => {});
      return Promise.resolve(answer());
    };
    return {
      get: (key) => whilePowered(() => this.#cells.get(nameOf(key))),
      iterate: (range) => this.#iterate(range, power),
      snapshot: () => this.#snapshot(),
      write: (writes) => (power === this.#power ? this.#write(writes) : new Promise(() => {})),
      close: async () => {
        if (power === this.#power) this.#open = false;
      },
    };
  }

  /** What was not synced is gone, up to a point of chance; the disk can be opened again. */
  powerCut(): void {
    this.#power++;
    this.#open = false;
    const kept = wholeBetween(this.#random, 0, this.#unsynced.length);
    for (const undos of this.#unsynced.slice(kept).toReversed()) {
      for (const { key, before } of undos.toReversed()) this.#set(key, before);
    }
    this.#unsynced = [];
  }

  /** The program that had it open was killed; what it wrote is with the system, which syncs it. */
  detach(): void {
    this.#power++;
    this.#open = false;
    this.#unsynced = [];
  }

  /** The state at this moment, for a backup that is restored later. */
  copy(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#cells);
  }

  /** Brings an old state back, as an operator who restores a backup; only while nothing has the disk open. */
  restore(copy: ReadonlyMap<string, Uint8Array>): void {
    if (this.#open) throw new ConflictError('dir-in-use', 'The simulated disk is in use');
    for (const name of this.#names.filter((held) => !copy.has(held))) this.#set(name, undefined);
    for (const [name, value] of copy) this.#set(name, value);
  }

  async *#iterate({ gte, lt, reverse = false, limit }: KeyRange, power: number): AsyncIterable<Row> {
    if (power !== this.#power) await new Promise(() => {});
    const names = this.#range(nameOf(gte), nameOf(lt), reverse, limit ?? Number.POSITIVE_INFINITY);
    for (const name of names) {
      const value = this.#cells.get(name);
      if (value) yield [keyOf(name), value];
      if (power !== this.#power) await new Promise(() => {});
    }
  }

  #range(from: string, to: string, reverse: boolean, limit: number): string[] {
    const [first, end] = [this.#place(from), this.#place(to)];
    if (reverse) return this.#names.slice(Math.max(first, end - limit), end).toReversed();
    return this.#names.slice(first, Math.min(end, first + limit));
  }

  #snapshot(): Snapshot {
    const frozen = new Map(this.#cells);
    const view: ReadView = {
      get: async (key) => frozen.get(nameOf(key)),
      async *iterate({ gte, lt, reverse = false, limit = Number.POSITIVE_INFINITY }) {
        const names = [...frozen.keys()].filter((name) => name >= nameOf(gte) && name < nameOf(lt)).sort();
        for (const name of (reverse ? names.toReversed() : names).slice(0, limit)) {
          const value = frozen.get(name);
          if (value) yield [keyOf(name), value];
        }
      },
    };
    return { ...view, close: async () => {} };
  }

  #write(writes: readonly Write[]): Promise<void> {
    const undos = writes.map((write): Undo => {
      const key = nameOf(write.key);
      const before = this.#cells.get(key);
      this.#set(key, write.type === 'put' ? this.#slab.copy(write.value) : undefined);
      return { key, before };
    });
    this.#unsynced.push(undos);
    const power = this.#power;
    const done = new Promise<void>((resolve) => {
      this.#clock.after(FASTEST_SYNC + this.#random() * (SLOWEST_SYNC - FASTEST_SYNC), () => {
        if (power !== this.#power) return;
        this.#syncs++;
        // Syncs end in the order of their writes: each covers all before it.
        const through = this.#unsynced.indexOf(undos);
        if (through >= 0) this.#unsynced.splice(0, through + 1);
        resolve();
      });
    });
    this.onWrite();
    if (power !== this.#power) return new Promise(() => {});
    return this.#lazy ? Promise.resolve() : done;
  }

  #set(name: string, value: Uint8Array | undefined): void {
    const before = this.#cells.get(name);
    if (before) this.#bytes -= name.length + before.length;
    if (value) {
      this.#bytes += name.length + value.length;
      this.#cells.set(name, value);
      if (!before) this.#names.splice(this.#place(name), 0, name);
    } else if (before) {
      this.#cells.delete(name);
      this.#names.splice(this.#place(name), 1);
    }
  }

  /** The first place that is not before `name`. */
  #place(name: string): number {
    const names = this.#names;
    let low = 0;
    let high = names.length;
    const last = names[high - 1];
    if (last !== undefined && last < name) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((names[middle] ?? '') < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
