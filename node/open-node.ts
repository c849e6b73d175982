// Composes a node out of its parts. Everything that a part needs is handed to it here and nowhere else.
import type { PathReport } from '../src/overlay/seam.ts';
import { parseCertificate } from '../src/pki/certificate.ts';
import { serveAbout } from '../src/protocols/about/index.ts';
import { messageOf } from '../src/realm/errors.ts';
import type { RealmName } from '../src/realm/names.ts';
import { openDatabase } from '../src/store/database.ts';
import { aboutThis } from './about-this.ts';
import { AdminServer } from './admin/server.ts';
import { watchClock } from './clock-watch.ts';
import { IdentityJudge } from './directory/identity-judge.ts';
import { userRoutes } from './directory/user-operator.ts';
import { fileRoutes } from './file-operator.ts';
import { type Ground, type NodeInit, openGround } from './ground.ts';
import { retirementRoutes } from './groups/retirement-operator.ts';
import { healthChecks } from './health-checks.ts';
import { guardConversations } from './incarnation/guarded-conversations.ts';
import { Permitted } from './incarnation/permitted.ts';
import { IslandWatch } from './islands.ts';
import { KeptLinks } from './kept-links.ts';
import { ledgerRoutes } from './ledger/ledger-operator.ts';
import { messageWays } from './message-ways.ts';
import { Node } from './node.ts';
import { openAccount } from './open-account.ts';
import { openBlobs } from './open-blobs.ts';
import { openCertificates } from './open-certificates.ts';
import { openErrands } from './open-errands.ts';
import { openIncarnationGuard } from './open-incarnation.ts';
import { openLan } from './open-lan.ts';
import { openMessaging } from './open-messaging.ts';
import { openMetrics } from './open-metrics.ts';
import { moveRoutes, openMoving } from './open-moving.ts';
import { openPeople } from './open-people.ts';
import { openRealm } from './open-realm.ts';
import { openRoaming } from './open-roaming.ts';
import { openTrusts } from './open-trusts.ts';
import { openUsers } from './open-users.ts';
import { Operator } from './operator.ts';
import { findOwnRelay } from './own-relay.ts';
import { policyRoutes } from './policy-operator.ts';
import { Reach } from './reach.ts';
import { trustRoutes } from './trust-operator.ts';

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

