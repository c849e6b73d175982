// Conversations, delivery and presence, which need each other.
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import { leafKeyOfSeed } from '../src/pki/keys.ts';
import type { UserId } from '../src/realm/ids.ts';
import type { RealmName, Tier } from '../src/realm/names.ts';
import type { BlobAccess } from './blobs/blob-access.ts';
import { Blocks } from './conversations/blocks.ts';
import { type ConversationService, openConversations } from './conversations/conversation-service.ts';
import type { MessageRules } from './conversations/message-rules.ts';
import { Privacy } from './conversations/privacy.ts';
import { Readers } from './conversations/readers.ts';
import { createBatchSigner, createOriginKeys } from './delivery/batch-signing.ts';
import { createDelivery, type DeliveryService } from './delivery/delivery-service.ts';
import { openOutbox } from './delivery/outbox.ts';
import { Ways } from './delivery/ways.ts';
import type { Directory } from './directory/directory.ts';
import type { KeyBook } from './directory/key-book.ts';
import type { Discretion } from './discretion/discretion.ts';
import type { Errands } from './errands/errands.ts';
import type { Ground } from './ground.ts';
import type { GroupRosters } from './groups/group-rosters.ts';
import type { LanConversations } from './lan/components.ts';
import type { Ledger } from './ledger/ledger.ts';
import { checkByRoot } from './ledger/overlay-keys.ts';
import { openBlobAccess } from './open-blobs.ts';
import { type OpenedGroups, openGroups } from './open-groups.ts';
import type { Policies } from './policies/policies.ts';
import type { Presence } from './presence/presence.ts';
import { createPresence } from './presence/presence-service.ts';

export interface Messaging extends OpenedGroups {
  readonly blocks: Blocks;
  readonly privacy: Privacy;
  readonly blobAccess: BlobAccess;
  readonly conversations: ConversationService;
  /** The same, with the way that each message took. */
  readonly withRoutes: LanConversations;
  readonly delivery: DeliveryService;
  readonly presence: Presence;
  /** Which way anything to another realm goes. */
  readonly ways: Ways;
}

export interface MessagingComponents {
  readonly network: NodeOverlay;
  readonly directory: Directory;
  readonly rosters: GroupRosters;
  readonly discretion: Pick<Discretion, 'mayTell'>;
  readonly rules: MessageRules;
  /** Whether presence is shared with a realm. */
  readonly shares: (realm: RealmName) => boolean;
  readonly ledger: Pick<Ledger, 'realms' | 'append' | 'watch'>;
  readonly errands: Pick<Errands, 'ask' | 'answer'>;
  readonly keys: Pick<KeyBook, 'keysOf' | 'onDevice'>;
  readonly policies: Pick<Policies, 'hides' | 'limit'>;
}

export async function openMessaging(
  ground: Ground,
  { network, directory, rosters, discretion, rules, shares, ledger, errands, keys, policies }: MessagingComponents,
): Promise<Messaging> {
  const { realm: file, identity, clock, log, audit, database, incarnation, isRevoked, charter } = ground;
  const { realm, rootFingerprint } = file;
  const outbox = await openOutbox(ground);
  const blocks = new Blocks(database, clock);
  await blocks.load();
  const privacy = new Privacy(database, (what) => policies.hides(what));
  await privacy.load();
  const blobs = openBlobAccess(ground, { rosters, directory });
  const parts = {
    realm,
    incarnation,
    database,
    directory,
    rules,
    rosters,
    blocks,
    hides: privacy,
    blobs,
    outbox,
    clock,
    log,
    limits: () => ({ size: policies.limit('message-size'), retention: policies.limit('message-retention') }),
  };
  const conversations = await openConversations(parts);
  const ways = openWays(ground, ledger);
  const { store } = conversations.parts;
  const mayTell = (of: RealmName, id: UserId): Promise<boolean> => isTold(of, id, { directory, discretion });
  const readers = new Readers({ realm, store, rosters, directory, hides: privacy, errands, clock, log });
  const opened = await openGroups(ground, {
    network,
    directory,
    rules,
    ledger,
    rosters,
    blocks,
    conversations,
    outbox,
    blobs,
    keys,
    errands,
    mayTell,
    isDirect: (of) => ways.to(of).kind === 'direct',
  });
  const shared = { realm, incarnation, network, directory, clock, log, random: Math.random };
  const delivery = createDelivery({
    ...shared,
    self: { realm, role: 'node', pid: process.pid, peerId: network.peerId },
    database,
    outbox,
    conversations,
    rosters,
    errands,
    signer: createBatchSigner({
      key: leafKeyOfSeed(identity.privateKey),
      chain: () => identity.chain,
      certificate: ground.certificate,
    }),
    keys: createOriginKeys({
      rootFingerprint,
      clock,
      isRevoked,
      checkChain: checkByRoot({ rootFingerprint }, charter),
    }),
    audit,
    ways,
    standing: {
      isFrozen: (of) => charter.isRealmRevoked(of),
      isKnown: (of) => ledger.realms().some((known) => known.realm === of),
      onChange: (listener) => charter.onChange(listener),
    },
  });
  return {
    ...opened,
    blocks,
    privacy,
    blobAccess: blobs,
    conversations,
    withRoutes: addRoutes(conversations, delivery, readers),
    delivery,
    presence: createPresence({ ...shared, shares, mayTell, hides: (user) => privacy.presence(user) }),
    ways,
  };
}

/** Of who is not known nothing is told anyhow. */
async function isTold(
  realm: RealmName,
  id: UserId,
  { directory, discretion }: Pick<MessagingComponents, 'directory' | 'discretion'>,
): Promise<boolean> {
  const user = directory.findById(id);
  return user === undefined || discretion.mayTell(realm, user);
}

function openWays({ realm: { realm, tier }, lineage, charter }: Ground, ledger: Pick<Ledger, 'realms'>): Ways {
  const tierOf = (of: RealmName): Tier | undefined =>
    [...lineage, ...ledger.realms()].find((known) => known.realm === of)?.tier;
  return new Ways({ realm, tier, tierOf, charter });
}

function addRoutes(conversations: ConversationService, delivery: DeliveryService, readers: Readers): LanConversations {
  return {
    submit: (...given) => conversations.submit(...given),
    markDelivered: (...given) => conversations.markDelivered(...given),
    markRead: (...given) => conversations.markRead(...given),
    deliveredUpTo: (...given) => conversations.deliveredUpTo(...given),
    eventsSince: (...given) => conversations.eventsSince(...given),
    history: (...given) => conversations.history(...given),
    listConversations: (...given) => conversations.listConversations(...given),
    findMessage: (...given) => conversations.findMessage(...given),
    head: () => conversations.head(),
    lags: (...given) => conversations.lags(...given),
    erase: (...given) => conversations.erase(...given),
    clear: (...given) => conversations.clear(...given),
    onEvent: (...given) => conversations.onEvent(...given),
    explain: (...given) => delivery.explain(...given),
    readers: (...given) => readers.of(...given),
  };
}
