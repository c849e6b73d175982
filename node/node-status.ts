// The state of a node in one answer: its own, and the way and the queue to each realm that it knows.
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import { mayReach } from '../src/overlay/scope.ts';
import type { PathReport } from '../src/overlay/seam.ts';
import { parseCertificate } from '../src/pki/certificate.ts';
import { type AboutReading, askAbout } from '../src/protocols/about/index.ts';
import type { Clock } from '../src/realm/clock.ts';
import { within } from '../src/realm/deadline.ts';
import type { CanopyError } from '../src/realm/errors.ts';
import type { RealmName, Tier } from '../src/realm/names.ts';
import { formatUserAddress } from '../src/realm/user-address.ts';
import type { LiveIdentity } from '../src/settings/live-identity.ts';
import { RELEASE } from '../src/settings/release.ts';
import type { Neighbour, Status } from './admin/api.ts';
import type { CertOperator } from './certificates/cert-operator.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { Custody } from './custody/custody.ts';
import type { Delivery, QueueReport } from './delivery/delivery.ts';
import type { Accounts } from './directory/accounts.ts';
import type { BranchLock } from './directory/branch-lock.ts';
import type { UserDirectory } from './directory/user-directory.ts';
import type { IncarnationGuard } from './incarnation/guard.ts';
import type { LanServer } from './lan/server.ts';
import type { LanRenewal } from './lan-renewal.ts';
import type { LeafRenewal } from './leaf-renewal.ts';
import type { Ledger } from './ledger/ledger.ts';
import { oddClocks } from './odd-clocks.ts';
import type { OwnRelay } from './own-relay.ts';
import type { Presence } from './presence/presence.ts';

