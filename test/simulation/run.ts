// Lets the time of a world pass and judges it: during the run, and at the end, when all troubles are over and everything had
// its time to arrive.
import { parseRealmName } from '../../src/realm/names.ts';
import { Bounds, type Peaks } from './bounds.ts';
import type { Violation } from './chronicle.ts';
import { differences } from './convergence.ts';
import type { DiskCounters } from './disk.ts';
import type { Traffic } from './network.ts';
import type { SimulatedRealm } from './realm.ts';
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
  /** Frames and bytes of each protocol. */
  readonly protocols: Readonly<Record<string, Traffic>>;
  readonly bytes: number;
  readonly disks: DiskCounters;
  /** Seconds of CPU, and bytes of heap and buffers of this process at the end. */
  readonly cpu: number;
  readonly memory: number;
  /** The most that one realm had open, held in streams, and that all had waiting. */
  readonly peaks: Peaks;
  /** Simulated milliseconds. */
  readonly took: number;
  /** Newest lines of the event log, when they were kept. */
  readonly lines: readonly string[];
}

export interface Progress {
  readonly hours: number;
  readonly events: number;
  readonly arrived: number;
}

const HOUR = 3_600_000;
/** Milliseconds between two looks whether everything is settled, and how long that may take at most. */
const LOOK = 5_000;
const PATIENCE = 15 * 60_000;
const REGION = parseRealmName('ua');

/** @param onProgress is told each simulated hour */
export async function simulate(init: WorldInit, onProgress: (progress: Progress) => void = () => {}): Promise<Verdict> {
  const before = process.cpuUsage();
  const world = new World(init);
  const bounds = new Bounds(world);
  world.start();
  bounds.start();
  for (let at = HOUR; at < init.busy; at += HOUR) {
    await world.clock.runUntil(at);
    onProgress({ hours: at / HOUR, events: world.clock.ran, arrived: world.chronicle.arrived });
  }
  await world.clock.runUntil(init.busy);
  world.troubles.end();
  await settle(world);
  bounds.look();
  await judge(world);
  const { user, system } = process.cpuUsage(before);
  // What is garbage already is no cost of a realm; known only where the process was started with --expose-gc.
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const cost = { cpu: (user + system) / 1e6, memory: heapUsed + arrayBuffers };
  return { ...verdictOf(world), ...cost, peaks: bounds.peaks };
}

/** Until nothing is on its way any more, nothing differs, or patience ends. */
async function settle(world: World): Promise<void> {
  const { clock, chronicle, init } = world;
  const end = init.busy + PATIENCE;
  while (clock.monotonic() < end && chronicle.broken === 0) {
    await clock.runUntil(clock.monotonic() + LOOK);
    if (isQuiet(world) && (await differences(world)).length === 0) return;
  }
}

function isQuiet(world: World): boolean {
  const { chronicle, people, administrators } = world;
  const { realms } = world;
  if (people.some((person) => !world.isRevoked(person.profile.home) && person.unsent > 0)) return false;
  if ([...administrators].some(([name, { pending }]) => !world.isRevoked(name) && pending > 0)) return false;
  if (chronicle.arrived < chronicle.written && world.revoked.size === 0) return false;
  return realms.every((realm) => world.isRevoked(realm.name) || waiting(world, realm).length === 0);
}

/** What a realm still has to hand on. */
function waiting(world: World, { name, running }: SimulatedRealm): string[] {
  if (!running) return [`${name} does not run`];
  return running.outbox.destinations().flatMap((to) => {
    const depth = world.isRevoked(to) ? 0 : running.outbox.depth(to);
    return depth > 0 ? [`${depth} messages of ${name} wait for ${to}`] : [];
  });
}

async function judge(world: World): Promise<void> {
  const { chronicle, realms, people, network } = world;
  const homes = new Map(people.map(({ id, profile }) => [id, profile.home]));
  chronicle.judgeLosses((user) => world.isRevoked(homes.get(user) ?? REGION));
  for (const { unsent, profile } of people) {
    if (unsent === 0 || world.isRevoked(profile.home)) continue;
    chronicle.violate('stuck', `${unsent} messages of ${profile.name} were never acknowledged`);
  }
  for (const [name, { pending }] of world.administrators) {
    if (pending > 0 && !world.isRevoked(name)) chronicle.violate('stuck', `${pending} acts of ${name} are not done`);
  }
  for (const realm of realms) {
    if (world.isRevoked(realm.name)) continue;
    for (const what of waiting(world, realm)) chronicle.violate('stuck', what);
    for (const other of network.talksWith(realm.name)) {
      if (world.isRevoked(other)) chronicle.violate('not-cut', `${realm.name} still talks with ${other}`);
    }
  }
  for (const what of await differences(world)) chronicle.violate('diverged', what);
}

function verdictOf({
  init,
  log,
  chronicle,
  clock,
  realms,
  troubles,
  network,
}: World): Omit<Verdict, 'peaks' | 'cpu' | 'memory'> {
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
    protocols: Object.fromEntries(network.byProtocol),
    disks: sumOf(realms.map(({ init: { disk } }) => disk.counters())),
    took: clock.monotonic(),
    lines: log.lines,
  };
}

function sumOf(all: readonly DiskCounters[]): DiskCounters {
  const sum = { rows: 0, bytes: 0, syncs: 0 };
  for (const { rows, bytes, syncs } of all) {
    sum.rows += rows;
    sum.bytes += bytes;
    sum.syncs += syncs;
  }
  return sum;
}