async function compose(ground: Ground): Promise<OpenedNode> {
  const { directory, settings, realm, clock, log, database, identity, lineage } = ground;
  const ownRelay = await findOwnRelay(directory, realm, settings);
  const { network, ledger, authority, issued } = await openRealm(ground, ownRelay.dialled);
  const errands = openErrands(ground, network);
  const { trusts, table } = await openTrusts(ground, { network, ledger, errands });
  const signStatement = (statement: Uint8Array) => authority.signStatement(statement);
  const opened = await openUsers(ground, { network, ledger, signStatement, judge: new IdentityJudge() });
  const { users, accounts, keys } = opened;
  const { people, lookup, rules, shares, policies } = await openPeople(ground, { users, ledger, errands, table });
  const { account, foreignKeys } = openAccount(ground, { ...opened, errands, people, policies });
  const messaging = await openMessaging(ground, { keys, network, directory: people, rules, shares, ledger, errands });
  const { conversations, delivery, presence, groups, mails, keyPackages } = messaging;
  const lanConversations = guardConversations(messaging.withRoutes, ground.permit);
  const blobs = openBlobs(ground, {
    network,
    ways: messaging.ways,
    rosters: messaging.rosters,
    directory: people,
    policies,
  });
  const grouped = { groups, mails, keyPackages };
  const clients = {
    ...grouped,
    blocks: messaging.blocks,
    privacy: messaging.privacy,
    account,
    accounts,
    directory: people,
    conversations: lanConversations,
    presence,
    blobs: blobs.lan,
  };
  const guard = await openIncarnationGuard(ground, { network, ledger, reopen: ground.reopen ?? (() => {}) });
  const islands = new IslandWatch({ network, delivery, clock });
  const checks = healthChecks({ database, network, identity, clock, permit: ground.permit, path: directory.path });
  const { guests, hostOf, isColleague } = openRoaming(ground, { network, ledger });
  const moving = openMoving(ground, { ...opened, network, ledger, signStatement, isColleague });
  const { lan, lanRenewal } = await openLan({ ...clients, guests, checks, islands }, ground);
  const roaming = hostOf(lan.door);
  const paths = (): PathReport[] => network.paths();
  const nodeChain = async (of: RealmName) => (await ledger.store.head({ realm: of, chain: 'network' })).key?.chain;
  const restate = async (): Promise<void> => {
    const [own] = authority.chain;
    if (own) await opened.identities.restate(parseCertificate(own).spki);
  };
  const certified = { restate, relays: ownRelay.dialled, nodeChain };
  const needs = { authority, issued, ledger, directory: users, paths, ...certified };
  const { renewal, authorityRenewal, replacement, certificates } = await openCertificates(ground, needs);
  const clockWatch = watchClock(ground, { network, store: ledger.store });
  const own = { realm, lineage, identity, ownRelay, clock, startedAt: clock.now() };
  const shown = { overlay: network, ledger, authority, accounts, directory: users, delivery, presence };
  const operator = new Operator({ ...own, ...shown, guard, lan, renewal, lanRenewal, certificates, clockWatch });
  const reach = new Reach({ realm: realm.realm, lineage, ledger, charter: ground.charter, table, policies });
  const ways = messageWays({ delivery, directory: users, audit: ground.audit });
  const admin = new AdminServer(
    { socket: directory.socket.node },
    {
      actions: operator,
      parts: {
        ...certificates.routes,
        ...ways,
        ...ledgerRoutes({ realm: realm.realm, ledger, guard, accounts }),
        ...trustRoutes({ realm: realm.realm, trusts, reach }),
        ...policyRoutes(policies),
        ...retirementRoutes(messaging.retirements),
        ...fileRoutes({ blobs, directory: people, audit: ground.audit }),
        ...userRoutes(opened),
        ...moveRoutes(moving),
      },
      log,
    },
  );
  const metrics = openMetrics(ground, shown, checks, {
    trusts,
    errands,
    vaults: accounts.vaults,
    guests,
    roaming,
    ledger,
    delivery: { counters: () => ({ ...delivery.counters() }) },
    custody: {
      counters: () => ({ ...delivery.custody.counters() }),
      gauges: () => ({ ...delivery.custody.load() }),
    },
    blobs,
    ...grouped,
    charter: ground.charter,
  });
  const links = new KeptLinks({ network, ledger, trusts: table, lineage });
  serveAbout(network, clock, () => aboutThis(ground));
  const node = new Node(
    [
      clockWatch,
      authority,
      network,
      ledger,
      guard,
      errands,
      trusts,
      users,
      { start: () => {}, stop: () => lookup.stop() },
      { start: () => {}, stop: () => foreignKeys.stop() },
      // What a replaced authority has said and its successor has not yet, since this node stopped in between.
      {
        start: () =>
          void restate().catch((error) => log.error({ why: messageOf(error) }, 'identities not stated again')),
        stop: () => keys.stop(),
      },
      links,
      conversations,
      mails,
      keyPackages,
      new Permitted(groups, ground.permit, (error) => log.error({ why: messageOf(error) }, 'groups did not start')),
      new Permitted(delivery, ground.permit, (error) => log.error({ why: messageOf(error) }, 'delivery did not start')),
      presence,
      blobs,
      islands,
      renewal,
      // Stopped after what it asks through, which ends its waits.
      replacement,
      authorityRenewal,
      moving,
      guests,
      lan,
      roaming,
      ...(lanRenewal ? [lanRenewal] : []),
      admin,
      metrics,
    ],
    () => database.close(),
  );
  return { node, peerId: network.peerId, url: () => lan.url };
}
