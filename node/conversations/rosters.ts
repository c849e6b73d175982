// What conversations ask of groups: who is in one, and where. node/groups keeps it.
import type { MemberRole, RosterKind } from '../../src/crypto/roster.ts';
import type { ConversationId, GroupId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Delivered, JudgedElsewhere } from './delivered.ts';

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

export interface Rosters {
  /** Undefined: this realm knows no group of that conversation. */
  find(conversation: ConversationId): Promise<GroupState | undefined>;
  /** Whether a message of somebody who is not on the roster may still come late: it was written before its realm knew of the removal. */
  mayBeLate(conversation: ConversationId, user: UserId): Promise<boolean>;
  /** Keeps a message whose sender this realm's roster does not have, until the commit comes that adds it. */
  hold(item: Delivered): Promise<JudgedElsewhere>;
}

export function membersAt(state: Pick<GroupState, 'members'>, realm: RealmName): UserId[] {
  return [...state.members].filter(([, { home }]) => home === realm).map(([user]) => user);
}

export function realmsOf(state: Pick<GroupState, 'members'>): Set<RealmName> {
  return new Set([...state.members.values()].map(({ home }) => home));
}
