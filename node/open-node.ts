// Composes a node out of its parts. Everything that a part needs is handed to it here and nowhere else.
import { createNodeOverlay, type NodeOverlay } from '../src/overlay/node-overlay.ts';
import { PathMemory, validateAuthority } from '../src/pki/chain.ts';
import { serveClock } from '../src/protocols/clock/index.ts';
import type { Clock } from '../src/realm/clock.ts';
import { messageOf, UnreachableError } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import { parentOf, type RealmName, type Tier } from '../src/realm/names.ts';
import type { DataDirectory } from '../src/settings/data-directory.ts';
import { readChain } from '../src/settings/key-files.ts';
import { type LiveIdentity, openIdentity } from '../src/settings/live-identity.ts';
import type { RealmFile } from '../src/settings/realm-file.ts';
import type { Settings } from '../src/settings/settings.ts';
import { type Database, openDatabase } from '../src/store/database.ts';
import { openIncarnation } from '../src/store/incarnation.ts';
import { AdminServer } from './admin/server.ts';
import type { Audit } from './audit/audit.ts';
import { AuditLog } from './audit/audit-log.ts';
import type { Authority } from './authority/authority.ts';
import { openAccounts } from './directory/account-service.ts';
import { openSessions } from './directory/session-store.ts';
import { openDirectory } from './directory/user-directory.ts';
import { LeafRenewal } from './leaf-renewal.ts';
import { openLedger } from './ledger/ledger-service.ts';
import { checkByRoot, leafSigner } from './ledger/overlay-keys.ts';
import { Node } from './node.ts';
import { OnlineUsers } from './online-users.ts';
import { openAuthority } from './open-authority.ts';
import { openLan } from './open-lan.ts';
import { openMessaging } from './open-messaging.ts';
import { Operator } from './operator.ts';
import { findOwnRelay } from './own-relay.ts';

export interface NodeInit {
  readonly directory: DataDirectory;
  readonly settings: Settings;
  readonly realm: RealmFile;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Placed {
  readonly realm: RealmName;
  readonly tier: Tier;
}

/** What the other parts stand on. */
export interface Ground extends NodeInit {
  readonly database: Database;
  readonly incarnation: number;
  readonly audit: Audit;
  readonly identity: LiveIdentity;
  /** This realm and those above it, nearest first, as its certificates say. */
  readonly lineage: readonly Placed[];
  /** The enterprise among them. */
  readonly enterprise: RealmName | undefined;
}

export interface OpenedNode {
  readonly node: Node;
  readonly peerId: string;
  /** After start. */
  readonly url: () => string;
}

/** @throws ConflictError `dir-in-use`; LocalError; RefusedError `cert-…` when the directory's certificates don't fit */
export async function openNode(init: NodeInit): Promise<OpenedNode> {
  const database = await openDatabase(init.directory.node.database);
  try {
    return await compose(await openGround(init, database));
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openGround(init: NodeInit, database: Database): Promise<Ground> {
  const { realm, directory, clock } = init;
  const lineage = await findLineage(init);
  return {
    ...init,
    database,
    incarnation: await openIncarnation(database, realm.realm),
    audit: new AuditLog({ database, clock }),
    identity: await openIdentity(directory, realm, 'node'),
    lineage,
    enterprise: lineage.find(({ tier }) => tier === 'enterprise')?.realm,
  };
}

async function findLineage({ directory, realm, clock }: NodeInit): Promise<Placed[]> {
  const { rootFingerprint } = realm;
  const chain = await readChain(directory.authority);
  const own = await validateAuthority(chain, { rootFingerprint, now: clock.now(), grace: Number.MAX_SAFE_INTEGER });
  return [own, ...own.authorities].map(({ realm, tier }) => ({ realm, tier }));
}

async function compose(ground: Ground): Promise<OpenedNode> {
  const { directory, settings, realm, clock, log, database, audit, identity } = ground;
  const ownRelay = await findOwnRelay(directory, realm, settings);
  // The authority tells the ledger of what it certifies, the ledger needs the network, and the network brings the authority requests.
  const late: { authority?: Authority } = {};
  const network = await openOverlay(ground, ownRelay.dialled, async (request) => {
    if (!late.authority) throw new UnreachableError('starting', 'the node is starting');
    return late.authority.enrol(request);
  });
  const ledger = await openRealmLedger(ground, network);
  const authority = await openAuthority(ground, { ledger });
  late.authority = authority;
  const users = await openDirectory(
    { database, ledger, network, clock, log },
    { realm: realm.realm, enterprise: ground.enterprise },
  );
  const sessions = await openSessions({ database, clock, log });
  const accounts = await openAccounts(
    { database, clock, log, audit, sessions, directory: users },
    { realm: realm.realm },
  );
  const messaging = await openMessaging(ground, { network, directory: users });
  const { conversations, delivery } = messaging;
  const presence = new OnlineUsers(messaging.presence);
  const checks = async () => [{ name: 'uplink', ok: network.relay.connected }];
  const shared = { realm: realm.realm, audit, clock, log };
  const lan = await openLan(
    { ...shared, accounts, directory: users, conversations: messaging.withRoutes, presence, checks },
    { directory, settings, realm: realm.realm },
  );
  const renewal = new LeafRenewal({ directory, identity, authority, clock, log }, realm.programs);
  const startedAt = clock.now();
  const { lineage } = ground;
  const parts = {
    realm,
    lineage,
    identity,
    overlay: network,
    ownRelay,
    ledger,
    delivery,
    accounts,
    online: presence,
    lan,
  };
  serveClock(network, clock);
  const operator = new Operator({ ...parts, authority, renewal, clock, startedAt });
  const admin = new AdminServer({ socket: directory.socket.node }, { actions: operator, log });
  const node = new Node(
    [authority, network, ledger, users, conversations, delivery, messaging.presence, renewal, lan, admin],
    () => database.close(),
  );
  return { node, peerId: network.peerId, url: () => lan.url };
}

function openOverlay(
  { identity, clock, log, audit }: Ground,
  relays: readonly string[],
  enrol: (request: Uint8Array) => Promise<Uint8Array>,
): Promise<NodeOverlay> {
  return createNodeOverlay({
    identity,
    relays,
    enrol,
    clock,
    log,
    audit: ({ code, ...fields }) => {
      audit.record({ code, fields: { ...fields } }).catch((error: unknown) => {
        log.error({ code, error: messageOf(error) }, 'audit record not written');
      });
    },
  });
}

function openRealmLedger(ground: Ground, network: NodeOverlay) {
  const { realm, database, clock, log, audit, identity, incarnation, enterprise } = ground;
  const { rootFingerprint } = realm;
  return openLedger(
    {
      database,
      network,
      clock,
      log,
      audit,
      random: Math.random,
      checkChain: checkByRoot({ rootFingerprint, memory: new PathMemory() }),
      signer: () => leafSigner(identity.privateKey, identity.chain),
    },
    {
      realm: realm.realm,
      parent: parentOf(realm.realm),
      enterprise: realm.tier === 'region' ? undefined : enterprise,
      incarnation,
    },
  );
}
