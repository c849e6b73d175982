// The demonstration from its beginning to its end: realms, people, and either a screen that stays or a check that ends.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AdminClient, type Ping } from '../../node/admin/api.ts';
import { type Client, createClient } from '../../src/client/client.ts';
import { type Clock, sleep, systemClock } from '../../src/realm/clock.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import type { Environment } from '../../src/settings/settings.ts';
import { nodePlatform } from '../chat/node-platform.ts';
import { awaitColleague, type CheckedMessage, type Correspondent, sendAcross } from './demo-check.ts';
import { DemoNetwork } from './demo-network.ts';
import { admit } from './demo-people.ts';
import { type DemoBranch, type DemoPlan, planDemo } from './demo-plan.ts';
import { keepPasswords } from './kept-passwords.ts';

export interface DemonstrationInit {
  /** Kept there; undefined: temporary. */
  readonly dir: string | undefined;
  readonly anyPorts: boolean;
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** A direct path takes a moment to come up; the demonstration goes on without one after so long. */
const DIRECT_DEADLINE = 5000;
const PING_DEADLINE = 10_000;
const POLL = 250;

export class Demonstration {
  readonly plan: DemoPlan;
  readonly temporary: boolean;
  readonly #init: DemonstrationInit;
  readonly #clock: Clock = systemClock;
  readonly #network: DemoNetwork;
  readonly #clients: Client[] = [];

  constructor(init: DemonstrationInit, plan: DemoPlan) {
    this.#init = init;
    this.plan = plan;
    this.temporary = init.dir === undefined;
    const { env, signal, say } = init;
    this.#network = new DemoNetwork({ plan, env, signal, say, clock: this.#clock });
  }

  /** Resolves when both users are known to each other. The branches start after `beforeBranches`. */
  async start(beforeBranches?: Promise<void>): Promise<readonly [Correspondent, Correspondent]> {
    await this.#network.start(beforeBranches);
    const [one, other] = this.plan.branches;
    const people = [await this.#correspondent(one), await this.#correspondent(other)] as const;
    this.#init.say(`  ${'users'.padEnd(14)} ${one.user.address}, ${other.user.address}`);
    const { signal } = this.#init;
    await Promise.all([
      awaitColleague(people[0].client, other.user.address, this.#clock, signal),
      awaitColleague(people[1].client, one.user.address, this.#clock, signal),
    ]);
    return people;
  }

  url(branch: DemoBranch): string {
    return this.#network.lanOf(branch.realm);
  }

  /** The way from the first branch to the second, direct if it becomes so soon. */
  async ping(): Promise<Ping> {
    const [one, other] = this.plan.branches;
    const admin = new AdminClient(dataDirectory(one.dir).socket.node);
    const deadline = this.#clock.monotonic() + DIRECT_DEADLINE;
    for (;;) {
      const report = await admin.ping(other.realm, PING_DEADLINE);
      if (report.path.kind !== 'relayed' || this.#clock.monotonic() > deadline) return report;
      await sleep(this.#clock, POLL, this.#init.signal);
    }
  }

  async check(people: readonly [Correspondent, Correspondent]): Promise<readonly CheckedMessage[]> {
    const [one, other] = people;
    for (const { client } of people) client.connect();
    const { signal } = this.#init;
    return [await sendAcross(one, other, this.#clock, signal), await sendAcross(other, one, this.#clock, signal)];
  }

  stopRelay(realm: RealmName): Promise<void> {
    return this.#network.stopProgram(realm, 'relay');
  }

  /** Also after a failed start. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.#network.stop();
    if (this.temporary) await rm(this.plan.dir, { recursive: true, force: true });
  }

  async #correspondent(branch: DemoBranch): Promise<Correspondent> {
    const client = createClient({ server: this.url(branch), ...nodePlatform(), deviceName: 'demonstration' });
    this.#clients.push(client);
    await admit(branch, client, this.#init.signal);
    return { realm: branch.realm, address: branch.user.address, client };
  }
}

export async function prepareDemonstration(init: DemonstrationInit): Promise<Demonstration> {
  const dir = init.dir === undefined ? await mkdtemp(join(tmpdir(), 'canopy-demo-')) : resolve(init.dir);
  const plan = await planDemo(dir, init.anyPorts);
  return new Demonstration(init, init.dir === undefined ? plan : await keepPasswords(plan));
}
