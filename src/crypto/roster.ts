// Who is in a group, with which role, and where its order is kept. Clients hold these bytes in the group's context (RFC 9420, section
// 8.2.5: a GroupContext extension) and check at each commit that its author might do what it does; servers read the same bytes,
// stated in clear beside the commit, to know whom messages are for. A lie to the servers is noticed by the members.
//
//   roster = [1, kind, home realm, home term, [[user, role], …]]      strict CBOR
//
// `kind` is 0 for two people, 1 for a group, 2 for news, where administrators alone write; `role` is 0 owner, 1 administrator,
// 2 member. Members stand in the order of their ids (16 bytes), each once. The term grows when the home is moved.
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../realm/errors.ts';
import { idBytes, parseUserId, type UserId } from '../realm/ids.ts';
import { parseRealmName, type RealmName } from '../realm/names.ts';
import { readId } from './envelope.ts';
import { decodeStrict, encodeItem, Fields } from './strict-cbor.ts';

/** In the order of their codes. */
export const ROSTER_KINDS = ['direct', 'group', 'news'] as const;
export type RosterKind = (typeof ROSTER_KINDS)[number];
/** In the order of their codes. */
export const MEMBER_ROLES = ['owner', 'administrator', 'member'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

export interface RosterMember {
  readonly user: UserId;
  readonly role: MemberRole;
}

export interface Roster {
  readonly kind: RosterKind;
  readonly home: RealmName;
  /** Counts the homes that the group has had, from 0. */
  readonly term: number;
  readonly members: readonly RosterMember[];
}

export const MAX_MEMBERS = 1000;
/** Bytes: 19 a member, the names and numbers. */
export const MAX_ROSTER = MAX_MEMBERS * 20 + 512;
const VERSION = 1;
const MAX_NAME = 253;

export function encodeRoster({ kind, home, term, members }: Roster): Uint8Array {
  const sorted = [...members].sort((a, b) => (a.user < b.user ? -1 : 1));
  const rows = sorted.map(({ user, role }) => [idBytes(user), MEMBER_ROLES.indexOf(role)]);
  return encodeItem([VERSION, ROSTER_KINDS.indexOf(kind), home, term, rows]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed`, `roster-version` */
export function decodeRoster(bytes: Uint8Array): Roster {
  const fields = new Fields(decodeStrict(bytes, MAX_ROSTER), 'roster', 5);
  const version = fields.uint();
  if (version !== VERSION) throw new PeerError('roster-version', `a roster of version ${version}`);
  const kind = ROSTER_KINDS[fields.uint(ROSTER_KINDS.length - 1)] ?? 'group';
  const home = fields.parsed(MAX_NAME, parseRealmName);
  const roster = { kind, home, term: fields.uint(), members: fields.list(MAX_MEMBERS).map(readMember) };
  // One form for each roster: in order, nobody twice.
  if (!equals(encodeRoster(roster), bytes) || hasRepeats(roster.members)) fields.fail('in order, each member once');
  return roster;
}

function readMember(item: unknown): RosterMember {
  const fields = new Fields(item, 'member', 2);
  const user = readId(fields, parseUserId);
  return { user, role: MEMBER_ROLES[fields.uint(MEMBER_ROLES.length - 1)] ?? 'member' };
}

function hasRepeats(members: readonly RosterMember[]): boolean {
  return new Set(members.map(({ user }) => user)).size !== members.length;
}

export function roleOf(roster: Pick<Roster, 'members'>, user: UserId): MemberRole | undefined {
  return roster.members.find((member) => member.user === user)?.role;
}

/** Whether a member of that role writes messages; in news administrators and owners alone do. */
export function mayWrite({ kind }: Pick<Roster, 'kind'>, role: MemberRole | undefined): boolean {
  return role !== undefined && (kind !== 'news' || role !== 'member');
}
