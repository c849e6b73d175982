// One world: realms, their users and their troubles, put together from a seed. run.ts lets its time pass.
import type { UserProfile } from '../../node/directory/directory.ts';
import { houseOf } from '../../src/overlay/scope.ts';
import { parseDeviceId, type UserId } from '../../src/realm/ids.ts';
import { isWithin, parentOf, type RealmName, type Tier } from '../../src/realm/names.ts';
import { Administrator } from './administrator.ts';
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
  /** Whether realms are revoked and trusts agreed, by chance. */
  readonly decisions: boolean;
  readonly bug?: PlantedBug | undefined;
  readonly keepLog?: boolean;
}

const ROUTERS: readonly Router[] = ['open', 'punchable', 'punchable', 'punchable', 'symmetric'];
/** Milliseconds; a realm's clock is so far off at most. */
const CLOCK_ERROR = 2_000;
/** From 0 to 1: messages to anybody, of whatever house. */
const ABROAD = 0.2;
const DEVICE = parseDeviceId('30000000-0000-4000-8000-000000000001');

export class World {
  readonly init: WorldInit;
  readonly clock = new SimulatedClock();
  readonly log: EventLog;
  readonly chronicle: Chronicle;
  readonly terrain: Terrain;
  readonly network: SimulatedNetwork;
  readonly realms: readonly SimulatedRealm[];
  readonly administrators: ReadonlyMap<RealmName, Administrator>;
  readonly people: readonly Person[];
  readonly troubles: Troubles;
  /** Realms that their administrators have revoked, as soon as they were asked to. */
  readonly revoked = new Set<RealmName>();
  readonly #colleagues: ReadonlyMap<RealmName | undefined, readonly Person[]>;
  readonly #placed: readonly PlacedRealm[];
  readonly #profiles: ReadonlyMap<UserId, UserProfile>;

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
    this.#profiles = new Map(profiles.map((user) => [user.id, user]));
    const tiers = new Map(this.#placed.map(({ realm, tier }) => [realm, tier]));
    this.realms = this.#placed.map((placed) => this.#realm(placed, (realm) => tiers.get(realm)));
    this.administrators = new Map(this.realms.map((realm) => [realm.name, new Administrator({ ...this, realm })]));
    this.people = profiles.map((profile) => this.#person(profile));
    this.#colleagues = byHouse(this.people);
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
    this.#found();
    this.troubles.start();
    this.#decide(randomFor(this.init.seed, 'decisions'));
    this.#writeNext(randomFor(this.init.seed, 'people'), 0);
  }

  /** Each realm certifies those below it and adds its users. */
  #found(): void {
    for (const realm of this.realms) {
      const { tier } = realm.init;
      const above = parentOf(realm.name);
      const certify = { kind: 'certify', realm: realm.name, tier, chain: realm.identity.chain } as const;
      if (above !== undefined) this.administrators.get(above)?.ask(certify);
    }
    for (const { profile } of this.people) {
      this.administrators.get(profile.home)?.ask({ kind: 'add-user', user: profile });
    }
  }

  /** In some worlds a branch is revoked half-way, in some two branches of different houses trust each other. */
  #decide(random: Random): void {
    const branches = this.realms.filter(({ init }) => init.tier === 'branch').map(({ name }) => name);
    const [a, b, c] = [oneOf(random, branches), oneOf(random, branches), oneOf(random, branches)];
    const { busy, decisions } = this.init;
    if (!decisions) return;
    if (random() < 0.5 && parentOf(a) !== parentOf(b)) this.clock.after(busy * 0.3, () => this.trust(a, b));
    if (random() < 0.3) this.clock.after(busy * 0.6, () => this.revoke(c));
  }

  #realm(placed: PlacedRealm, tierOf: (realm: RealmName) => Tier | undefined): SimulatedRealm {
    const { seed, bug } = this.init;
    const { realm, tier } = placed;
    const random = randomFor(seed, realm);
    this.terrain.settle({ realm, router: tier === 'branch' ? oneOf(random, ROUTERS) : 'open' });
    const disk = new SimulatedDisk({ clock: this.clock, random: randomFor(seed, `disk ${realm}`), ...hasteOf(bug) });
    const signatures = signaturesOf(seed);
    const house = houseOf(placed);
    const stranger = (id: UserId) => {
      const user = this.#profiles.get(id);
      return user && parentOf(user.home) !== house ? user : undefined;
    };
    const clockError = Math.floor((random() - 0.5) * 2 * CLOCK_ERROR);
    return new SimulatedRealm({ ...this, ...placed, clockError, disk, random, tierOf, bug, signatures, stranger });
  }

  #person(profile: UserProfile): Person {
    const { seed } = this.init;
    const random = randomFor(seed, profile.id);
    return new Person({ ...this, profile, device: DEVICE, realm: this.realm(profile.home), random });
  }

  readonly isRevoked = (realm: RealmName): boolean => [...this.revoked].some((one) => isWithin(realm, one));

  /** A realm is taken out: its parent's administrator revokes it. */
  revoke(realm: RealmName): void {
    const above = parentOf(realm);
    if (above === undefined) return;
    this.revoked.add(realm);
    this.log.note('revoke', realm);
    this.administrators.get(above)?.ask({ kind: 'revoke', realm });
  }

  /** Two realms of different houses agree that their messages go direct. */
  trust(a: RealmName, b: RealmName): void {
    this.log.note('trust', a, b);
    this.administrators.get(a)?.ask({ kind: 'trust', realm: b });
    this.administrators.get(b)?.ask({ kind: 'trust', realm: a });
  }

  /** Evenly over the busy time; most to people of the own house. */
  #writeNext(random: Random, written: number): void {
    const { messages, busy } = this.init;
    if (written >= messages) return;
    const at = (written / messages) * busy;
    this.clock.after(at - this.clock.monotonic(), () => {
      const from = oneOf(random, this.people);
      const to = this.#partner(random, from);
      if (to && to !== from && !this.isRevoked(from.profile.home) && !this.isRevoked(to.profile.home))
        from.write(to.profile);
      this.#writeNext(random, written + 1);
    });
  }

  #partner(random: Random, from: Person): Person | undefined {
    if (random() < ABROAD) return oneOf(random, this.people);
    const colleagues = this.#colleagues.get(parentOf(from.profile.home));
    return colleagues && oneOf(random, colleagues);
  }
}

function byHouse(people: readonly Person[]): ReadonlyMap<RealmName | undefined, readonly Person[]> {
  return Map.groupBy(people, ({ profile }) => parentOf(profile.home));
}
