// Where others come in: clients from the LAN, the operator by the control socket, whoever watches by the metrics, and beside them what keeps
// the certificates that all of this stands on.
import { MAX_BODY } from '../src/crypto/envelope.ts';
import type { ServerLimits } from '../src/protocols/lan/routes.ts';
import { HIDEABLE } from '../src/protocols/policy/index.ts';
import type { RealmName } from '../src/realm/names.ts';
import { DEFAULT_RULES } from './blobs/blob-rules.ts';
import { watchClock } from './clock-watch.ts';
import {
  discreetConversations,
  discreetGroups,
  discreetKeyPackages,
  discreetMails,
  discreetPresence,
} from './discretion/discreet-parts.ts';
import type { Ground } from './ground.ts';
import { healthChecks } from './health-checks.ts';
import { guardConversations } from './incarnation/guarded-conversations.ts';
import { IslandWatch } from './islands.ts';
import { openAdmin } from './open-admin.ts';
import { openCertificates } from './open-certificates.ts';
import { type LanParts, openLan } from './open-lan.ts';
import { openMetrics } from './open-metrics.ts';
import type { Services } from './open-services.ts';
import type { Policies } from './policies/policies.ts';

export type Doors = Awaited<ReturnType<typeof openDoors>>;

export async function openDoors(ground: Ground, services: Services) {
  const { database, damage, identity, clock, permit, directory } = ground;
  const { network, ledger, roaming, messaging } = services;
  const islands = new IslandWatch({ network, delivery: messaging.delivery, clock });
  const checks = healthChecks({ database, damage, network, identity, clock, permit, path: directory.path });
  const forClients = { ...clientParts(ground, services), guests: roaming.guests, checks, islands };
  const { lan, lanRenewal } = await openLan(forClients, ground);
  const host = roaming.hostOf(lan.door);
  const certified = await openCertificates(ground, certificateNeeds(services));
  const clockWatch = watchClock(ground, { network, store: ledger.store });
  const admin = openAdmin(ground, services, { lan, lanRenewal, clockWatch, ...certified });
  const counted = { ...countedParts(ground, services, host), lan };
  const metrics = openMetrics(ground, shownParts(services), checks, counted);
  return { islands, lan, lanRenewal, host, ...certified, clockWatch, admin, metrics };
}

function clientParts({ permit, log }: Ground, services: Services): Omit<LanParts, 'guests' | 'checks' | 'islands'> {
  const { account, accounts, lockStore, people, discretion, blobs, messaging } = services;
  const { groups, mails, keyPackages, blocks, privacy, presence, withRoutes } = messaging;
  return {
    groups: discreetGroups(groups, discretion),
    mails: discreetMails(mails, discretion),
    keyPackages: discreetKeyPackages(keyPackages, discretion),
    blocks,
    privacy,
    presence: discreetPresence(presence, { discretion, directory: people, log }),
    account,
    accounts,
    lock: lockStore,
    limits: () => limitsOf(services.policies),
    directory: people,
    conversations: discreetConversations(guardConversations(withRoutes, permit), discretion),
    blobs: blobs.lan,
  };
}

function certificateNeeds({ authority, issued, ledger, users, network, ownRelay, restate }: Services) {
  const nodeChain = async (of: RealmName) => (await ledger.store.head({ realm: of, chain: 'network' })).key?.chain;
  const paths = () => network.paths();
  return { authority, issued, ledger, directory: users, paths, relays: ownRelay.dialled, restate, nodeChain };
}

function shownParts({ network, ledger, accounts, messaging: { delivery, presence } }: Services) {
  return { overlay: network, ledger, accounts, delivery, presence };
}

function countedParts({ charter }: Ground, services: Services, roaming: ReturnType<Services['roaming']['hostOf']>) {
  const {
    trusts,
    errands,
    accounts,
    ledger,
    blobs,
    roaming: { guests },
    messaging,
  } = services;
  const { delivery, groups, mails, keyPackages } = messaging;
  return {
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
    groups,
    mails,
    keyPackages,
    charter,
  };
}

/** What clients are told before they write or send. */
function limitsOf(policies: Pick<Policies, 'limit' | 'hides'>): ServerLimits {
  const retention = policies.limit('message-retention');
  return {
    message: Math.min(MAX_BODY, policies.limit('message-size') ?? MAX_BODY),
    file: policies.limit('file-size') ?? DEFAULT_RULES.fileSize,
    hidden: HIDEABLE.filter((what) => policies.hides(what)),
    ...(retention !== undefined && { retention }),
  };
}
