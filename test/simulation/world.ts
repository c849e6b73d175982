// One world: realms, their users and their troubles, put together from a seed. run.ts lets its time pass.
import type { Directory, UserProfile } from '../../node/directory/directory.ts';
import { parseDeviceId } from '../../src/realm/ids.ts';
import { parentOf, type RealmName } from '../../src/realm/names.ts';
import { Chronicle } from './chronicle.ts';
import { SimulatedClock } from './clock.ts';
import { SimulatedDisk } from './disk.ts';
import { EventLog } from './event-log.ts';
import { signaturesOf } from './identity.ts';
import { SimulatedNetwork } from './network.ts';
import { Person } from './person.ts';
import { hasteOf, type PlantedBug } from './planted-bugs.ts';
import { type PlacedRealm, realmsOf, usersOf } from './population.ts';
import { oneOf, type Random, randomFor } from './random.ts';
import { SimulatedRealm } from './realm.ts';
import { type Router, Terrain } from './terrain.ts';
import { type TroubleRates, Troubles } from './troubles.ts';

export interface WorldInit {
  readonly seed: number;
  readonly realms: number;
  readonly users: number;
  /** Milliseconds during which people write and things go wrong. */
  readonly busy: number;
  /** Messages that people write in that time, all together. */
  readonly messages: number;
  readonly troubles: TroubleRates;
  /** From 0 to 1. */
  readonly loss: number;
  readonly bug?: PlantedBug | undefined;
  readonly keepLog?: boolean;
}

const ROUTERS: readonly Router[] = ['open', 'punchable', 'punchable', 'punchable', 'symmetric'];
/** Milliseconds; a realm's clock is so far off at most. */
const CLOCK_ERROR = 2_000;
const DEVICE = parseDeviceId('30000000-0000-4000-8000-000000000001');

export class World {
  readonly init: WorldInit;
  readonly clock = new SimulatedClock();
  readonly log: EventLog;
  readonly chronicle: Chronicle;
  readonly terrain: Terrain;
  readonly network: SimulatedNetwork;
  readonly realms: readonly SimulatedRealm[];
  readonly people: readonly Person[];
  readonly troubles: Troubles;
  readonly #placed: readonly PlacedRealm[];

  constructor(init: WorldInit) {
    this.init = init;
    const { seed, users, troubles, busy, loss } = init;
    const clock = this.clock;
    this.log = new EventLog(() => clock.monotonic(), init.keepLog ?? false);
    this.chronicle = new Chronicle(() => clock.monotonic());
    this.terrain = new Terrain({ seed, loss });
    this.network = new SimulatedNetwork({ ...this, random: randomFor(seed, 'network') });
    this.#placed = realmsOf(init.realms);
    const profiles = usersOf(this.#placed, users);
    const known = new Map(profiles.map((user) => [user.id, user]));
    const directory = { findById: (id: UserProfile['id']) => known.get(id) };
    this.realms = this.#placed.map((placed) => this.#realm(placed, directory));
    this.people = profiles.map((profile) => this.#person(profile));
    const random = randomFor(seed, 'troubles');
    this.troubles = new Troubles({ ...this, random, rates: troubles, until: busy });
  }

  realm(name: RealmName): SimulatedRealm {
    const realm = this.realms.find((one) => one.name === name);
    if (!realm) throw new Error(`no realm ${name}`);
    return realm;
  }

  start(): void {
    for (const realm of this.realms) realm.start();
    this.troubles.start();
    this.#writeNext(randomFor(this.init.seed, 'people'), 0);
  }

  #realm(placed: PlacedRealm, directory: Pick<Directory, 'findById'>): SimulatedRealm {
    const { seed, bug } = this.init;
    const { realm, tier } = placed;
    const random = randomFor(seed, realm);
    this.terrain.settle({ realm, router: tier === 'branch' ? oneOf(random, ROUTERS) : 'open' });
    const disk = new SimulatedDisk({ clock: this.clock, random: randomFor(seed, `disk ${realm}`), ...hasteOf(bug) });
    const signatures = signaturesOf(seed);
    const clockError = Math.floor((random() - 0.5) * 2 * CLOCK_ERROR);
    return new SimulatedRealm({ ...this, ...placed, clockError, disk, random, directory, bug, signatures });
  }

  #person(profile: UserProfile): Person {
    const { seed } = this.init;
    const random = randomFor(seed, profile.id);
    return new Person({ ...this, profile, device: DEVICE, realm: this.realm(profile.home), random });
  }

  /** People write to people of their own house, evenly over the busy time. */
  #writeNext(random: Random, written: number): void {
    const { messages, busy } = this.init;
    if (written >= messages) return;
    const at = (written / messages) * busy;
    this.clock.after(at - this.clock.monotonic(), () => {
      const from = oneOf(random, this.people);
      const colleagues = this.people.filter((one) => one !== from && sameHouse(one.profile, from.profile));
      if (colleagues.length > 0) from.write(oneOf(random, colleagues).profile);
      this.#writeNext(random, written + 1);
    });
  }
}

function sameHouse(a: UserProfile, b: UserProfile): boolean {
  return parentOf(a.home) === parentOf(b.home);
}
