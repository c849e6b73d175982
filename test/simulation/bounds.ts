// Memory stays bounded: what a realm holds in streams and queues, and what waits for its time, looked at again and again.
import { houseOf } from '../../src/overlay/scope.ts';
import { parentOf } from '../../src/realm/names.ts';
import type { SimulatedRealm } from './realm.ts';
import type { World } from './world.ts';

/** For each realm that one may talk with: two streams of the ledger, two each of delivery and custody, and some that die. */
const STREAMS_PER_NEIGHBOUR = 10;
/** Bytes in all streams of a realm: a few windows of delivery. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Timers of a realm for each neighbour. */
const TIMERS_PER_NEIGHBOUR = 60;
/** Milliseconds between two looks. */
const INTERVAL = 5 * 60_000;

export interface Peaks {
  streams: number;
  bytes: number;
  timers: number;
}

export class Bounds {
  readonly #world: World;
  readonly #neighbours: ReadonlyMap<SimulatedRealm, number>;
  readonly peaks: Peaks = { streams: 0, bytes: 0, timers: 0 };

  constructor(world: World) {
    this.#world = world;
    this.#neighbours = new Map(world.realms.map((realm) => [realm, neighboursOf(realm, world.realms)]));
  }

  start(): void {
    this.#world.clock.after(Math.min(INTERVAL, this.#world.init.busy / 4), () => {
      this.look();
      this.start();
    });
  }

  look(): void {
    const { network, chronicle, clock } = this.#world;
    let neighbours = 0;
    for (const [realm, count] of this.#neighbours) {
      neighbours += count;
      const { streams, bytes } = network.burden(realm.name);
      this.peaks.streams = Math.max(this.peaks.streams, streams);
      this.peaks.bytes = Math.max(this.peaks.bytes, bytes);
      if (streams > STREAMS_PER_NEIGHBOUR * count) {
        chronicle.violate('unbounded', `${realm.name} has ${streams} streams open, with ${count} realms beside it`);
      }
      if (bytes > MAX_BYTES) chronicle.violate('unbounded', `${realm.name} holds ${bytes} bytes in its streams`);
    }
    this.peaks.timers = Math.max(this.peaks.timers, clock.waiting);
    if (clock.waiting > TIMERS_PER_NEIGHBOUR * neighbours) {
      chronicle.violate('unbounded', `${clock.waiting} timers wait`);
    }
  }
}

/** Realms that this one may talk with: above, below, beside; and one abroad. */
function neighboursOf(realm: SimulatedRealm, all: readonly SimulatedRealm[]): number {
  const near = all.filter((other) => {
    if (other === realm) return false;
    const isFamily = parentOf(other.name) === realm.name || parentOf(realm.name) === other.name;
    return isFamily || houseOf(other.init) === houseOf(realm.init);
  });
  return near.length + 1;
}
