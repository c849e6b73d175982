// Lets the time of a world pass and judges it: during the run, and at the end, when all troubles are over and everything had
// its time to arrive.
import type { Violation } from './chronicle.ts';
import { World, type WorldInit } from './world.ts';

export interface Verdict {
  readonly seed: number;
  /** Of everything that happened: two runs of one seed have the same. */
  readonly hash: string;
  readonly violations: readonly Violation[];
  /** Of all violations, those beyond the ones that are listed too. */
  readonly broken: number;
  readonly events: number;
  readonly written: number;
  readonly arrived: number;
  readonly crashes: number;
  readonly troubles: Readonly<Record<string, number>>;
  readonly frames: number;
  readonly bytes: number;
  /** Simulated milliseconds. */
  readonly took: number;
  /** Newest lines of the event log, when they were kept. */
  readonly lines: readonly string[];
}

/** Milliseconds between two looks whether everything is settled, and how long that may take at most. */
const LOOK = 5_000;
const PATIENCE = 15 * 60_000;

export async function simulate(init: WorldInit): Promise<Verdict> {
  const world = new World(init);
  world.start();
  await world.clock.runUntil(init.busy);
  world.troubles.end();
  const end = init.busy + PATIENCE;
  while (!isSettled(world) && world.clock.monotonic() < end) {
    await world.clock.runUntil(world.clock.monotonic() + LOOK);
  }
  await judge(world);
  return verdictOf(world);
}

/** Nothing is on its way any more. */
function isSettled({ realms, people, chronicle }: World): boolean {
  if (chronicle.broken > 0) return true;
  if (chronicle.arrived < chronicle.written || people.some(({ unsent }) => unsent > 0)) return false;
  return realms.every(({ running }) => running?.outbox.destinations().every((to) => running.outbox.depth(to) === 0));
}

async function judge(world: World): Promise<void> {
  const { chronicle, realms, people } = world;
  chronicle.judgeLosses();
  for (const { unsent, profile } of people) {
    if (unsent > 0) chronicle.violate('stuck', `${unsent} messages of ${profile.name} were never acknowledged`);
  }
  for (const { name, running } of realms) {
    if (!running) chronicle.violate('stuck', `${name} does not run`);
    for (const to of running?.outbox.destinations() ?? []) {
      const depth = running?.outbox.depth(to) ?? 0;
      if (depth > 0) chronicle.violate('stuck', `${depth} messages of ${name} wait for ${to}`);
    }
  }
}

function verdictOf({ init, log, chronicle, clock, realms, troubles, network }: World): Verdict {
  const traffic = realms.map(({ name }) => network.traffic(name));
  return {
    seed: init.seed,
    hash: log.hash,
    violations: chronicle.violations,
    broken: chronicle.broken,
    events: clock.ran,
    written: chronicle.written,
    arrived: chronicle.arrived,
    crashes: realms.reduce((sum, { crashes }) => sum + crashes, 0),
    troubles: troubles.counts,
    frames: traffic.reduce((sum, { frames }) => sum + frames, 0) / 2,
    bytes: traffic.reduce((sum, { bytes }) => sum + bytes, 0) / 2,
    took: clock.monotonic(),
    lines: log.lines,
  };
}