export interface StatusParts {
  readonly identity: LiveIdentity;
  /** This realm and those above it. */
  readonly lineage: readonly { readonly realm: RealmName; readonly tier: Tier }[];
  readonly overlay: NodeOverlay;
  readonly ownRelay: OwnRelay;
  readonly ledger: Pick<Ledger, 'realms' | 'warnings'>;
  readonly guard: Pick<IncarnationGuard, 'warnings'>;
  readonly directory: Pick<UserDirectory, 'lostAliases'>;
  readonly delivery: Pick<Delivery, 'queues'> & { readonly custody: Pick<Custody, 'warnings'> };
  readonly accounts: Pick<Accounts, 'list'>;
  readonly presence: Pick<Presence, 'online'>;
  readonly lan: Pick<LanServer, 'url'>;
  readonly renewal: Pick<LeafRenewal, 'lastError'>;
  readonly lanRenewal: Pick<LanRenewal, 'warning'> | undefined;
  readonly certificates: Pick<CertOperator, 'warnings'>;
  readonly clockWatch: Pick<ClockWatch, 'warning'>;
  readonly lock: Pick<BranchLock, 'current'>;
  /** What reading the database has found damaged. */
  readonly damage: () => CanopyError | undefined;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

const ABOUT_DEADLINE = 2000;
/** Realms that one status asks about themselves. */
const MAX_ASKED = 64;
/** Logins that one status names. */
const MAX_NAMED = 5;
/** A message that waits longer is worth a word. */
const OLD_QUEUE = 10 * 60 * 1000;

export async function statusOf(parts: StatusParts): Promise<Status> {
  const { identity, overlay, clock, lan, accounts, presence, renewal, ownRelay, startedAt } = parts;
  const reports = overlay.paths();
  const queues = await parts.delivery.queues();
  const notAfter = leafEnd(identity);
  const { connected, peerId } = overlay.relay;
  const realms = neighbours(parts, reports, queues, await askAll(parts, reports));
  return {
    realm: identity.realm,
    tier: identity.tier,
    version: RELEASE,
    pid: process.pid,
    peerId: overlay.peerId,
    startedAt,
    lan: lan.url,
    users: accounts.list().length,
    online: presence.online,
    relay: { connected, ...(peerId ? { peerId } : {}), addresses: [...ownRelay.outer] },
    relays: overlay.relays.map(({ error, ...relay }) => (error ? { ...relay, error: error.message } : relay)),
    ...(parts.lock.current && { locked: parts.lock.current }),
    certificate: { notAfter, ...(renewal.lastError ? { lastRenewalError: renewal.lastError } : {}) },
    realms,
    warnings: [...ownWarnings(parts), ...(await parts.certificates.warnings()), ...realmWarnings(realms, clock.now())],
  };
}

const NEVER = new AbortController().signal;

/** Of the realms to which a way leads now. */
async function askAll(
  { identity, overlay, clock }: StatusParts,
  reports: readonly PathReport[],
): Promise<ReadonlyMap<RealmName, AboutReading>> {
  const asked = reports.filter(({ realm, kind }) => kind !== 'unreachable' && mayReach(identity, realm));
  const readings = new Map<RealmName, AboutReading>();
  const ask = ({ realm }: PathReport): Promise<unknown> =>
    within(clock, ABOUT_DEADLINE, `answer of ${realm}`, NEVER, async (signal) =>
      readings.set(realm, await askAbout(overlay, realm, clock, signal)),
    );
  await Promise.allSettled(asked.slice(0, MAX_ASKED).map(ask));
  return readings;
}

function leafEnd({ chain }: LiveIdentity): number {
  const [leaf] = chain;
  return leaf ? parseCertificate(leaf).notAfter : 0;
}

function neighbours(
  { identity, ledger, lineage }: StatusParts,
  reports: readonly PathReport[],
  queues: readonly QueueReport[],
  answers: ReadonlyMap<RealmName, AboutReading>,
): Neighbour[] {
  const certified = ledger.realms().filter(({ realm }) => mayReach(identity, realm));
  const tiers = new Map<RealmName, Tier>([...certified, ...lineage].map(({ realm, tier }) => [realm, tier]));
  const known = new Set([...tiers.keys(), ...reports.map(({ realm }) => realm), ...queues.map(({ realm }) => realm)]);
  known.delete(identity.realm);
  return [...known].sort().map((realm) => {
    const report = reports.find((path) => path.realm === realm);
    const queue = queues.find((waiting) => waiting.realm === realm);
    const about = answers.get(realm);
    return {
      realm,
      tier: tiers.get(realm),
      path: report?.kind ?? 'unreachable',
      via: report?.via,
      rtt: about?.rtt ?? report?.rtt,
      clockSkew: about?.skew,
      release: about?.release,
      certificateEnds: about?.certificateEnds,
      since: report?.since,
      queued: queue?.depth ?? 0,
      oldest: queue?.oldest,
      queueState: queue?.state,
      queueCode: queue?.code,
      custodian: queue?.custodian,
    };
  });
}

function ownWarnings(parts: StatusParts): string[] {
  const { overlay, lanRenewal, clockWatch, guard, ledger, directory, delivery, damage } = parts;
  const { connected, error } = overlay.relay;
  const damaged = damage();
  return [
    ...lockWarnings(parts.lock),
    ...(damaged ? [`${damaged.message}. ${damaged.hint ?? ''}`.trim()] : []),
    ...guard.warnings(),
    ...ledger.warnings(),
    ...delivery.custody.warnings(),
    ...aliasWarnings(directory),
    ...(connected
      ? relayWarnings(overlay)
      : [`the relay is not reached${error ? `: ${error.message}` : ''}; local chats work`]),
    ...(clockWatch.warning ? [clockWatch.warning] : []),
    ...(lanRenewal?.warning ? [lanRenewal.warning] : []),
  ];
}

function lockWarnings({ current }: StatusParts['lock']): string[] {
  if (!current) return [];
  const since = new Date(current.since).toISOString();
  const erased = current.wipe ? ', and devices erase what they hold' : '';
  return [`the branch is locked since ${since}: nobody can log in${erased}; canopy unlock lets people in again`];
}

/** One of several is away: nothing is lost yet. */
function relayWarnings({ relays }: Pick<NodeOverlay, 'relays'>): string[] {
  const lost = relays.filter((relay) => !relay.connected);
  return lost.map(({ address, error }) => {
    const why = error ? `: ${error.message}` : '';
    return `the relay ${address ?? ''} is not reached${why}; the realm's other relay carries on`;
  });
}

/** Two branches may give out one login while they are apart; login@realm stays each one's own. */
function aliasWarnings(directory: Pick<UserDirectory, 'lostAliases'>): string[] {
  const lost = directory.lostAliases();
  const named = lost.slice(0, MAX_NAMED).map(({ user, holder }) => {
    const whose = holder ? formatUserAddress(holder.address) : 'somebody else';
    return `the bare login ${user.address.login} belongs to ${whose}; here it is ${formatUserAddress(user.address)}`;
  });
  const more = lost.length - named.length;
  return more > 0 ? [...named, `and ${more} more: canopy user list`] : named;
}

function realmWarnings(realms: readonly Neighbour[], now: number): string[] {
  const readings = realms.flatMap(({ realm, clockSkew }) =>
    clockSkew === undefined ? [] : [{ realm, skew: clockSkew }],
  );
  const queues = realms.flatMap(({ realm, queued, oldest, queueState }) => {
    const waits = oldest !== undefined && now - oldest > OLD_QUEUE && queueState !== 'frozen';
    return [
      ...(queueState === 'frozen' && queued > 0
        ? [`${realm} is revoked: ${queued} messages to it are kept and not sent`]
        : []),
      ...(waits ? [`${queued} messages to ${realm} wait for more than 10 minutes`] : []),
    ];
  });
  return [...queues, ...oddClocks(readings)];
}
