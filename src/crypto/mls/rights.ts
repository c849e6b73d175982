// Who may do what in a conversation, written once: members check it at each commit, and a client shows by it what it offers.
//
//                                    owner   administrator   member
//   write in a group                  yes        yes          yes
//   write in news                     yes        yes          -
//   invite somebody as a member       yes        yes          -
//   remove a member                   yes        yes          -
//   name and picture, timer, pin      yes        yes          -
//   delete what others wrote          yes        yes          -
//   invite with a role, give roles    yes        -            -
//   remove an owner, an administrator yes        -            -
//   make a group news, and back       yes        -            -
//   leave, lower the own role         yes        yes          yes
//
// There is always an owner: the last one hands over before leaving. When no owner has a device in the group any more (their
// accounts were removed), administrators may do what owners may. In a direct conversation nobody changes anything but the home; both
// pin and set the timer, and each deletes only what is their own.
import { codeOf, PeerError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import { MEMBER_ROLES, type MemberRole, mayWrite, type Roster, type RosterKind, roleOf } from '../roster.ts';

export type GroupAct =
  | 'write'
  | 'invite'
  | 'remove-member'
  | 'describe'
  | 'pin'
  | 'set-timer'
  | 'delete-of-others'
  | 'give-roles'
  | 'change-kind'
  | 'leave';

const STAFF: readonly MemberRole[] = ['owner', 'administrator'];
const RIGHTS: Readonly<Record<Exclude<GroupAct, 'write'>, readonly MemberRole[]>> = {
  invite: STAFF,
  'remove-member': STAFF,
  describe: STAFF,
  pin: STAFF,
  'set-timer': STAFF,
  'delete-of-others': STAFF,
  'give-roles': ['owner'],
  'change-kind': ['owner'],
  leave: MEMBER_ROLES,
};

/** Who acts, and whether the group has lost its owners. */
export interface Actor {
  readonly user: UserId;
  readonly ownersGone: boolean;
}

/** For the surface of a client, and for what needs no commit: writing, a name and a picture. */
export function mayAct(roster: Pick<Roster, 'kind' | 'members'>, { user, ownersGone }: Actor, act: GroupAct): boolean {
  const role = roleOf(roster, user);
  return roleMay(roster.kind, ownersGone && role === 'administrator' && act !== 'write' ? 'owner' : role, act);
}

/** By the role alone: of an event, the one that its sender had in the epoch in which it was sealed. */
export function roleMay(kind: RosterKind, role: MemberRole | undefined, act: GroupAct): boolean {
  if (act === 'write') return mayWrite({ kind }, role);
  if (role === undefined) return false;
  if (kind === 'direct') return act === 'pin' || act === 'set-timer';
  return RIGHTS[act].includes(role);
}

/** Whether the only change is that the actor is no longer in it. */
export function isLeaving(before: Roster, after: Roster, user: UserId): boolean {
  return (
    roleOf(before, user) !== undefined &&
    roleOf(after, user) === undefined &&
    after.members.length === before.members.length - 1 &&
    after.members.every((member) => roleOf(before, member.user) === member.role)
  );
}

/**
 * Every difference of two rosters needs its right. The home is looked at elsewhere.
 * @throws PeerError `not-allowed`
 */
export function assertMayChange(before: Roster, after: Roster, actor: Actor): void {
  if (before.kind !== after.kind) need(before, actor, 'change-kind', 'changed what kind of conversation it is');
  if (before.kind === 'direct' && after.members.length !== before.members.length) {
    refuse(actor, 'changed who is in a direct conversation');
  }
  for (const { user, role } of before.members) assertMayMake(before, actor, user, role, roleOf(after, user));
  for (const { user, role } of after.members) assertMayMake(before, actor, user, roleOf(before, user), role);
}

/** Whether the actor may, with an owner left in it. */
export function mayMake(before: Roster, after: Roster, actor: Actor): boolean {
  try {
    assertMayChange(before, after, actor);
  } catch (error) {
    if (codeOf(error) === 'not-allowed') return false;
    throw error;
  }
  return after.kind === 'direct' || after.members.some(({ role }) => role === 'owner');
}

function assertMayMake(
  roster: Roster,
  actor: Actor,
  user: UserId,
  from: MemberRole | undefined,
  to: MemberRole | undefined,
): void {
  if (from === to) return;
  if (from === undefined) return need(roster, actor, to === 'member' ? 'invite' : 'give-roles', `invited ${user}`);
  if (user === actor.user && isLower(to, from)) return need(roster, actor, 'leave', 'left');
  if (to === undefined && from === 'member') return need(roster, actor, 'remove-member', `removed ${user}`);
  need(roster, actor, 'give-roles', `made ${user}, ${from}, ${to ?? 'nobody'}`);
}

function isLower(to: MemberRole | undefined, from: MemberRole): boolean {
  return to === undefined || MEMBER_ROLES.indexOf(to) > MEMBER_ROLES.indexOf(from);
}

function need(roster: Roster, actor: Actor, act: GroupAct, what: string): void {
  if (!mayAct(roster, actor, act)) refuse(actor, what);
}

function refuse({ user }: Actor, what: string): never {
  throw new PeerError('not-allowed', `${user} ${what}, without the right to`);
}
