// What the world between the realms allows: who is cut off, who is split from whom, whose relay is down, behind what kind of
// router each realm stands, and how far it is from one to another.
import { ancestorsOf, isWithin, type RealmName } from '../../src/realm/names.ts';
import { type Random, randomFor, wholeBetween } from './random.ts';

/** `open` can be dialled, `punchable` needs both sides to begin at once, `symmetric` is reached by neither. */
export type Router = 'open' | 'punchable' | 'symmetric';

export interface Site {
  readonly realm: RealmName;
  readonly router: Router;
}

/** Milliseconds one way. */
const NEAREST = 4;
const FARTHEST = 60;
const JITTER = 0.25;
/** Bytes that pass in a millisecond. */
const BANDWIDTH = 4000;
/** A lost segment costs a retransmission. */
const RETRANSMISSION = 220;

export interface TerrainInit {
  readonly seed: number;
  /** From 0 to 1: segments that are lost. */
  readonly loss: number;
}

/** Told of which realms the ways have changed; of all, when it is told of none. */
type WeatherListener = (realm?: RealmName) => void;

export class Terrain {
  readonly #init: TerrainInit;
  readonly #random: Random;
  readonly #sites = new Map<RealmName, Site>();
  readonly #away = new Set<RealmName>();
  readonly #relaysDown = new Set<RealmName>();
  /** Realms above others: their relays carry. */
  readonly #carriers = new Set<RealmName>();
  readonly #listeners = new Set<WeatherListener>();
  readonly #distances = new Map<string, number>();
  #sides: ReadonlyMap<RealmName, number> = new Map();

  constructor(init: TerrainInit) {
    this.#init = init;
    this.#random = randomFor(init.seed, 'terrain');
  }

  settle(site: Site): void {
    this.#sites.set(site.realm, site);
    for (const above of ancestorsOf(site.realm)) this.#carriers.add(above);
  }

  onChange(listener: WeatherListener): void {
    this.#listeners.add(listener);
  }

  cutOff(realm: RealmName, isAway: boolean): void {
    if (isAway) this.#away.add(realm);
    else this.#away.delete(realm);
    this.#tell(realm);
  }

  stopRelay(realm: RealmName, isDown: boolean): void {
    if (isDown) this.#relaysDown.add(realm);
    else this.#relaysDown.delete(realm);
    this.#tell(realm);
  }

  /** Realms with the same number reach each other; who is not named has number 0. */
  split(sides: ReadonlyMap<RealmName, number>): void {
    this.#sides = sides;
    this.#tell();
  }

  /** Nobody is cut off, down or split from anybody. */
  clear(): void {
    this.#away.clear();
    this.#relaysDown.clear();
    this.split(new Map());
  }

  /** Whether others' ways may lead over its relay. */
  mayCarry(realm: RealmName): boolean {
    return this.#carriers.has(realm);
  }

  /** Whether packets pass between the relays of two realms. */
  passes(a: RealmName, b: RealmName): boolean {
    if (this.#away.has(a) || this.#away.has(b)) return false;
    if (this.#relaysDown.has(a) || this.#relaysDown.has(b)) return false;
    return (this.#sides.get(a) ?? 0) === (this.#sides.get(b) ?? 0);
  }

  /** The nearest realm above both whose relay reaches both. */
  carrier(a: RealmName, b: RealmName): RealmName | undefined {
    return ancestorsOf(a).find((above) => {
      return above !== b && isWithin(b, above) && this.passes(a, above) && this.passes(above, b);
    });
  }

  router(realm: RealmName): Router {
    return this.#sites.get(realm)?.router ?? 'open';
  }

  delay(a: RealmName, b: RealmName, via: RealmName | undefined, bytes: number): number {
    const base = via === undefined ? this.#distance(a, b) : this.#distance(a, via) + this.#distance(via, b);
    const lost = this.#random() < this.#init.loss ? RETRANSMISSION + base * 2 : 0;
    return base * (1 + this.#random() * JITTER) + bytes / BANDWIDTH + lost;
  }

  #distance(a: RealmName, b: RealmName): number {
    const pair = a < b ? `${a} ${b}` : `${b} ${a}`;
    const known = this.#distances.get(pair);
    if (known !== undefined) return known;
    const distance = wholeBetween(randomFor(this.#init.seed, pair), NEAREST, FARTHEST);
    this.#distances.set(pair, distance);
    return distance;
  }

  #tell(realm?: RealmName): void {
    for (const listener of this.#listeners) listener(realm);
  }
}
