// One realm of the simulation: a disk that survives, and one run after another of a node program on it. The parts are the real
// ones; only what they stand on (clock, disk, network, randomness, certificates) is simulated.
import type { UserProfile } from '../../node/directory/directory.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName, Tier } from '../../src/realm/names.ts';
import { ProcessClock, type SimulatedClock } from './clock.ts';
import type { SimulatedDisk } from './disk.ts';
import type { EventLog } from './event-log.ts';
import { identityOf, type Signatures, type SimulatedIdentity } from './identity.ts';
import type { SimulatedNetwork } from './network.ts';
import type { Place } from './place.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { type Program, placeOf, startProgram } from './program.ts';
import type { Random } from './random.ts';

export interface RealmInit {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly tierOf: (realm: RealmName) => Tier | undefined;
  readonly clock: SimulatedClock;
  /** Milliseconds that this host's clock is ahead. */
  readonly clockError: number;
  readonly network: SimulatedNetwork;
  readonly disk: SimulatedDisk;
  readonly random: Random;
  readonly log: EventLog;
  readonly signatures: Signatures;
  readonly stranger: (id: UserId) => UserProfile | undefined;
  readonly bug?: PlantedBug | undefined;
}

export class SimulatedRealm {
  readonly init: RealmInit;
  readonly identity: SimulatedIdentity;
  readonly #listeners = new Set<(running: Program | undefined) => void>();
  /** Counts starts; a part of an older run does nothing any more. */
  #run = 0;
  #place: Place | undefined;
  #running: Program | undefined;
  crashes = 0;

  constructor(init: RealmInit) {
    this.init = init;
    this.identity = identityOf(init.realm);
  }

  get name(): RealmName {
    return this.init.realm;
  }

  /** Undefined while the program is down or starting. */
  get running(): Program | undefined {
    return this.#running;
  }

  get isDown(): boolean {
    return this.#place === undefined;
  }

  /** Calls back when the program serves its users, and with nothing when it is gone. */
  onChange(listener: (running: Program | undefined) => void): void {
    this.#listeners.add(listener);
  }

  /** Starts the program; nothing happens when it runs already. */
  start(): void {
    if (!this.isDown) return;
    const { log, realm, clock, clockError, bug } = this.init;
    const run = ++this.#run;
    const isAlive = () => run === this.#run;
    const program = {
      ...this.init,
      identity: this.identity,
      bug,
      isAlive,
      clock: new ProcessClock(clock, clockError, isAlive),
      log: this.#logOf(),
    };
    const { place, charter } = placeOf(program);
    this.#place = place;
    log.note('start', realm, run);
    startProgram(program, place, charter).then(
      (running) => this.#tell(running),
      (error: unknown) => {
        log.note('start failed', realm, String(error));
        throw error;
      },
    );
  }

  /** The program ends between two of its steps. With `power` gone its disk forgets what was not synced. */
  crash({ power, silent }: { power: boolean; silent: boolean }): void {
    if (!this.#place) return;
    const { log, network, disk, realm } = this.init;
    log.note(power ? 'power cut' : 'killed', realm);
    this.crashes++;
    this.#run++;
    network.kill(this.#place, silent);
    this.#place = undefined;
    // A killed program leaves what it wrote to the system, which syncs it in time: only a power cut loses the rest.
    if (power) disk.powerCut();
    else disk.detach();
    this.#tell(undefined);
  }

  #tell(running: Program | undefined): void {
    this.#running = running;
    for (const listener of this.#listeners) listener(running);
  }

  #logOf(): Log {
    const { log, realm } = this.init;
    const note = (level: string) => (fields: object, phrase: string) => {
      const code = 'code' in fields ? String(fields.code) : '';
      log.note(level, realm, phrase, code);
    };
    return { debug() {}, info: note('info'), warn: note('warn'), error: note('error') };
  }
}
