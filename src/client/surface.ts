// What users of the library see: the client, its events and the things that it talks about.

import type { KnownContent } from '../crypto/content.ts';
import type { FileCard } from '../crypto/files/file-card.ts';
import type { ErrorParams, ReadersAnswer, ServerAnswer, SessionForm } from '../protocols/lan/routes.ts';
import type { Island, Route, Stamp, User, WayLeg } from '../protocols/lan/wire.ts';
import type { Clock } from '../realm/clock.ts';
import type { ConversationId, DeviceId, MessageId, UserId } from '../realm/ids.ts';
import type { Account } from './account/account.ts';
import type { AccountState } from './account/account-gate.ts';
import type { DeviceKeeping } from './account/device-keeping.ts';
import type { ClientCache } from './cache/cache.ts';
import type { OpenTimeline } from './chats.ts';
import type { Contacts } from './contacts.ts';
import type { Files } from './files/files.ts';
import type { SearchHit } from './finding.ts';
import type { Groups } from './groups.ts';
import type { Draft } from './personal/forms.ts';
import type { ClientStorage, HttpFetch, OpenSocket } from './platform.ts';
import type { MessageState } from './timeline/events.ts';

export interface ClientInit {
  /** What the user calls this device; shown in the list of sessions. */
  readonly deviceName?: string;
  /** `https://chat.example:8443` or, on loopback, `http://kyiv.localhost:7101`. */
  readonly server: string;
  /** `cookie` in pages of that server, so that no script ever holds the session; else `bearer`. Default `bearer`. */
  readonly session?: SessionForm;
  readonly fetch?: HttpFetch;
  readonly openSocket?: OpenSocket;
  readonly clock?: Clock;
  /** 0 up to 1; for back-off. Default Math.random. */
  readonly random?: () => number;
  readonly storage?: ClientStorage;
  /** Where passwords are stretched, for half a second; a page passes one that works in a Worker. Default here, loaded late. */
  readonly passwords?: Passwords;
  /** What this device holds of a user's messages, encrypted. Default: in memory, which ends with the client. */
  readonly openCache?: (user: UserId) => Promise<ClientCache>;
  /**
   * SHA-256 of the root's certificate, lower-case hex, as the administrator says it: a server below another root is refused. By default the
   * root of the first login is believed, and held in the vault from then on.
   */
  readonly root?: string;
  /** Where this device's keys are kept; a page passes one that gives none away. Default: in the storage. */
  readonly deviceKeys?: DeviceKeeping;
}

/** The functions of src/crypto/login.ts. */
export type Passwords = Pick<typeof import('../crypto/login.ts'), 'proveLogin' | 'registerPassword'>;

/** `offline` until connect(); `waiting` between two tries; `live` once the backlog is through. */
export type ConnectionState = 'offline' | 'connecting' | 'catching-up' | 'live' | 'waiting';

export interface Message {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  readonly from: User;
  readonly to: readonly User[];
  readonly mine: boolean;
  /** Untrusted text of a person: show it as text, never as markup. Undefined when this client can't read the content. */
  readonly text: string | undefined;
  /** What came with it: `files.download` fetches it. Name and type are the sender's words. */
  readonly file?: FileCard;
  /** It names the own user. */
  readonly mentionsMe?: true;
  /** The forwarder's word on who wrote it, and when. */
  readonly forwardedFrom?: { readonly author: User; readonly writtenAt: number };
  /** Why there is no text: `content-unknown` (a newer client is needed) or `content-unreadable`. */
  readonly problem?: string;
  /** By the sender's clock, milliseconds since 1970. */
  readonly sentAt: number;
  /** How it came to the own server; `local` when it was written there. Absent while queued. */
  readonly path?: Route['kind'];
  /** Given by the sender's node; absent while queued. */
  readonly stamp?: Stamp;
  /** When the own server had it, milliseconds since 1970. */
  readonly arrivedAt?: number;
  readonly state: MessageState;
  /** Of a failed message. */
  readonly failure?: { readonly code: string; readonly params: ErrorParams };
}

