// What the LAN side needs of the rest of the node, and how it is set up.
import type { Chain } from '../../src/pki/chain.ts';
import type { ServerLimits } from '../../src/protocols/lan/routes.ts';
import type { Clock } from '../../src/realm/clock.ts';
import type { MessageId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Audit } from '../audit/audit.ts';
import type { LanBlobs } from '../blobs/blobs.ts';
import type { Blocks } from '../conversations/blocks.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { Privacy } from '../conversations/privacy.ts';
import type { ReadersView } from '../conversations/readers.ts';
import type { MessageRoute } from '../delivery/delivery.ts';
import type { Accounts } from '../directory/accounts.ts';
import type { DeviceService } from '../directory/device-service.ts';
import type { Directory, UserProfile } from '../directory/directory.ts';
import type { IdentityService } from '../directory/identity-service.ts';
import type { UserKeys } from '../directory/key-book.ts';
import type { LockStore } from '../directory/lock-store.ts';
import type { Sessions } from '../directory/sessions.ts';
import type { GroupService } from '../groups/group-service.ts';
import type { IslandWatch } from '../islands.ts';
import type { KeyPackageService } from '../key-packages/key-package-service.ts';
import type { MailService } from '../mails/mail-service.ts';
import type { Presence } from '../presence/presence.ts';
import type { Guests } from '../roaming/guests.ts';
import type { VaultService } from '../vault/vault-service.ts';

export type LanSessions = Pick<Sessions, 'find' | 'end' | 'onEnd' | 'rotate'>;

export type LanAccounts = Pick<
  Accounts,
  'startLogin' | 'finishLogin' | 'logout' | 'startPasswordChange' | 'finishPasswordChange' | 'mustChangePassword'
> & { readonly sessions: LanSessions };

export type LanDirectory = Pick<
  Directory,
  'findByAddress' | 'findById' | 'search' | 'lookUp' | 'findFor' | 'searchFor'
>;

export type LanConversations = Pick<
  Conversations,
  | 'submit'
  | 'markDelivered'
  | 'markRead'
  | 'deliveredUpTo'
  | 'eventsSince'
  | 'history'
  | 'listConversations'
  | 'findMessage'
  | 'onEvent'
  | 'head'
  | 'lags'
  | 'erase'
  | 'clear'
> & {
  /** The way that a message took, with each step, its time, and why it does not go on. */
  explain?(user: UserId, id: MessageId): Promise<MessageRoute | undefined>;
  /** Who has a message and who has read it, for its sender; in large groups nobody is told without asking. */
  readers?(user: UserId, id: MessageId, signal: AbortSignal): Promise<ReadersView>;
};

export type LanGroups = Pick<
  GroupService,
  'propose' | 'putInfo' | 'reader' | 'typingTo' | 'intend' | 'intents' | 'givingBack'
>;

export type LanMails = Pick<MailService, 'send' | 'has' | 'list' | 'acknowledge' | 'onMail'>;
export type LanKeyPackages = Pick<KeyPackageService, 'put' | 'claim' | 'hasLastResort'>;

export type LanBlocks = Pick<Blocks, 'block' | 'unblock' | 'list'>;

export type LanIslands = Pick<IslandWatch, 'current' | 'onChange'>;

export type LanPresence = Pick<Presence, 'watch' | 'setOnline' | 'setOffline' | 'typing'> &
  Partial<Pick<Presence, 'retell'>>;

/** Somebody's keys, with what the home realm's authority signed. */
export interface KnownKeys extends UserKeys {
  readonly realm?: RealmName;
  readonly statement?: Uint8Array | undefined;
  /** Certificates of the authority that signed it, the root's last. */
  readonly authority?: Chain | undefined;
}

/** What own users keep here beside their messages. */
export interface LanAccount {
  readonly vaults: Pick<VaultService, 'has' | 'state' | 'records' | 'line' | 'change' | 'stage' | 'onChange'>;
  readonly identities: Pick<IdentityService, 'begin' | 'addDevice' | 'settle'>;
  readonly devices: Pick<DeviceService, 'list' | 'rename' | 'remove' | 'isWiped'>;
  /** @throws UnreachableError, RefusedError `lookup-rate` when the user is of another enterprise */
  keys(user: UserId, asker: UserId): Promise<KnownKeys>;
  rename(user: UserId, name: string): Promise<UserProfile>;
  /** Without one it is erased. @throws InputError `bad-photo`; RefusedError `photo-rate` */
  setPhoto(user: UserId, photo: Uint8Array | undefined): Promise<UserProfile>;
  /** Undefined where there is none, and for who is not known here, or hidden from the asker. */
  photoOf(user: UserId, asker: UserId): Promise<Uint8Array | undefined>;
  /** For good. */
  leave(user: UserId): Promise<void>;
}

/** One line of /readyz; `detail` is a constant phrase or a figure, never a name of a user. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

export interface LanComponents {
  readonly realm: RealmName;
  readonly accounts: LanAccounts;
  readonly directory: LanDirectory;
  readonly conversations: LanConversations;
  readonly presence: LanPresence;
  /** Without these there are no groups. */
  readonly groups?: LanGroups;
  readonly mails?: LanMails;
  readonly blocks?: LanBlocks;
  readonly privacy?: Pick<Privacy, 'of' | 'set' | 'hiddenOfAll'>;
  readonly keyPackages?: LanKeyPackages;
  /** Which realms are away; without it clients are told nothing of that. */
  readonly islands?: LanIslands;
  /** Whether the branch is locked; without it it never is. */
  readonly lock?: Pick<LockStore, 'current' | 'onChange'>;
  /** Vaults, identities, devices; without it clients find none of it. */
  readonly account?: LanAccount;
  /** Users of other branches who work here; without it they can't. */
  readonly guests?: Guests;
  /** Without it there are no files. */
  readonly blobs?: LanBlobs;
  /** What the policies allow, told to clients beforehand; absent: what the protocol allows. */
  readonly limits?: () => ServerLimits;
  readonly audit: Pick<Audit, 'record'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly checks: () => Promise<readonly HealthCheck[]>;
}

export interface LanSettings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM, the chain leaf first. Without it the server speaks plain HTTP, on loopback alone and for `*.localhost` alone. */
  readonly tls?: { readonly key: string; readonly chain: string };
  /** Names by which clients call this server, without a port; its own addresses need not be named when it has TLS. */
  readonly names: readonly string[];
  /** Networks of the clients, `192.168.7.0/24`. Default: those of the listening interface, and loopback. */
  readonly networks?: readonly string[];
  /** Folder of the built web client; without it there are no pages. */
  readonly pages?: string;
  readonly demo?: { readonly user: string; readonly colleague: string };
}
