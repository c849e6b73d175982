// What the rest of the node sees of groups; group-service.ts makes it.
import type { ConversationId, DeviceId, GroupId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { OutgoingMail } from '../mails/mail-service.ts';

/** A device of a user of `realm`. */
export interface Author {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly realm: RealmName;
}

export interface ProposedCommit {
  readonly conversation: ConversationId;
  readonly group: GroupId;
  /** The epoch that it is based on; 0 makes the group. */
  readonly epoch: number;
  readonly commit: Uint8Array;
  /** Who is in the group after it, as src/crypto/roster.ts encodes it. */
  readonly rosterBytes: Uint8Array;
  /** For those who join by themselves; may also be handed in later. */
  readonly groupInfo: Uint8Array | undefined;
}

/** What somebody needs who joins a group of that epoch alone. */
export interface GroupInfo {
  readonly conversation: ConversationId;
  readonly group: GroupId;
  readonly epoch: number;
  readonly groupInfo: Uint8Array;
}

/** A commit with the mails that bring new devices in; they go out once it is accepted. */
export interface ProposedChange extends ProposedCommit {
  readonly welcomes: readonly OutgoingMail[];
}

export interface Accepted {
  /** The group's epoch now. */
  readonly epoch: number;
}

/** Bytes of a group info: the tree of a thousand devices. */
export const MAX_GROUP_INFO = 1024 * 1024;
