// The demonstration's realms as processes that a test starts and kills one by one: a region, an enterprise, two branches on
// loopback, and in each branch a person whose client is connected.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { awaitColleague } from '../../cli/demo/demo-check.ts';
import { admit } from '../../cli/demo/demo-people.ts';
import { type DemoBranch, type DemoRealm, planDemo } from '../../cli/demo/demo-plan.ts';
import { initRegion } from '../../cli/setup/init-region.ts';
import { planJoin } from '../../cli/setup/join-plan.ts';
import { joinRealm } from '../../cli/setup/join-realm.ts';
import { overlayCourier } from '../../cli/setup/overlay-courier.ts';
import { AdminClient } from '../../node/admin/api.ts';
import { type Client, createClient } from '../../src/client/client.ts';
import { systemClock } from '../../src/realm/clock.ts';
import type { RealmName, Role } from '../../src/realm/names.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { Program } from './program.ts';

const TTL = 600_000;
const UPLINK_DEADLINE = 30_000;

/** A realm's two programs. */
export class Realm {
  readonly realm: RealmName;
  readonly dir: string;
  readonly #programs = new Map<Role, Program>();

  constructor({ realm, dir }: DemoRealm) {
    this.realm = realm;
    this.dir = dir;
  }

  get admin(): AdminClient {
    return new AdminClient(dataDirectory(this.dir).socket.node);
  }

  program(role: Role): Program {
    const program = this.#programs.get(role);
    if (!program) throw new Error(`the ${role} of ${this.realm} was never started`);
    return program;
  }

  async start(...roles: readonly Role[]): Promise<void> {
    const started = roles.map(async (role) => this.#programs.set(role, await Program.start({ role, dir: this.dir })));
    await Promise.all(started);
  }

  /** As SIGKILL does it, and again. */
  async crash(role: Role): Promise<void> {
    await this.program(role).kill();
    await this.start(role);
  }

  async uplink(): Promise<void> {
    const end = Date.now() + UPLINK_DEADLINE;
    while (!(await this.admin.status()).relay.connected) {
      if (Date.now() > end) throw new Error(`the node of ${this.realm} does not reach its relay`);
      await pause(50);
    }
  }

  async stop(): Promise<void> {
    for (const role of ['node', 'relay'] as const) await this.#programs.get(role)?.stop();
  }
}

export class Branch extends Realm {
  readonly address: string;
  readonly url: string;
  readonly client: Client;
  readonly #plan: DemoBranch;

  constructor(plan: DemoBranch) {
    super(plan);
    this.#plan = plan;
    this.address = plan.user.address;
    const name = plan.settings['lan.names'];
    this.url = `http://${name}:${String(plan.settings['lan.listen']).split(':').at(-1)}`;
    this.client = createClient({ server: this.url, ...nodePlatform() });
  }

  async admit(signal: AbortSignal): Promise<void> {
    await admit(this.#plan, this.client, signal);
    this.client.connect();
  }
}

export interface TwoBranches {
  /** The realm above both. */
  readonly enterprise: Realm;
  readonly kyiv: Branch;
  readonly lviv: Branch;
  stop(): Promise<void>;
}

export async function startTwoBranches(signal: AbortSignal): Promise<TwoBranches> {
  const folder = await mkdtemp(join(tmpdir(), 'canopy-faults-'));
  const plan = await planDemo(folder, true);
  const [region, enterprise] = [new Realm(plan.region), new Realm(plan.enterprise)];
  const [kyiv, lviv] = [new Branch(plan.branches[0]), new Branch(plan.branches[1])];
  const stop = async (): Promise<void> => {
    for (const { client } of [kyiv, lviv]) client.disconnect();
    await Promise.all([kyiv, lviv, enterprise, region].map((realm) => realm.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await initRegion({ realm: plan.region.realm, dir: plan.region.dir, given: plan.region.settings });
    await up(region);
    await enter(plan.enterprise, region);
    await up(enterprise);
    await Promise.all(plan.branches.map((branch) => enter(branch, enterprise)));
    await Promise.all([kyiv, lviv].map(up));
    await Promise.all([kyiv, lviv].map((branch) => branch.admit(signal)));
    await awaitColleague(kyiv.client, lviv.address, systemClock, signal);
    await awaitColleague(lviv.client, kyiv.address, systemClock, signal);
    return { enterprise, kyiv, lviv, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function up(realm: Realm): Promise<void> {
  await realm.start('node', 'relay');
  await realm.uplink();
}

async function enter(realm: DemoRealm, parent: Realm): Promise<void> {
  const { token } = await parent.admin.invite({ tier: realm.tier, realm: realm.realm, ttl: TTL });
  const plan = await planJoin({ line: token, dir: realm.dir, now: Date.now() });
  await joinRealm(plan, realm.settings, overlayCourier(plan.token.rootFingerprint));
}
