// One run of a node program in the simulation: the real parts, composed as node/open-node.ts composes them, on a simulated
// clock, disk and network.
import type { Audit } from '../../node/audit/audit.ts';
import { type ConversationService, openConversations } from '../../node/conversations/conversation-service.ts';
import { createDelivery, type DeliveryService } from '../../node/delivery/delivery-service.ts';
import { type Outbox, openOutbox } from '../../node/delivery/outbox.ts';
import { Ways } from '../../node/delivery/ways.ts';
import type { UserProfile } from '../../node/directory/directory.ts';
import { openDirectory, type UserDirectory } from '../../node/directory/user-directory.ts';
import { WritePermit } from '../../node/incarnation/write-permit.ts';
import { type LedgerService, openLedger } from '../../node/ledger/ledger-service.ts';
import { houseOf, Scope } from '../../src/overlay/scope.ts';
import type { Peer } from '../../src/overlay/seam.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { idText, parseMessageId, type UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import { parentOf, type RealmName, type Tier } from '../../src/realm/names.ts';
import { createDatabase, type Database } from '../../src/store/database.ts';
import { openIncarnation } from '../../src/store/incarnation.ts';
import { SimulatedCharter } from './charter.ts';
import type { SimulatedDisk } from './disk.ts';
import {
  batchSigner,
  checkChain,
  ledgerSigner,
  originKeys,
  type Signatures,
  type SimulatedIdentity,
} from './identity.ts';
import type { SimulatedNetwork } from './network.ts';
import type { Place } from './place.ts';
import { outboxWith, type PlantedBug, sinkWith } from './planted-bugs.ts';
import { type Random, randomBytesOf } from './random.ts';

export interface ProgramInit {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly tierOf: (realm: RealmName) => Tier | undefined;
  readonly identity: SimulatedIdentity;
  readonly signatures: Signatures;
  readonly clock: Clock;
  readonly disk: SimulatedDisk;
  readonly network: SimulatedNetwork;
  readonly isAlive: () => boolean;
  readonly random: Random;
  readonly log: Log;
  /** A user of another house: a stand-in for asking that house. */
  readonly stranger: (id: UserId) => UserProfile | undefined;
  readonly bug: PlantedBug | undefined;
}

export interface Program {
  readonly database: Database;
  readonly charter: SimulatedCharter;
  readonly ledger: LedgerService;
  readonly directory: UserDirectory;
  readonly outbox: Outbox;
  readonly conversations: ConversationService;
  readonly delivery: DeliveryService;
}

const ID = 16;
const NO_AUDIT: Audit = {
  record: async () => {},
  tail: async () => [],
  verify: async () => ({ kind: 'whole', count: 0 }),
};

export function placeOf({ realm, tier, network, isAlive }: ProgramInit): { place: Place; charter: SimulatedCharter } {
  const charter = new SimulatedCharter(realm);
  const peer: Peer = { realm, tier, role: 'node', peerId: `node.${realm}` };
  const isCut = (other: Peer): boolean => charter.isRealmRevoked(other.realm);
  return { place: network.place({ peer, scope: new Scope(peer, charter), isAlive, isCut }), charter };
}

/** Reads what is on disk and starts everything, in the order of the real node. */
export async function startProgram(init: ProgramInit, place: Place, charter: SimulatedCharter): Promise<Program> {
  const { realm, disk, bug } = init;
  const database = await createDatabase(disk.openEngine());
  const incarnation = await openIncarnation(database, realm);
  const ledger = await ledgerOf(init, place, database, incarnation);
  await charter.follow(ledger);
  charter.onChange(() => init.network.recheck(place));
  const house = houseOf(init);
  const randomBytes = randomBytesOf(init.random);
  const directory = await openDirectory({ ...init, database, ledger, network: place, randomBytes }, { realm, house });
  const outbox = outboxWith(bug, await openOutbox({ database, incarnation }));
  const newId = () => parseMessageId(idText(randomBytes(ID)));
  const known = { findById: (id: UserId) => directory.findById(id) ?? init.stranger(id) };
  const messaging = { ...init, incarnation, database, directory: known, outbox, newId };
  const conversations = await openConversations(messaging);
  const delivery = deliveryOf(messaging, { place, charter, conversations });
  directory.start();
  await ledger.start();
  await conversations.start();
  await delivery.start();
  return { database, charter, ledger, directory, outbox, conversations, delivery };
}

function ledgerOf(init: ProgramInit, network: Place, database: Database, incarnation: number): Promise<LedgerService> {
  const { realm, identity } = init;
  const signer = ledgerSigner(identity);
  return openLedger(
    { ...init, database, network, audit: NO_AUDIT, checkChain, signer: () => signer, permit: new WritePermit() },
    { realm, parent: parentOf(realm), house: houseOf(init), incarnation },
  );
}

interface Messaging extends ProgramInit, Pick<Program, 'database' | 'outbox'> {
  readonly incarnation: number;
  readonly directory: Pick<UserDirectory, 'findById'>;
}
type Around = Pick<Program, 'charter' | 'conversations'> & { readonly place: Place };

function deliveryOf(init: Messaging, { place, charter, conversations }: Around): DeliveryService {
  const { realm, tier, tierOf, identity, signatures, bug } = init;
  return createDelivery({
    ...init,
    conversations: sinkWith(bug, conversations),
    network: place,
    self: { realm, role: 'node', pid: 1, peerId: place.init.peer.peerId },
    signer: batchSigner(identity, signatures),
    keys: originKeys(signatures),
    audit: NO_AUDIT,
    ways: new Ways({ realm, tier, tierOf, charter }),
    standing: { isFrozen: (of) => charter.isRealmRevoked(of), onChange: (listener) => charter.onChange(listener) },
  });
}
