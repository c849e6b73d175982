// Builds and runs the demonstration's realms, by the same code as init, invite, join and start.
import { AdminClient } from '../../node/admin/api.ts';
import { type Clock, sleep } from '../../src/realm/clock.ts';
import { codeOf, UnreachableError } from '../../src/realm/errors.ts';
import type { RealmName, Role } from '../../src/realm/names.ts';
import { dataDirectory, exists } from '../../src/settings/data-directory.ts';
import { formatHostPort, type HostPort, parseHostPort } from '../../src/settings/host-port.ts';
import type { Environment } from '../../src/settings/settings.ts';
import { initRegion } from '../setup/init-region.ts';
import { planJoin } from '../setup/join-plan.ts';
import { joinRealm } from '../setup/join-realm.ts';
import { overlayCourier } from '../setup/overlay-courier.ts';
import { type RunningRealm, startRealm } from '../supervisor/start-realm.ts';
import type { DemoPlan, DemoRealm } from './demo-plan.ts';
import { portFrom } from './free-ports.ts';

const INVITATION_TTL = 600_000;
const UPLINK_DEADLINE = 30_000;
const POLL = 100;
const MAX_MOVES = 5;

export interface DemoNetworkInit {
  readonly plan: DemoPlan;
  readonly env: Environment;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A line for each realm that is up. */
  readonly say: (text: string) => void;
}

export class DemoNetwork {
  readonly #init: DemoNetworkInit;
  readonly #running: RunningRealm[] = [];
  readonly #begun: number;

  constructor(init: DemoNetworkInit) {
    this.#init = init;
    this.#begun = init.clock.monotonic();
  }

  /** Tier by tier, the branches side by side; they wait for `beforeBranches`. */
  async start(beforeBranches: Promise<void> = Promise.resolve()): Promise<void> {
    const { region, enterprise, branches } = this.#init.plan;
    if (!(await exists(dataDirectory(region.dir).realm))) {
      await initRegion({ realm: region.realm, dir: region.dir, given: region.settings });
    }
    await this.#run(region);
    await this.#join(enterprise, region);
    await this.#run(enterprise);
    await beforeBranches;
    await Promise.all(
      branches.map(async (branch) => {
        await this.#join(branch, enterprise);
        await this.#run(branch);
      }),
    );
  }

  lanOf(realm: RealmName): string {
    return this.#find(realm).lan ?? '';
  }

  async stopProgram(realm: RealmName, role: Role): Promise<void> {
    await this.#find(realm).supervisor.stopProgram(role);
  }

  /** Branches first, the region last. */
  async stop(): Promise<void> {
    const reversed = this.#running.toReversed();
    this.#running.length = 0;
    await Promise.all(reversed.map((running) => running.supervisor.stop()));
  }

  #find(realm: RealmName): RunningRealm {
    const found = this.#running.find((running) => running.realm === realm);
    if (!found) throw new UnreachableError('demo-realm-down', `${realm} of the demonstration does not run`);
    return found;
  }

  async #join(realm: DemoRealm, parent: DemoRealm): Promise<void> {
    if (await exists(dataDirectory(realm.dir).realm)) return;
    const admin = new AdminClient(dataDirectory(parent.dir).socket.node);
    const { token } = await admin.invite({ tier: realm.tier, realm: realm.realm, ttl: INVITATION_TTL });
    const plan = await planJoin({ line: token, dir: realm.dir, now: this.#init.clock.now() });
    await joinRealm(plan, realm.settings, overlayCourier(plan.token.rootFingerprint));
  }

  async #run(realm: DemoRealm): Promise<void> {
    const { clock, signal, say } = this.#init;
    signal.throwIfAborted();
    const running = await this.#startMovingOn(realm, parseHostPort(String(realm.settings['lan.listen'])));
    this.#running.push(running);
    if (signal.aborted) await this.stop();
    await this.#uplink(realm);
    const seconds = ((clock.monotonic() - this.#begun) / 1000).toFixed(1);
    say(`  ${realm.realm.padEnd(14)} ${realm.tier.padEnd(10)} up after ${seconds} s`);
  }

  /** A port that was free a moment ago may be taken by now: the LAN's moves on, whatever canopy.toml says. */
  async #startMovingOn(realm: DemoRealm, lan: HostPort, moves = 0): Promise<RunningRealm> {
    try {
      return await startRealm({
        dir: realm.dir,
        env: this.#environment(lan),
        signal: this.#init.signal,
        logFile: (role) => `${dataDirectory(realm.dir).path}/${role}.log`,
        say: this.#init.say,
      });
    } catch (error) {
      if (codeOf(error) !== 'port-in-use' || moves >= MAX_MOVES) throw error;
      return this.#startMovingOn(realm, { ...lan, port: await portFrom(lan.port + 1) }, moves + 1);
    }
  }

  #environment(lan: HostPort): Environment {
    const foreign = Object.entries(this.#init.env).filter(
      ([name]) => !name.startsWith('CANOPY_') || name === 'CANOPY_LOG',
    );
    return { ...Object.fromEntries(foreign), CANOPY_LAN: formatHostPort(lan) };
  }

  /** A node is ready without its relay; what comes next here needs both. */
  async #uplink({ realm, dir }: DemoRealm): Promise<void> {
    const { clock, signal } = this.#init;
    const admin = new AdminClient(dataDirectory(dir).socket.node);
    const deadline = clock.monotonic() + UPLINK_DEADLINE;
    while (!(await admin.status()).relay.connected) {
      if (clock.monotonic() > deadline) {
        throw new UnreachableError('no-uplink', `the node of ${realm} does not reach its relay`, {
          hint: `Look into ${dir}/node.log and ${dir}/relay.log`,
        });
      }
      await sleep(clock, POLL, signal);
    }
  }
}
