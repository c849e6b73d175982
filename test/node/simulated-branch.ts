// A branch's conversations and delivery, the real ones, over a fake network and any store: to be stopped, killed and
// started again by tests.
import type { AuditEvent } from '../../node/audit/audit.ts';
import { Blocks } from '../../node/conversations/blocks.ts';
import { type ConversationService, openConversations } from '../../node/conversations/conversation-service.ts';
import type { Submission, UserEvent } from '../../node/conversations/conversations.ts';
import type { MessageLimits } from '../../node/conversations/message-rules.ts';
import { Privacy } from '../../node/conversations/privacy.ts';
import type { CustodyLimits } from '../../node/custody/quotas.ts';
import { createDelivery, type DeliveryService } from '../../node/delivery/delivery-service.ts';
import { type Outbox, openOutbox } from '../../node/delivery/outbox.ts';
import { ALL_IN_GOOD_STANDING, type Standing } from '../../node/delivery/standing.ts';
import { Ways } from '../../node/delivery/ways.ts';
import type { Directory, UserProfile } from '../../node/directory/directory.ts';
import type { KeyBook } from '../../node/directory/key-book.ts';
import type { Errands } from '../../node/errands/errands.ts';
import { GroupRosters } from '../../node/groups/group-rosters.ts';
import { GroupService } from '../../node/groups/group-service.ts';
import type { InspectCommit, InspectInfo } from '../../node/groups/groups.ts';
import type { WritePermit } from '../../node/incarnation/write-permit.ts';
import { KeyPackageService } from '../../node/key-packages/key-package-service.ts';
import { MailService } from '../../node/mails/mail-service.ts';
import { type Charter, EMPTY_CHARTER } from '../../src/overlay/charter.ts';
import { leafKeyOfSeed, signWithLeaf } from '../../src/pki/keys.ts';
import type { Hideable } from '../../src/protocols/policy/index.ts';
import { type Clock, systemClock } from '../../src/realm/clock.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import {
  type DeviceId,
  directConversationId,
  type MessageId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../src/realm/ids.ts';
import { type Log, silentLog } from '../../src/realm/log.ts';
import { parseRealmName, type RealmName, type Tier } from '../../src/realm/names.ts';
import { parseUserAddress } from '../../src/realm/user-address.ts';
import type { Database } from '../../src/store/database.ts';
import type { SimulatedNetwork } from './simulated-network.ts';

export const KYIV = parseRealmName('kyiv.acme.ua');
export const LVIV = parseRealmName('lviv.acme.ua');
export const ODESA = parseRealmName('odesa.acme.ua');
export const CLERK = parseUserId('10000000-0000-4000-8000-000000000001');
export const COOK = parseUserId('10000000-0000-4000-8000-000000000002');
export const ENGINEER = parseUserId('20000000-0000-4000-8000-000000000001');
/** Of a third branch. */
export const PORTER = parseUserId('31000000-0000-4000-8000-000000000001');
export const DEVICE = parseDeviceId('30000000-0000-4000-8000-000000000001');

const USERS: readonly [UserId, string][] = [
  [CLERK, 'clerk@kyiv.acme.ua'],
  [COOK, 'cook@kyiv.acme.ua'],
  [ENGINEER, 'engineer@lviv.acme.ua'],
  [PORTER, 'porter@odesa.acme.ua'],
];

export function directory(status: UserProfile['status'] = 'active'): Pick<Directory, 'findById'> {
  const profiles = new Map(
    USERS.map(([id, text]): [UserId, UserProfile] => {
      const address = parseUserAddress(text);
      return [id, { id, address, name: text, kind: 'person', home: address.realm, status }];
    }),
  );
  return { findById: (id) => profiles.get(id) };
}

/** By the depth of the name, as in the tests' one tree: `ua`, `acme.ua`, `kyiv.acme.ua`. */
export function tierOf(realm: RealmName): Tier {
  return (['region', 'enterprise'] as const)[realm.split('.').length - 1] ?? 'branch';
}

/** Each realm's key follows from its name. */
export function keyOf(realm: RealmName) {
  return leafKeyOfSeed(new TextEncoder().encode(realm.padEnd(32, '.')).slice(0, 32));
}

export interface BranchOptions {
  readonly realm: RealmName;
  readonly database: Database;
  readonly network: SimulatedNetwork;
  readonly incarnation?: number;
  readonly clock?: Clock;
  readonly directory?: Pick<Directory, 'findById' | 'mayHave'> & Partial<Pick<Directory, 'onChange'>>;
  readonly log?: Log;
  readonly charter?: Pick<Charter, 'trustWith'>;
  readonly standing?: Standing;
  readonly custodyLimits?: CustodyLimits;
  readonly errands?: Pick<Errands, 'ask' | 'answer'>;
  /** Who keeps the order of groups that began at a realm. */
  readonly homeOf?: (realm: RealmName) => RealmName;
  /** Absent: commits and group info are opaque. */
  readonly inspect?: InspectCommit;
  readonly inspectInfo?: InspectInfo;
  /** Certified devices. */
  readonly keys?: Pick<KeyBook, 'keysOf'>;
  /** Absent: every device counts. */
  readonly isDevice?: (user: UserId, device: DeviceId) => boolean;
  /** What policies hide, and allow. */
  readonly hidden?: (what: Hideable) => boolean;
  readonly limits?: () => MessageLimits;
  /** Whether another realm is told of a user of this one; absent: any is. */
  readonly mayTell?: (realm: RealmName, user: UserId) => Promise<boolean>;
  /** Of key packages; absent: they are given out. */
  readonly permit?: WritePermit;
  /** 0 up to 1; spreads the tries. */
  readonly random?: () => number;
}

