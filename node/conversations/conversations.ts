// What the rest of the node sees of conversations: a durable log of events for each, and a stream of arrivals for each of
// the realm's users. `openConversations` in conversation-service.ts makes it.
import type { Envelope, Stamp } from '../../src/crypto/envelope.ts';
import type { ConversationId, DeviceId, GroupId, MessageId, UserId } from '../../src/realm/ids.ts';
import type { PathKind } from '../../src/realm/path-kinds.ts';
import type { GroupState } from './group-state.ts';

/** Where a reader of a user's arrivals stopped. Numbers of different incarnations are never compared by a client. */
export interface Cursor {
  readonly incarnation: number;
  readonly n: number;
}

/** What a server knows of a message; `queued` is known to the sender's client alone. Later states never go back. */
export type DeliveryState = 'stored' | 'delivered' | 'read' | 'failed';

/** What one recipient did with a message, or what became of it on the way to that recipient. */
export interface Receipt {
  readonly user: UserId;
  readonly state: 'delivered' | 'read' | 'failed';
  /** Milliseconds since 1970, by the clock of the recipient's node. */
  readonly at: number;
  /** Why it failed. */
  readonly code?: string;
}

export interface LoggedMessage {
  readonly envelope: Envelope;
  /** Orders the log: the envelope's stamp, clamped when its origin's clock is more than a minute ahead. */
  readonly stamp: Stamp;
  /** The origin's clock was so far ahead that the stamp was clamped. */
  readonly clockAhead: boolean;
  readonly arrivedAt: number;
  /** How it came to this realm; `local` when it was written here. */
  readonly path: PathKind;
  /** Of all recipients: `read` or `delivered` when each did, `failed` when it failed for all. */
  readonly state: DeliveryState;
  /** Known to the sender's own node; empty elsewhere. */
  readonly receipts: readonly Receipt[];
}

interface Arrival {
  readonly cursor: Cursor;
  readonly conversation: ConversationId;
}

/** One entry of a user's stream of arrivals. A user's own messages are in it too, for the other devices. */
export type UserEvent =
  | (Arrival & { readonly kind: 'message'; readonly message: LoggedMessage })
  /** For the sender: what a recipient did. */
  | (Arrival & { readonly kind: 'state'; readonly ids: readonly MessageId[]; readonly receipt: Receipt })
  /** The user's own read position moved, on whichever device. */
  | (Arrival & { readonly kind: 'position'; readonly upTo: MessageId; readonly at: number })
  /** The keys or the members of a group changed; the commit itself is fetched. */
  | (Arrival & {
      readonly kind: 'commit';
      readonly group: GroupId;
      readonly epoch: number;
      readonly sender: UserId;
      readonly device: DeviceId;
      readonly at: number;
    })
  /** A member wants something changed that nobody could commit yet. */
  | (Arrival & { readonly kind: 'intent'; readonly id: MessageId; readonly sender: UserId; readonly at: number })
  /** The user has deleted what was there, on whichever device; `entirely`: the conversation, too. */
  | (Arrival & { readonly kind: 'cleared'; readonly entirely: boolean })
  /** A message that was there expired, or its sender took it back. */
  | (Arrival & { readonly kind: 'removed'; readonly id: MessageId; readonly sender: UserId });

export interface Submission {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  /** None: the members of the conversation, as the roster has them. */
  readonly recipients: readonly UserId[];
  /** Milliseconds since 1970; 0 for never. */
  readonly expires: number;
  /** Stored files that it refers to, 32 bytes each. */
  readonly blobs?: readonly Uint8Array[] | undefined;
  readonly body: Uint8Array;
}

export interface Submitter {
  readonly user: UserId;
  readonly device: DeviceId;
}

/** `already`: the same message had been stored before; nothing was written. */
export interface Stored {
  readonly state: 'stored';
  readonly stamp: Stamp;
  readonly already: boolean;
}

export interface EventPage {
  readonly events: readonly UserEvent[];
  /** Continue here. */
  readonly cursor: Cursor;
  /** There was more than the limit. */
  readonly more: boolean;
}

/** Newest first. */
export interface HistoryPage {
  readonly messages: readonly LoggedMessage[];
  /** `before` of the next page; undefined at the beginning. At most 80 characters of [0-9a-f-]. */
  readonly next: string | undefined;
}

export interface ConversationSummary {
  readonly id: ConversationId;
  /** All of them, the user included. */
  readonly members: readonly UserId[];
  /** Absent where messages name their recipients. */
  readonly group: GroupState | undefined;
  /** The user is no longer a member, and reads what was there before. */
  readonly hasLeft: boolean;
  readonly last: LoggedMessage | undefined;
  /** Counted up to MAX_UNREAD. */
  readonly unread: number;
  readonly lastRead: MessageId | undefined;
}

export interface Conversations {
  /**
   * Resolves once the message is on disk.
   * @throws ConflictError `id-conflict`; InputError `user-unknown`, `conversation-unknown`, `body-too-long`, `message-expired`,
   *   `too-many-recipients`; RefusedError `user-disabled`, `not-a-member`, `may-not-write`, `outbox-full`; LocalError `disk-full`
   */
  submit(from: Submitter, message: Submission): Promise<Stored>;
  /** A device of the user holds all arrivals up to the cursor: their senders learn `delivered`. */
  markDelivered(user: UserId, upTo: Cursor): Promise<void>;
  /** The user has read all that arrived in the conversation up to this message. @throws RefusedError `message-unknown` */
  markRead(user: UserId, conversation: ConversationId, upTo: MessageId): Promise<void>;
  /** The newest arrival of this node, whoever it is for. */
  head(): Cursor;
  /** How far devices of the user hold the arrivals: where a client without a cursor begins. */
  deliveredUpTo(user: UserId): Promise<Cursor>;
  /** In order of arrival. @throws ConflictError `cursor-unknown` when the cursor is not of this node's past */
  eventsSince(user: UserId, cursor: Cursor, limit: number): Promise<EventPage>;
  /** @throws RefusedError `conversation-unknown` when the user is no member; InputError `bad-position` */
  history(user: UserId, conversation: ConversationId, page: { before?: string; limit: number }): Promise<HistoryPage>;
  /** Whether more than `most` arrivals wait behind a cursor. */
  lags(user: UserId, cursor: Cursor, most: number): Promise<boolean>;
  /** The sender takes a message back for all. @throws RefusedError `message-unknown` */
  erase(from: Submitter, id: MessageId): Promise<void>;
  /** Deletes what the user has of a conversation; `entirely`: it leaves the list, too. @throws RefusedError `conversation-unknown` */
  clear(user: UserId, conversation: ConversationId, entirely: boolean): Promise<void>;
  listConversations(user: UserId): Promise<readonly ConversationSummary[]>;
  /** A message that the user sent or received; undefined for every other. */
  findMessage(user: UserId, id: MessageId): Promise<LoggedMessage | undefined>;
  /** Calls back for each arrival once it is on disk, in order of arrival. Returns the unsubscriber. */
  onEvent(listener: (user: UserId, event: UserEvent) => void): () => void;
}
