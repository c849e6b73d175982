// The state of a node in one answer: its own, and the way and the queue to each realm that it knows.
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import type { PathReport } from '../src/overlay/seam.ts';
import { parseCertificate } from '../src/pki/certificate.ts';
import type { Clock } from '../src/realm/clock.ts';
import type { RealmName, Tier } from '../src/realm/names.ts';
import type { LiveIdentity } from '../src/settings/live-identity.ts';
import { RELEASE } from '../src/settings/release.ts';
import type { Neighbour, Status } from './admin/api.ts';
import type { Delivery, QueueReport } from './delivery/delivery.ts';
import type { Accounts } from './directory/accounts.ts';
import type { LanServer } from './lan/server.ts';
import type { LeafRenewal } from './leaf-renewal.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { OnlineUsers } from './online-users.ts';
import type { OwnRelay } from './own-relay.ts';

export interface StatusParts {
  readonly identity: LiveIdentity;
  readonly overlay: NodeOverlay;
  readonly ownRelay: OwnRelay;
  readonly ledger: Pick<Ledger, 'realms'>;
  readonly delivery: Pick<Delivery, 'queues'>;
  readonly accounts: Pick<Accounts, 'list'>;
  readonly online: Pick<OnlineUsers, 'count'>;
  readonly lan: Pick<LanServer, 'url'>;
  readonly renewal: Pick<LeafRenewal, 'lastError'>;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

const PATHS_DEADLINE = 3000;
const DAY = 24 * 60 * 60 * 1000;
const WARN_BEFORE = 7 * DAY;
/** A message that waits longer is worth a word. */
const OLD_QUEUE = 10 * 60 * 1000;

export async function statusOf(parts: StatusParts): Promise<Status> {
  const { identity, overlay, clock, lan, accounts, online, renewal, ownRelay, startedAt } = parts;
  const [reports, queues] = await Promise.all([
    overlay.paths(AbortSignal.timeout(PATHS_DEADLINE)).catch((): PathReport[] => []),
    parts.delivery.queues(),
  ]);
  const notAfter = leafEnd(identity);
  const { connected, peerId } = overlay.relay;
  const realms = neighbours(parts, reports, queues);
  return {
    realm: identity.realm,
    tier: identity.tier,
    version: RELEASE,
    pid: process.pid,
    peerId: overlay.peerId,
    startedAt,
    lan: lan.url,
    users: accounts.list().length,
    online: online.count,
    relay: { connected, ...(peerId ? { peerId } : {}), addresses: [...ownRelay.outer] },
    certificate: { notAfter, ...(renewal.lastError ? { lastRenewalError: renewal.lastError } : {}) },
    realms,
    warnings: [...ownWarnings(parts, notAfter), ...queueWarnings(realms, clock.now())],
  };
}

function leafEnd({ chain }: LiveIdentity): number {
  const [leaf] = chain;
  return leaf ? parseCertificate(leaf).notAfter : 0;
}

function neighbours(
  { identity, ledger }: StatusParts,
  reports: readonly PathReport[],
  queues: readonly QueueReport[],
): Neighbour[] {
  const tiers = new Map<RealmName, Tier>(ledger.realms().map(({ realm, tier }) => [realm, tier]));
  const known = new Set([...tiers.keys(), ...reports.map(({ realm }) => realm), ...queues.map(({ realm }) => realm)]);
  known.delete(identity.realm);
  return [...known].sort().map((realm) => {
    const report = reports.find((path) => path.realm === realm);
    const queue = queues.find((waiting) => waiting.realm === realm);
    return {
      realm,
      tier: tiers.get(realm),
      path: report?.kind ?? 'unreachable',
      via: report?.via,
      rtt: report?.rtt,
      since: report?.since,
      queued: queue?.depth ?? 0,
      oldest: queue?.oldest,
    };
  });
}

function ownWarnings({ identity, overlay, renewal, clock }: StatusParts, notAfter: number): string[] {
  const { connected, error } = overlay.relay;
  const left = notAfter - clock.now();
  const days = Math.max(0, Math.floor(left / DAY));
  const failed = renewal.lastError ? `, last try failed: ${renewal.lastError}` : '';
  return [
    ...(connected ? [] : [`the relay is not reached${error ? `: ${error.message}` : ''}; local chats work`]),
    ...(left < WARN_BEFORE
      ? [`certificate of ${identity.realm} ends in ${days} days; it renews by itself${failed}`]
      : []),
  ];
}

function queueWarnings(realms: readonly Neighbour[], now: number): string[] {
  return realms
    .filter(({ oldest }) => oldest !== undefined && now - oldest > OLD_QUEUE)
    .map(({ realm, queued }) => `${queued} messages to ${realm} wait for more than 10 minutes`);
}