export interface Branch {
  readonly realm: RealmName;
  readonly outbox: Outbox;
  readonly conversations: ConversationService;
  readonly delivery: DeliveryService;
  readonly rosters: GroupRosters;
  readonly groups: GroupService;
  readonly mails: MailService;
  readonly keyPackages: KeyPackageService;
  readonly blocks: Blocks;
  readonly privacy: Privacy;
  readonly audited: AuditEvent[];
  /** Everything announced, in order. */
  readonly announced: { user: UserId; event: UserEvent }[];
  stop(): Promise<void>;
}

/** What certifies that incarnation here, and those below. */
export function certifiedAs(realm: RealmName, incarnation: number): Uint8Array {
  return new TextEncoder().encode(`${realm} ${incarnation}`);
}

export async function startBranch(options: BranchOptions): Promise<Branch> {
  const { realm, database, network, incarnation = 1, clock = systemClock, log = silentLog } = options;
  const audited: AuditEvent[] = [];
  const parts = { realm, incarnation, database, clock, log, directory: options.directory ?? directory() };
  const outbox = await openOutbox({ database, incarnation });
  const rosters = new GroupRosters(database, clock);
  const blocks = new Blocks(database, clock);
  await blocks.load();
  const privacy = new Privacy(database, options.hidden);
  await privacy.load();
  const conversations = await openConversations({
    ...parts,
    outbox,
    rosters,
    blocks,
    hides: privacy,
    ...(options.limits && { limits: options.limits }),
  });
  const node = network.node(realm);
  const shared = { ...parts, network: node, outbox, rosters, conversations };
  const isBlocked = (receiver: UserId, sender: UserId): boolean => blocks.isBlocked(receiver, sender);
  const devices = options.isDevice ? { isDevice: options.isDevice } : {};
  const mails = new MailService({ ...shared, ...conversations.parts, isBlocked, ...devices });
  conversations.judge('mail', (item) => mails.judge(item));
  const groups = new GroupService({ ...shared, mails, ...pick(options) });
  const family = () => [KYIV, LVIV, ODESA].filter((of) => of !== realm);
  const { permit, mayTell } = options;
  const keyPackages = new KeyPackageService({
    ...shared,
    family,
    mayAsk: () => true,
    ...devices,
    ...(permit && { permit }),
    ...(mayTell && { mayTell }),
  });
  const delivery = createDelivery({
    ...parts,
    outbox,
    conversations,
    rosters,
    network: node,
    self: { realm, role: 'node', pid: 1, peerId: `node.${realm}` },
    signer: {
      chain: new TextEncoder().encode(realm),
      certificate: certifiedAs(realm, incarnation),
      sign: (data) => signWithLeaf(keyOf(realm), data),
    },
    keys: {
      assertCertified: async (certificate, origin, wanted) => {
        const [of, most] = new TextDecoder().decode(certificate).split(' ');
        if (of === origin && Number(most) >= wanted) return;
        throw new RefusedError('incarnation-uncertified', 'no certificate of that incarnation');
      },
      keyOf: async (chain, origin) => {
        if (new TextDecoder().decode(chain) === origin) return keyOf(origin).publicKey;
        throw new RefusedError('origin-foreign', 'another realm');
      },
    },
    audit: { record: async (event) => void audited.push(event) },
    ways: new Ways({ realm, tier: tierOf(realm), tierOf, charter: options.charter ?? EMPTY_CHARTER }),
    standing: options.standing ?? ALL_IN_GOOD_STANDING,
    ...(options.errands && { errands: options.errands }),
    ...(options.custodyLimits && { custodyLimits: options.custodyLimits }),
    random: options.random ?? Math.random,
  });
  const announced: Branch['announced'] = [];
  conversations.onEvent((user, event) => announced.push({ user, event }));
  const running = [mails, keyPackages, groups, delivery];
  for (const part of running) await part.start();
  const stop = async (): Promise<void> => {
    // All at once: of one that was killed, some never end.
    await Promise.all(running.toReversed().map((part) => part.stop()));
  };
  return {
    realm,
    outbox,
    conversations,
    delivery,
    rosters,
    groups,
    mails,
    keyPackages,
    blocks,
    privacy,
    audited,
    announced,
    stop,
  };
}

function pick({ homeOf, keys, inspect, inspectInfo }: BranchOptions) {
  const looks = { ...(inspect && { inspect }), ...(inspectInfo && { inspectInfo }) };
  return { ...(homeOf && { homeOf }), ...(keys && { keys }), ...looks };
}

/** A message of the clerk to the engineer unless told otherwise. */
export function message(
  id: number | MessageId,
  text = 'hello',
  between: readonly [UserId, UserId] = [CLERK, ENGINEER],
): Submission {
  const [from, to] = between;
  return {
    id: typeof id === 'number' ? messageId(id) : id,
    conversation: directConversationId(from, to),
    recipients: [to],
    expires: 0,
    body: new TextEncoder().encode(text),
  };
}

export function messageId(n: number): MessageId {
  return parseMessageId(`40000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);
}

/** Ids of the messages that a user received, in order of arrival. */
export function receivedBy(branch: Branch, user: UserId): MessageId[] {
  return branch.announced.flatMap(({ user: whose, event }) =>
    whose === user && event.kind === 'message' && event.message.envelope.sender !== user
      ? [event.message.envelope.id]
      : [],
  );
}

/** Looks again at each turn of the event loop. */
export async function until(holds: () => boolean | Promise<boolean>, deadline = 20_000): Promise<void> {
  const end = Date.now() + deadline;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('what was waited for did not come');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