/** Other realms that the own server can't reach. Chats within the own realm work all the same. */
export interface Islands {
  /** Since when the own server reaches no other at all, milliseconds since 1970. */
  readonly alone?: number | undefined;
  readonly realms: readonly Island[];
}

/** The way of a message: its programs as far as it came, and each step for each realm. */
export interface Explanation {
  readonly route?: Route | undefined;
  readonly legs: readonly WayLeg[];
}

export interface Conversation {
  readonly id: ConversationId;
  /** Without the own user, but for a conversation with oneself. */
  readonly others: readonly User[];
  readonly last?: Message;
  readonly unread: number;
  /** The oldest that is unread; where a person goes on. */
  readonly firstUnread?: MessageId;
  readonly lastRead?: MessageId;
}

export interface Me {
  readonly user: User;
  readonly device: DeviceId;
  /** Only of the `bearer` form: keep it to resume() later. */
  readonly token?: string;
}

/** A message that the server does not have yet. */
export interface Queued {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  /** What its conversation waits for, as far as is known. */
  readonly code?: string;
}

export interface StateChange {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  readonly state: MessageState;
  readonly at?: number;
  /** Of a failed message. */
  readonly failure?: { readonly code: string; readonly params: ErrorParams };
}

export interface ClientEvents {
  /** Whether the account is open here, or what stands in the way. */
  account: AccountState;
  /** A server names another identity for this person than the one known so far; nothing is sealed for it until it is accepted. */
  'identity-changed': { readonly user: UserId };
  /** A server names another identity for this person, for which no realm vouches: it counts for nothing, and what was known stays. */
  'identity-unproven': { readonly user: UserId };
  /** There is room again: what `cache-full` or `cache-failed` had told of is stored on this device now. */
  'stored-again': Record<string, never>;
  /** This device was signed out for good, and what was kept here of these people is gone. */
  wiped: { readonly users: readonly UserId[] };
  /** The connection stands and what was missed has been told. Comes again after each reconnect. */
  ready: { readonly me: Me };
  connection: { readonly state: ConnectionState; readonly code?: string; readonly retryIn?: number };
  /** A new message: of somebody else, of another device of the own user, or just queued here. Told again once it can be read. */
  message: Message;
  state: StateChange;
  /** A queued message can't go yet, and why: `recipient-no-device` until somebody logs in for the first time. Told once for each reason. */
  waiting: Queued & { readonly code: string };
  presence: { readonly user: User; readonly state: 'online' | 'offline'; readonly lastSeenAt?: number };
  /** Ends by itself after TYPING_LASTS, with a message of that user, or when `active` is false. */
  typing: { readonly user: User; readonly conversation: ConversationId; readonly active: boolean };
  /** Everything in the conversation up to this message was read by the own user, on whichever device. */
  position: { readonly conversation: ConversationId; readonly upTo: MessageId };
  /** Another device of the own user wrote it, or ended it. */
  draft: { readonly conversation: ConversationId; readonly draft: Draft | undefined };
  /** What the own user keeps above the rest changed, on whichever device. */
  pins: { readonly conversations: readonly ConversationId[] };
  /** The own user deleted the history, on whichever device. */
  cleared: { readonly conversation: ConversationId };
  /** Who is in a group changed, or the own user came into it: `groups.members` and conversations() tell anew. */
  members: { readonly conversation: ConversationId };
  /** A message expired, or was taken back. */
  removed: { readonly conversation: ConversationId; readonly id: MessageId };
  /** The stored cursor no longer means anything (the server was restored): fetch conversations and histories anew. */
  reset: Record<string, never>;
  /** Other realms that are away, and how many messages wait for each; empty again when all are back. */
  islands: Islands;
  /** The session is over, by whatever side: log in again. */
  'signed-out': { readonly code: string };
  /** Something that belongs to no call; `message` is the English sentence. */
  error: { readonly code: string; readonly params: ErrorParams; readonly message: string };
}

/** What can be done in a conversation: content without what the client adds by itself. */
export type Act = KnownContent;

