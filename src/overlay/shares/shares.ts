// What a relay has to share among other realms, and how much of it there is. An operator may set other numbers (relay.limits).
import type { Clock } from '../../realm/clock.ts';
import type { RealmName } from '../../realm/names.ts';
import { FairPlaces, type PlacesReport } from './fair-places.ts';
import { FairRates } from './fair-rates.ts';
import { type Lineage, lineageOf } from './lineage.ts';

/** The whole of each; the last two are rates. */
export interface Caps {
  readonly connections: number;
  /** For circuits to whoever reserves. */
  readonly reservations: number;
  /** Carried for others, or asked for. */
  readonly circuits: number;
  /** Forwarded from and to the own node. */
  readonly streams: number;
  /** Carried for others, beside the circuits. */
  readonly pipes: number;
  /** Relays that we try to get a better path to. */
  readonly links: number;
  /** Attempts at once to get one. */
  readonly dials: number;
  /** Requests in a second, for where a realm is. */
  readonly locates: number;
  /** Requests in a minute, for a punched path. */
  readonly punches: number;
}

export const CAPS: Caps = {
  connections: 1_800,
  reservations: 1_024,
  circuits: 2_048,
  streams: 2_048,
  pipes: 512,
  links: 4_096,
  dials: 512,
  locates: 500,
  punches: 60,
};

/** Of one realm. */
const LOCATES_OF_REALM = { perSecond: 40, burst: 80 };
/** Of one realm: two relays that lose their direct path to us at once, and try again. */
const PUNCHES_OF_REALM = { perSecond: 1 / 3, burst: 20 };
const MINUTE = 60;

const PLACES = ['connections', 'reservations', 'circuits', 'streams', 'pipes', 'links', 'dials'] as const;
const RATES = ['locates', 'punches'] as const;

export class Shares {
  readonly connections: FairPlaces;
  readonly reservations: FairPlaces;
  readonly circuits: FairPlaces;
  readonly streams: FairPlaces;
  readonly pipes: FairPlaces;
  readonly links: FairPlaces;
  readonly dials: FairPlaces;
  readonly locates: FairRates;
  readonly punches: FairRates;
  readonly #own: RealmName;

  constructor(own: RealmName, clock: Pick<Clock, 'monotonic'>, given: Partial<Caps> = {}) {
    const caps = { ...CAPS, ...given };
    this.#own = own;
    this.connections = new FairPlaces(caps.connections);
    this.reservations = new FairPlaces(caps.reservations);
    this.circuits = new FairPlaces(caps.circuits);
    this.streams = new FairPlaces(caps.streams);
    this.pipes = new FairPlaces(caps.pipes);
    this.links = new FairPlaces(caps.links);
    this.dials = new FairPlaces(caps.dials);
    this.locates = new FairRates(clock, perSecond(caps.locates), LOCATES_OF_REALM);
    this.punches = new FairRates(clock, { perSecond: caps.punches / MINUTE, burst: caps.punches }, PUNCHES_OF_REALM);
  }

  lineage(realm: RealmName): Lineage {
    return lineageOf(this.#own, realm);
  }

  places(): Readonly<Record<string, PlacesReport>> {
    return Object.fromEntries(PLACES.map((name) => [name, this[name].report]));
  }

  counters(): Record<string, number> {
    return Object.fromEntries(RATES.map((name) => [name, this[name].refused]));
  }
}

function perSecond(count: number): { readonly perSecond: number; readonly burst: number } {
  return { perSecond: count, burst: 2 * count };
}
