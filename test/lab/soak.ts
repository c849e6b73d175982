// A long life with churn: links flap, programs die and come back, a branch comes and goes, people come and go, strangers
// knock, and messages flow all the while. Between the rounds everything rests for a while, and what the programs that
// were never restarted hold then is written down.
import { setTimeout as pause } from 'node:timers/promises';
import type { Branch } from './deployment.ts';
import { DISTURBANCES } from './disturbances.ts';
import { type Account, DisturbedWorld } from './disturbed-world.ts';
import { type Holding, Probe } from './probe.ts';
import { kill, processOf } from './processes.ts';
import { strangers } from './strangers.ts';

export interface Sample extends Holding {
  readonly minute: number;
  readonly program: string;
}

interface Act {
  readonly name: string;
  disturb(world: DisturbedWorld): Promise<void>;
}

/** Everything that the links keep for a while after a change is let go of by then. */
const REST = 45_000;
const MINUTE = 60_000;
const WAN_PORT = 4443;
const STRANGERS = 60;
const VISITS = 5;
const VISIT = 500;
const GAP_LIMIT = 60_000;

export class Soak {
  readonly #world: DisturbedWorld;
  readonly #probe: Probe;
  readonly samples: Sample[] = [];
  readonly accounts: Account[] = [];
  #guest: Branch;
  readonly #begun = Date.now();
  #act = 0;

  private constructor(world: DisturbedWorld, probe: Probe, guest: Branch) {
    this.#world = world;
    this.#probe = probe;
    this.#guest = guest;
  }

  static async create(): Promise<Soak> {
    const probe = await Probe.create();
    let world: DisturbedWorld | undefined;
    try {
      world = await DisturbedWorld.create(probe.env);
      const site = world.internet.site('odesa', 'symmetric');
      return new Soak(world, probe, await world.deployment.branch('odesa.acme.ua', site, world.enterprise));
    } catch (error) {
      await world?.stop();
      await probe.stop();
      throw error;
    }
  }

  /** @param acts of each round, before the rest @param tell what happens, line by line */
  async live(minutes: number, acts: number, tell: (line: string) => void): Promise<void> {
    const all = this.#acts();
    while (Date.now() - this.#begun < minutes * MINUTE) {
      for (let count = 0; count < acts; count++) {
        const { name, disturb } = all[this.#act++ % all.length] ?? { name: 'nothing', disturb: async () => {} };
        const numbered = `${this.#act}: ${name}`;
        this.accounts.push(await this.#world.suffer({ name: numbered, gapLimit: GAP_LIMIT, disturb }));
        this.#assertAlive();
      }
      await pause(REST);
      await this.#sample(tell);
    }
  }

  async stop(): Promise<void> {
    await this.#world.stop();
    await this.#probe.stop();
  }

  /** Lviv's programs are those that are killed; region and enterprise keep on running here. */
  #acts(): Act[] {
    const network = DISTURBANCES.filter(({ restarts }) => restarts === undefined);
    return [
      ...network,
      { name: 'a relay is killed', disturb: async ({ lviv }) => kill(processOf(lviv.relay, 'relay')) },
      { name: 'a branch comes and goes', disturb: () => this.#visit() },
      { name: 'a node is killed', disturb: async ({ lviv }) => kill(processOf(lviv.node, 'node')) },
      { name: 'people come and go', disturb: (world) => comeAndGo(world) },
      { name: 'strangers knock', disturb: (world) => knock(world) },
    ];
  }

  async #visit(): Promise<void> {
    const { deployment } = this.#world;
    await deployment.halt([this.#guest]);
    const [back] = await deployment.resume([this.#guest]);
    this.#guest = back ?? this.#guest;
  }

  /** Lviv's and Odesa's programs are killed and stopped on purpose; the others must never end by themselves. */
  #assertAlive(): void {
    const { region, enterprise, kyiv } = this.#world;
    for (const program of [region.server, enterprise.server, kyiv.node, kyiv.relay]) {
      if (program.stderr.includes('ended by itself')) throw new Error(`a program ended by itself: ${program.stderr}`);
    }
  }

  async #sample(tell: (line: string) => void): Promise<void> {
    const { region, enterprise, kyiv } = this.#world;
    const programs = {
      "the region's node": processOf(region.server, 'node'),
      "the region's relay": processOf(region.server, 'relay'),
      "the enterprise's node": processOf(enterprise.server, 'node'),
      "the enterprise's relay": processOf(enterprise.server, 'relay'),
      "the branch's node": processOf(kyiv.node, 'node'),
      "the branch's relay": processOf(kyiv.relay, 'relay'),
    };
    const minute = (Date.now() - this.#begun) / MINUTE;
    for (const [program, pid] of Object.entries(programs)) {
      const sample = { ...(await this.#probe.ask(pid)), minute, program };
      this.samples.push(sample);
      tell(JSON.stringify(sample));
    }
  }
}

async function comeAndGo({ people }: DisturbedWorld): Promise<void> {
  for (let visit = 0; visit < VISITS; visit++) {
    for (const person of people) person.tell({ disconnect: true });
    await pause(VISIT);
    for (const person of people) person.tell({ connect: true });
    await pause(VISIT);
  }
}

async function knock({ enterprise, region, lviv }: DisturbedWorld): Promise<void> {
  const doors = [enterprise.where.address, region.where.address];
  await Promise.all(doors.map((address) => strangers(lviv.site.dmz, address, WAN_PORT, STRANGERS)));
}
