// What the rest of the node sees of groups; group-service.ts makes it.
import type { Roster } from '../../src/crypto/roster.ts';
import {
  type ConversationId,
  type DeviceId,
  directConversationId,
  type GroupId,
  type UserId,
} from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { OutgoingMail } from '../mails/mail-service.ts';
import type { StoredGroup } from './group-record.ts';

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

/** Throws what it sees amiss in a commit. Absent in tests, whose commits are opaque. */
export type InspectCommit = (proposed: ProposedCommit, before: StoredGroup | undefined) => void;

/** Throws what it sees amiss in group info of that epoch. Absent in tests, whose group info is opaque. */
export type InspectInfo = (info: GroupInfo) => void;

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

/**
 * A conversation of two has the id that follows from the two, which is a UUID of version 8; no other conversation has such an id, so
 * that nobody can make a group in the place of what two others say to each other.
 */
export function isFitting(conversation: ConversationId, { kind, members }: Pick<Roster, 'kind' | 'members'>): boolean {
  if (kind !== 'direct') return conversation.charAt(VERSION_AT) !== '8';
  const [one, other = one] = members.map(({ user }) => user);
  return (
    one !== undefined && other !== undefined && members.length <= 2 && conversation === directConversationId(one, other)
  );
}

/** Where the version stands in the text of a UUID (RFC 9562, section 4). */
const VERSION_AT = 14;

/** Bytes of a group info: the tree of a thousand devices. */
export const MAX_GROUP_INFO = 1024 * 1024;