export interface SendRequest {
  /** The same again is idempotent, with another text it is `id-conflict`. Default a new one. */
  readonly id?: MessageId;
  /** `login@realm` or a user that was found; for a conversation of two. */
  readonly to: string | User;
  readonly text: string;
  /** A file that has been uploaded, or came with another message; the text may be empty then. */
  readonly file?: FileCard;
}

export interface LoginOptions {
  /** Becomes the password when the server asks for a new one, as it does at a first login. */
  readonly newPassword?: string;
  readonly signal?: AbortSignal;
}

export interface LogoutOptions {
  /** Ends the session alone: keys and messages stay here for the next login on this device. Default false: nothing stays. */
  readonly keepDevice?: boolean;
}

export interface HistoryPage {
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** For the page before this one; undefined at the beginning of the conversation. */
  readonly before: string | undefined;
}

export interface Client {
  readonly me: Me | undefined;
  readonly connection: ConnectionState;
  /** As told last; nothing is away while there is no connection to tell it. */
  readonly islands: Islands;

  /** Calls back on each event of a type; returns the unsubscriber. */
  on<K extends keyof ClientEvents>(type: K, listener: (event: ClientEvents[K]) => void): () => void;

  server(signal?: AbortSignal): Promise<ServerAnswer>;
  /** @throws RefusedError `wrong-password`, `login-backoff`, `password-change-required`, `password-unchanged`; InputError `password-too-short`, `password-too-long`; UnreachableError `server-unreachable` */
  login(address: string, password: string, options?: LoginOptions): Promise<Me>;
  /** The user of the cookie, or of the token of an earlier login; undefined when that session is over. */
  resume(token?: string): Promise<Me | undefined>;
  /** Proves the present password by a login, then sets the new one; the other sessions of the user end. @throws as login() */
  changePassword(password: string, newPassword: string): Promise<Me>;
  /** What is held here of this user goes, with its keys and with what was not sent yet. */
  logout(options?: LogoutOptions): Promise<void>;

  /** Identity, devices, vault; undefined until it is open (`accountState`). */
  readonly account: Account | undefined;
  readonly accountState: AccountState;
  /** Up- and downloads; undefined until the account is open. */
  readonly files: Files | undefined;
  /** Opens a locked vault. @throws InputError `recovery-key-length`, `recovery-key-character`, `recovery-key-group`; RefusedError `vault-secret-wrong` */
  recoverAccount(recoveryKey: string): Promise<void>;
  /**
   * For an account that is `refused` after a login: the person takes what the server shows and gives up what was newer. Keys, settings and
   * drafts that no device of theirs holds are lost, and messages that only those keys open; other devices log in anew by the password.
   * @throws as `recoverAccount`; RefusedError `login-again`, `vault-not-refused`, `vault-too-old`
   */
  acceptOlderVault(recoveryKey: string): Promise<void>;
  /**
   * The person says that the password of this login is one that they chose themselves: from then on it unlocks the vault. For an account
   * that is `open` with `password: 'unproven'`; a new password (`changePassword`) is the safer way out, offer it first.
   * @throws RefusedError `account-locked`, `login-again`
   */
  acceptPassword(): Promise<void>;
  /**
   * After a reset without a recovery key: a new identity, an empty vault.
   * @throws ConflictError `identity-exists`; RefusedError `password-change-required`: change the password first
   */
  beginAccountAnew(): Promise<void>;

  /** Opens the live connection and keeps it open until disconnect() or the session's end. */
  connect(): void;
  /** Closes the live connection; what is queued stays in the storage. Idempotent. */
  disconnect(): void;
  /** Resolves when nothing sent here is still queued. */
  drained(signal?: AbortSignal): Promise<void>;

  /** What is still queued, in the order in which it goes. */
  queued(): readonly Queued[];
  /** What the server refused and nobody has given up, with the reason. */
  refused(): readonly StateChange[];

