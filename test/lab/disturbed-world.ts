// Two split branches behind port-restricted NAT with a direct path and people on both LANs who write each 100 ms, while
// something is done to the network or the programs between them; and the account of it: what was sent, lost, doubled, the
// longest time in which nothing was shown on one of the sides, and how soon the path was direct again.
import { setTimeout as pause } from 'node:timers/promises';
import { AdminClient } from '../../node/admin/api.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { type Branch, Deployment, type PublicRealm } from './deployment.ts';
import { Internet } from './internet.ts';
import { blackOut, heal } from './network-faults.ts';
import type { Person } from './person.ts';
import { killAll } from './processes.ts';
import type { Program } from './program.ts';

export interface Disturbance {
  readonly name: string;
  /** Milliseconds in which something must have been shown on each side. */
  readonly gapLimit: number;
  /** Milliseconds between two messages of a person. Default 100. */
  readonly every?: number;
  /** Done in `npm test`, too. */
  readonly isEssential: boolean;
  /** It ends a program, not only the network. */
  readonly restarts?: true;
  disturb(world: DisturbedWorld): Promise<void>;
}

export interface Account {
  readonly name: string;
  readonly gapLimit: number;
  readonly sent: number;
  readonly lost: number;
  readonly doubled: number;
  /** Milliseconds. */
  readonly longestGap: number;
  /** Milliseconds from the end of the disturbance; undefined when the path did not become direct. */
  readonly direct: number | undefined;
}

const EVERY = 100;
/** Of undisturbed load before and after. */
const CALM = 2_000;
/** A disturbance shows after a moment only: the kernel forgets translations in its own time. */
const SETTLED = 1_000;
const AWAY = 2_000;
const DIRECT_LIMIT = 90_000;
const DRAIN_LIMIT = 40_000;
const LOOK_EVERY = 250;

export class DisturbedWorld {
  readonly internet: Internet;
  readonly deployment: Deployment;
  region: PublicRealm;
  enterprise: PublicRealm;
  kyiv: Branch;
  lviv: Branch;
  readonly people: readonly [Person, Person];
  /** Kyiv's outer address at present. */
  address: string;
  /** Kyiv's second relay, once there is one. */
  second: Program | undefined;

  private constructor(
    internet: Internet,
    deployment: Deployment,
    realms: Pick<DisturbedWorld, 'region' | 'enterprise' | 'kyiv' | 'lviv'>,
    people: readonly [Person, Person],
  ) {
    this.internet = internet;
    this.deployment = deployment;
    this.region = realms.region;
    this.enterprise = realms.enterprise;
    this.kyiv = realms.kyiv;
    this.lviv = realms.lviv;
    this.people = people;
    this.address = realms.kyiv.site.outer;
  }

  /**
   * People connected, the path direct.
   * @param serverEnv environment variables of the servers
   */
  static async create(serverEnv: Record<string, string> = {}): Promise<DisturbedWorld> {
    const internet = new Internet('disturbed');
    const deployment = await Deployment.create(internet, serverEnv);
    try {
      return await DisturbedWorld.#populate(internet, deployment);
    } catch (error) {
      await deployment.stop();
      throw error;
    }
  }

