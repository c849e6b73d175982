// A group as a realm's server knows it.

import type { MemberRole, RosterKind } from '../../src/crypto/roster.ts';
import { readSealedHead } from '../../src/crypto/sealed-message.ts';
import type { ConversationId, GroupId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';

export interface GroupMember {
  readonly role: MemberRole;
  readonly home: RealmName;
}

/** A group as this realm knows it: what followed from the newest commit that came here. */
export interface GroupState {
  readonly conversation: ConversationId;
  readonly group: GroupId;
  readonly kind: RosterKind;
  readonly home: RealmName;
  readonly term: number;
  /** The next commit is based on this one. */
  readonly epoch: number;
  readonly rosterBytes: Uint8Array;
  readonly members: ReadonlyMap<UserId, GroupMember>;
}

export function membersAt(state: Pick<GroupState, 'members'>, realm: RealmName): UserId[] {
  return [...state.members].filter(([, { home }]) => home === realm).map(([user]) => user);
}

export function realmsOf(state: Pick<GroupState, 'members'>): Set<RealmName> {
  return new Set([...state.members.values()].map(({ home }) => home));
}

/** In a conversation of two whoever blocks the sender hears nothing; in a group it is for each client to hide. */
export function hearing(
  users: readonly UserId[],
  { kind }: Pick<GroupState, 'kind'>,
  sender: UserId,
  blocks: { isBlocked(user: UserId, other: UserId): boolean } | undefined,
): UserId[] {
  return users.filter((user) => kind !== 'direct' || blocks?.isBlocked(user, sender) !== true);
}

/** Whether a message was sealed in an epoch that this realm has not heard of: its roster would leave out whoever was added since. */
export function isAhead(body: Uint8Array, { group, epoch }: Pick<GroupState, 'group' | 'epoch'>): boolean {
  try {
    const head = readSealedHead(body);
    return head.group === group && head.epoch > epoch;
  } catch {
    // What it is is for its readers to say.
    return false;
  }
}