  /** Resolves with the queued message, which has its conversation's timer; its further states come as events. @throws RefusedError `user-unknown`, ConflictError `id-conflict` */
  send(request: SendRequest): Promise<Message>;
  /** Sends a failed message again, with the same id. It is kept until then, also when the client ends. */
  retry(id: MessageId): Promise<void>;
  /** Tells the others of a conversation; at most one a second is sent. */
  typing(to: string | User): Promise<void>;
  /** The same for the members of a group; those of a large one are told nothing. */
  typingIn(conversation: ConversationId): Promise<void>;
  /** Everything in the message's conversation up to it is read. Who names the conversation spares a question to the server. */
  markRead(id: MessageId, conversation?: ConversationId): Promise<void>;
  /** Whose presence comes as events: these and nobody else. Survives reconnects. */
  watch(users: readonly User[]): void;

  /** Undefined when nobody has this address. */
  findUser(address: string, signal?: AbortSignal): Promise<User | undefined>;
  /** Users whose address or name begins so. */
  searchUsers(prefix: string, signal?: AbortSignal): Promise<readonly User[]>;
  userById(id: UserId, signal?: AbortSignal): Promise<User | undefined>;
  conversations(signal?: AbortSignal): Promise<readonly Conversation[]>;
  history(
    conversation: ConversationId,
    options?: { before?: string; limit?: number; signal?: AbortSignal },
  ): Promise<HistoryPage>;
  /** Undefined while the message has not travelled. */
  route(id: MessageId, signal?: AbortSignal): Promise<Route | undefined>;
  /**
   * Who has a message of the own user's, and who has read it: asked for, since in groups above 50 members nobody is told by events. `away`:
   * realms that could not be asked now. @throws RefusedError `message-unknown`, `readers-rate`
   */
  readers(id: MessageId, signal?: AbortSignal): Promise<ReadersAnswer>;
  /** Each step of a message's way with its time, and why it does not go on. */
  explain(id: MessageId, signal?: AbortSignal): Promise<Explanation>;
  /** Blocks, removes, compares safety numbers. @throws RefusedError `account-locked` */
  readonly contacts: Contacts;
  /** Deletes for the own user alone, on all devices; a message that failed is given up with it. */
  hide(conversation: ConversationId, ids: readonly MessageId[]): Promise<void>;
  /** Deletes what is there for the own user alone, on all devices and at the server. */
  clearHistory(conversation: ConversationId): Promise<void>;
  /** Kept on this device at once, within a second on all of the user's. */
  draft(conversation: ConversationId): Draft | undefined;
  /** An empty text ends it. @throws InputError `draft-too-long` */
  setDraft(conversation: ConversationId, text: string, replyTo?: MessageId): Promise<void>;
  /** Conversations that the user keeps above the others, in the order in which they were pinned. */
  pins(): readonly ConversationId[];
  /** Kept on this device at once, on all of the user's as soon as the server can be reached. */
  setPinned(conversation: ConversationId, isPinned: boolean): Promise<void>;
  /** Makes and changes groups. @throws RefusedError `account-locked` */
  readonly groups: Groups;
  /** What is shown of a conversation, from what this device holds, kept up to date until it is closed. */
  timeline(conversation: ConversationId): Promise<OpenTimeline>;
  /** Replies, edits, deletes, reacts, pins, forwards, names a group, …; resolves with the event's id once it is queued. @throws InputError when it is too large */
  act(conversation: ConversationId, act: Act): Promise<MessageId>;
  /**
   * A report of a message and its last change, for a file: `canopy evidence verify` finds in it, without a server, who wrote them. With it,
   * whoever has it reads these two and no other message. @throws RefusedError `message-unknown`; `evidence-gone` when what its sender
   * signed is not there any more (taken back, disappeared); `evidence-unproven` when nobody vouches for the sender's keys as they were;
   * `content-unreadable`; UnreachableError `server-unreachable`: the server is asked for its home's word on the sender
   */
  evidence(conversation: ConversationId, id: MessageId): Promise<Uint8Array>;
  /** Newest first, over what this device holds; words by their beginning. */
  search(
    question: string,
    options?: { conversation?: ConversationId; before?: string; limit?: number },
  ): Promise<readonly SearchHit[]>;
  /** What could not be read, by code; `unable-to-decrypt` is what waits for a key now. */
  counters(): Record<string, number>;
  /** The conversation of two that this client's user has with another. */
  conversationWith(user: User): ConversationId;
}