  static async #populate(internet: Internet, deployment: Deployment): Promise<DisturbedWorld> {
    const region = await deployment.region('ua');
    const enterprise = await deployment.enterprise('acme.ua', region);
    const kyiv = await deployment.branch('kyiv.acme.ua', internet.site('kyiv', 'port-restricted'), enterprise);
    const lviv = await deployment.branch('lviv.acme.ua', internet.site('lviv', 'port-restricted'), enterprise);
    await deployment.user(kyiv, 'clerk', 'Clerk One');
    await deployment.user(lviv, 'engineer', 'Engineer One');
    await deployment.acquaint([kyiv, lviv], [`clerk@${kyiv.realm}`, `engineer@${lviv.realm}`]);
    const people = [await deployment.person(kyiv, 'clerk'), await deployment.person(lviv, 'engineer')] as const;
    await people[0].meet(people[1].address);
    await people[1].meet(people[0].address);
    await Promise.all(people.map((person) => person.connected()));
    const world = new DisturbedWorld(internet, deployment, { region, enterprise, kyiv, lviv }, people);
    if ((await world.becomesDirect()) === undefined) throw new Error('the path does not become direct');
    return world;
  }

  async suffer({ name, gapLimit, every = EVERY, disturb }: Omit<Disturbance, 'isEssential'>): Promise<Account> {
    const begun = Date.now();
    for (const person of this.people) person.tell({ load: { name, every } });
    await pause(CALM);
    await disturb(this);
    const ended = Date.now();
    await pause(SETTLED);
    await this.#flows();
    const direct = await this.becomesDirect(ended);
    await pause(CALM);
    const counts = await Promise.all(this.people.map((person) => person.rest()));
    await this.#drained(name, counts);
    return { name, gapLimit, direct, ...this.#account(name, counts, begun) };
  }

  /** Milliseconds until a stream between the nodes takes a direct path; undefined when it does not within the limit. */
  async becomesDirect(begun = Date.now()): Promise<number | undefined> {
    const admin = new AdminClient(dataDirectory(this.kyiv.nodeDir).socket.node);
    while (Date.now() - begun < DIRECT_LIMIT) {
      const answer = await admin.ping(parseRealmName(this.lviv.realm)).catch(() => undefined);
      if (answer?.path.kind.startsWith('direct')) return Date.now() - begun;
      await pause(LOOK_EVERY);
    }
    return undefined;
  }

  async addRelay(): Promise<void> {
    const { branch, second } = await this.deployment.secondRelay(this.kyiv);
    this.kyiv = branch;
    this.second = second;
    await this.becomesDirect();
  }

  async restarted(realm: PublicRealm): Promise<PublicRealm> {
    killAll(realm.server);
    await pause(AWAY);
    return this.deployment.startAgain(realm);
  }

  /** Everything off the line between Kyiv and the Internet, for so many milliseconds. */
  async outage(lasts: number): Promise<void> {
    blackOut(this.kyiv.site);
    await pause(lasts);
    heal(this.kyiv.site);
  }

  async stop(): Promise<void> {
    await Promise.all(this.people.map((person) => person.stop()));
    await this.deployment.stop();
  }

  /** What each person was shown of what the other wrote under this name. */
  shown(name: string): { readonly text: string; readonly at: number }[][] {
    return this.people.map((person) => person.messages().filter(({ text }) => text.startsWith(`${name} `)));
  }

  /** Waits until what each person writes from now on is shown to the other. */
  async #flows(): Promise<void> {
    const [one, other] = this.people;
    const last = [one.sent().at(-1) ?? '', other.sent().at(-1) ?? ''] as const;
    // What does not come in time is counted as lost or as a gap at the end.
    await Promise.allSettled([other.shown(last[0], DIRECT_LIMIT), one.shown(last[1], DIRECT_LIMIT)]);
  }

  async #drained(name: string, counts: readonly number[]): Promise<void> {
    for (const end = Date.now() + DRAIN_LIMIT; Date.now() < end; await pause(LOOK_EVERY)) {
      const missing = this.shown(name).map(
        (shown, index) => (counts[1 - index] ?? 0) - new Set(shown.map(({ text }) => text)).size,
      );
      if (missing.every((count) => count <= 0)) return;
    }
  }

  #account(
    name: string,
    counts: readonly number[],
    begun: number,
  ): Pick<Account, 'sent' | 'lost' | 'doubled' | 'longestGap'> {
    const sides = this.shown(name);
    const sent = counts.reduce((sum, count) => sum + count, 0);
    const all = sides.flatMap((shown, index) => shown.map(({ text }) => `${index} ${text}`));
    const distinct = new Set(all).size;
    return {
      sent,
      lost: sent - distinct,
      doubled: all.length - distinct,
      longestGap: Math.max(...sides.map((shown) => longestGap([begun, ...shown.map(({ at }) => at)]))),
    };
  }
}

function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)));
}

export function accountLines(accounts: readonly Account[]): string[] {
  return [
    '| disturbance | sent | lost | doubled | longest gap, s | direct again after, s |',
    '|---|---|---|---|---|---|',
    ...accounts.map(
      ({ name, sent, lost, doubled, longestGap: gap, direct }) =>
        `| ${name} | ${sent} | ${lost} | ${doubled} | ${(gap / 1000).toFixed(1)} | ${direct === undefined ? 'not' : (direct / 1000).toFixed(1)} |`,
    ),
  ];
}
