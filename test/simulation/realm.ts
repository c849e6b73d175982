// One realm of the simulation: a disk that survives, and one run after another of a node program on it. The parts are the real
// ones; only what they stand on (clock, disk, network, randomness, certificates) is simulated.

import { type ConversationService, openConversations } from '../../node/conversations/conversation-service.ts';
import { createDelivery, type DeliveryService } from '../../node/delivery/delivery-service.ts';
import { type Outbox, openOutbox } from '../../node/delivery/outbox.ts';
import { ALL_IN_GOOD_STANDING } from '../../node/delivery/standing.ts';
import { Ways } from '../../node/delivery/ways.ts';
import type { Directory } from '../../node/directory/directory.ts';
import { EMPTY_CHARTER } from '../../src/overlay/charter.ts';
import { Scope } from '../../src/overlay/scope.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { idText, parseMessageId } from '../../src/realm/ids.ts';
import { type Log } from '../../src/realm/log.ts';
import type { RealmName, Tier } from '../../src/realm/names.ts';
import { createDatabase, type Database } from '../../src/store/database.ts';
import { openIncarnation } from '../../src/store/incarnation.ts';
import { ProcessClock, type SimulatedClock } from './clock.ts';
import type { SimulatedDisk } from './disk.ts';
import type { EventLog } from './event-log.ts';
import { batchSigner, identityOf, originKeys, type Signatures, type SimulatedIdentity } from './identity.ts';
import type { Place, SimulatedNetwork } from './network.ts';
import { outboxWith, type PlantedBug, sinkWith } from './planted-bugs.ts';
import { type Random, randomBytesOf } from './random.ts';

export interface RealmInit {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly clock: SimulatedClock;
  /** Milliseconds that this host's clock is ahead. */
  readonly clockError: number;
  readonly network: SimulatedNetwork;
  readonly disk: SimulatedDisk;
  readonly random: Random;
  readonly log: EventLog;
  readonly directory: Pick<Directory, 'findById'>;
  readonly signatures: Signatures;
  readonly bug?: PlantedBug | undefined;
}

/** The parts of one run of a node program. */
export interface Running {
  readonly place: Place;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly conversations: ConversationService;
  readonly delivery: DeliveryService;
}

const ID = 16;

export class SimulatedRealm {
  readonly init: RealmInit;
  readonly identity: SimulatedIdentity;
  readonly #listeners = new Set<(running: Running | undefined) => void>();
  /** Counts starts; a part of an older run does nothing any more. */
  #run = 0;
  #place: Place | undefined;
  #running: Running | undefined;
  crashes = 0;

  constructor(init: RealmInit) {
    this.init = init;
    this.identity = identityOf(init.realm);
  }

  get name(): RealmName {
    return this.init.realm;
  }

  /** Undefined while the program is down or starting. */
  get running(): Running | undefined {
    return this.#running;
  }

  get isDown(): boolean {
    return this.#place === undefined;
  }

  /** Calls back when the program serves its users, and with nothing when it is gone. */
  onChange(listener: (running: Running | undefined) => void): void {
    this.#listeners.add(listener);
  }

  /** Starts the program; nothing happens when it runs already. */
  start(): void {
    if (!this.isDown) return;
    const { log, network, realm, tier } = this.init;
    const run = ++this.#run;
    const isAlive = () => run === this.#run;
    const peer = { realm, tier, role: 'node', peerId: `node.${realm}` } as const;
    const place = network.place({ peer, scope: new Scope(peer), isAlive });
    this.#place = place;
    log.note('start', realm, run);
    this.#open(place, isAlive).then(
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

  #tell(running: Running | undefined): void {
    this.#running = running;
    for (const listener of this.#listeners) listener(running);
  }

  async #open(place: Place, isAlive: () => boolean): Promise<Running> {
    const { realm, clock: world, clockError, disk, random, directory, bug, signatures } = this.init;
    const clock: Clock = new ProcessClock(world, clockError, isAlive);
    const database = await createDatabase(disk.openEngine());
    const incarnation = await openIncarnation(database, realm);
    const shared = { realm, incarnation, database, clock, directory, log: this.#logOf(), random };
    const outbox = outboxWith(bug, await openOutbox({ database, incarnation }));
    const bytes = randomBytesOf(random);
    const newId = () => parseMessageId(idText(bytes(ID)));
    const conversations = await openConversations({ ...shared, outbox, newId });
    const delivery = createDelivery({
      ...shared,
      outbox,
      conversations: sinkWith(bug, conversations),
      network: place,
      self: { realm, role: 'node', pid: 1, peerId: place.init.peer.peerId },
      signer: batchSigner(this.identity, signatures),
      keys: originKeys(signatures),
      audit: { record: async () => {} },
      ways: new Ways({ realm, tier: 'branch', tierOf: () => undefined, charter: EMPTY_CHARTER }),
      standing: ALL_IN_GOOD_STANDING,
    });
    await conversations.start();
    await delivery.start();
    return { place, database, outbox, conversations, delivery };
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
