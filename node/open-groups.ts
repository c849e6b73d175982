// Groups, mails between devices and key packages, which need each other.
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import { messageOf } from '../src/realm/errors.ts';
import type { DeviceId, UserId } from '../src/realm/ids.ts';
import type { RealmName } from '../src/realm/names.ts';
import type { LostReferences } from './blobs/blobs.ts';
import type { Blocks } from './conversations/blocks.ts';
import type { ConversationService } from './conversations/conversation-service.ts';
import type { MessageRules } from './conversations/message-rules.ts';
import type { Outbox } from './delivery/outbox.ts';
import type { Directory } from './directory/directory.ts';
import type { KeyBook } from './directory/key-book.ts';
import type { Errands } from './errands/errands.ts';
import type { Ground } from './ground.ts';
import { inspectCommit, inspectInfo } from './groups/commit-inspection.ts';
import type { GroupRosters } from './groups/group-rosters.ts';
import { GroupService } from './groups/group-service.ts';
import { Retirements } from './groups/retirements.ts';
import { KeyPackageService } from './key-packages/key-package-service.ts';
import { isCertified, packageObjection } from './key-packages/package-check.ts';
import type { Ledger } from './ledger/ledger.ts';
import { MailService } from './mails/mail-service.ts';

export interface GroupNeeds {
  readonly network: NodeOverlay;
  readonly directory: Directory;
  readonly rules: MessageRules;
  readonly ledger: Pick<Ledger, 'realms' | 'append' | 'watch'>;
  readonly rosters: GroupRosters;
  readonly blocks: Blocks;
  readonly conversations: ConversationService;
  readonly outbox: Outbox;
  readonly blobs: LostReferences;
  readonly keys: Pick<KeyBook, 'keysOf' | 'onDevice'>;
  readonly errands: Pick<Errands, 'ask' | 'answer'>;
  /** Whether another realm is told of an own user by the id. */
  readonly mayTell: (realm: RealmName, user: UserId) => Promise<boolean>;
  /** Whether a realm may be connected to; questions to others go along the tree. */
  readonly isDirect: (realm: RealmName) => boolean;
}

export interface OpenedGroups {
  readonly groups: GroupService;
  readonly mails: MailService;
  readonly keyPackages: KeyPackageService;
  readonly retirements: Retirements;
}

export async function openGroups(ground: Ground, needs: GroupNeeds): Promise<OpenedGroups> {
  const { realm: file, incarnation, database, clock, log, audit, permit, house } = ground;
  const { ledger, conversations, keys } = needs;
  const shared = { ...needs, realm: file.realm, incarnation, database, clock, log, permit };
  const isBlocked = (receiver: UserId, sender: UserId): boolean => needs.blocks.isBlocked(receiver, sender);
  const isDevice = (user: UserId, device: DeviceId): boolean => isCertified(keys, { realm: file.realm, user, device });
  const mails = new MailService({ ...shared, ...conversations.parts, isBlocked, isDevice });
  conversations.judge('mail', (item) => mails.judge(item));
  const family = (): RealmName[] =>
    [house, ...ledger.realms().flatMap((one) => (one.issuer === house ? [one.realm] : []))].filter(
      (of) => of !== file.realm,
    );
  // Whoever may connect at all may add people here to a group; the rules for messages decide whether that arrives.
  const keyPackages = new KeyPackageService({
    ...shared,
    family,
    mayAsk: () => true,
    objection: async (user, device, bytes) => packageObjection(keys, { realm: file.realm, user, device }, bytes),
    isDevice,
  });
  keys.onDevice(({ home, user, device, certificate }) => {
    if (certificate && home !== file.realm) keyPackages.expect(home);
    if (certificate || home !== file.realm) return;
    Promise.all([keyPackages.drop(user, device), mails.clear({ user, device })]).catch((error: unknown) =>
      log.error({ error: messageOf(error) }, 'what waited for a removed device was not dropped'),
    );
  });
  const retirements = new Retirements({ realm: file.realm, ledger, audit, log });
  await retirements.follow(ledger);
  const homeOf = (of: RealmName): RealmName => retirements.homeOf(of);
  const groups = new GroupService({ ...shared, mails, homeOf, keys, inspect: inspectCommit, inspectInfo });
  return { groups, mails, keyPackages, retirements };
}
