// What goes wrong in a run, and when: all of it drawn from the seed before anything happens to the realms, so that what the
// realms do does not change the weather.
import type { RealmName } from '../../src/realm/names.ts';
import type { SimulatedClock } from './clock.ts';
import type { EventLog } from './event-log.ts';
import { forge } from './forgery.ts';
import type { SimulatedNetwork } from './network.ts';
import type { Person } from './person.ts';
import { gapOf, oneOf, type Random } from './random.ts';
import type { SimulatedRealm } from './realm.ts';
import type { Terrain } from './terrain.ts';

export interface TroubleRates {
  /** Milliseconds between two troubles of each kind on average, over all realms; 0 for never. */
  readonly powerCut: number;
  readonly kill: number;
  readonly relayRestart: number;
  readonly cutOff: number;
  readonly split: number;
  /** A realm that belongs sends what a user of another realm never wrote. */
  readonly forgery: number;
}

export interface TroublesInit {
  readonly clock: SimulatedClock;
  readonly random: Random;
  readonly terrain: Terrain;
  readonly network: SimulatedNetwork;
  readonly log: EventLog;
  readonly realms: readonly SimulatedRealm[];
  readonly people: readonly Person[];
  readonly rates: TroubleRates;
  /** Milliseconds from the start after which nothing new goes wrong. */
  readonly until: number;
}

/** Milliseconds that a realm is down, a relay away, a network split, on average. */
const DOWN = 8_000;
const RELAY_AWAY = 3_000;
const CUT_OFF = 25_000;
const SPLIT = 40_000;
/** Milliseconds after a write within which its sync ends. */
const SYNC = 6;

export class Troubles {
  readonly #init: TroublesInit;
  readonly counts: Record<keyof TroubleRates, number> = {
    powerCut: 0,
    kill: 0,
    relayRestart: 0,
    cutOff: 0,
    split: 0,
    forgery: 0,
  };

  constructor(init: TroublesInit) {
    this.#init = init;
  }

  start(): void {
    this.#every('powerCut', () => this.#powerCut());
    this.#every('kill', () => this.#crash(this.#realm(), false));
    this.#every('relayRestart', () => this.#relayRestart(this.#realm().name));
    this.#every('cutOff', () => this.#cutOff(this.#realm().name));
    this.#every('split', () => this.#split());
    this.#every('forgery', () => this.#forge());
  }

  /** Ends all that is wrong: from now on the realms can only recover. */
  end(): void {
    const { realms, terrain, network } = this.#init;
    terrain.clear();
    for (const realm of realms) realm.start();
    network.renew();
  }

  #every(kind: keyof TroubleRates, happen: () => void): void {
    const { clock, random, rates, until } = this.#init;
    const mean = rates[kind];
    if (mean === 0) return;
    const gap = gapOf(random, mean);
    if (clock.monotonic() + gap > until) return;
    clock.after(gap, () => {
      this.counts[kind]++;
      happen();
      this.#every(kind, happen);
    });
  }

  #realm(): SimulatedRealm {
    return oneOf(this.#init.random, this.#init.realms);
  }

  /** Half of the cuts come between a write and its sync, where they hurt; the others at any time. */
  #powerCut(): void {
    const { random, clock } = this.#init;
    const realm = this.#realm();
    const wait = random() * SYNC;
    if (random() < 0.5) return this.#crash(realm, true);
    const { disk } = realm.init;
    disk.onWrite = () => {
      disk.onWrite = () => {};
      clock.after(wait, () => this.#crash(realm, true));
    };
  }

  #crash(realm: SimulatedRealm, power: boolean): void {
    const { clock, random, until } = this.#init;
    const back = gapOf(random, DOWN);
    const silent = random() < 0.5;
    if (realm.isDown || clock.monotonic() > until) return;
    realm.crash({ power, silent });
    clock.after(back, () => realm.start());
  }

  #relayRestart(realm: RealmName): void {
    const { clock, random, terrain, network, log } = this.#init;
    log.note('relay down', realm);
    network.dropPaths(realm);
    terrain.stopRelay(realm, true);
    clock.after(gapOf(random, RELAY_AWAY), () => {
      log.note('relay up', realm);
      terrain.stopRelay(realm, false);
    });
  }

  #cutOff(realm: RealmName): void {
    const { clock, random, terrain, log } = this.#init;
    log.note('cut off', realm);
    terrain.cutOff(realm, true);
    clock.after(gapOf(random, CUT_OFF), () => {
      log.note('joined', realm);
      terrain.cutOff(realm, false);
    });
  }

  #split(): void {
    const { clock, random, terrain, log, realms } = this.#init;
    const sides = new Map(realms.map(({ name }) => [name, random() < 0.5 ? 1 : 0]));
    log.note('split', [...sides].flatMap(([name, side]) => (side === 1 ? [name] : [])).join(' '));
    terrain.split(sides);
    clock.after(gapOf(random, SPLIT), () => {
      log.note('whole again');
      terrain.split(new Map());
    });
  }

  #forge(): void {
    const { random, people, log } = this.#init;
    const liar = this.#realm();
    const [sender, recipient] = [oneOf(random, people).profile, oneOf(random, people).profile];
    if (!liar.running || sender.home === liar.name || recipient.home === liar.name || sender === recipient) return;
    log.note('forgery', liar.name, sender.name, recipient.name);
    forge(liar.running, sender, recipient, random);
  }
}
