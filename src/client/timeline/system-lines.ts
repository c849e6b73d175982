// The lines that nobody wrote: what a commit that passed the checks did to who is in a group. The same on each device that follows it.

import type { IntentAct } from '../../crypto/intent.ts';
import { type Roster, roleOf } from '../../crypto/roster.ts';
import type { GroupId, MessageId, UserId } from '../../realm/ids.ts';
import type { SystemLine } from './events.ts';

export interface FollowedCommit {
  readonly group: GroupId;
  /** That it led to. */
  readonly epoch: number;
  /** When home accepted it, milliseconds since 1970. */
  readonly at: number;
  readonly by: UserId;
  readonly before: Roster | undefined;
  /** This device refused it, by the fault of `by`. */
  readonly refused?: true;
  /** Undefined when this device is no longer in it. */
  readonly after: Roster | undefined;
}

export interface AskedChange {
  readonly id: MessageId;
  readonly act: IntentAct;
  readonly subject: UserId;
  readonly by: UserId;
  /** By the author's clock. */
  readonly at: number;
}

const ASKED = { remove: 'remove-asked', role: 'role-asked', add: 'add-asked' } as const;

/** What members want and nobody could do yet; nothing is shown as of a time that is to come. */
export function askedLines(pending: readonly AskedChange[], now: number): readonly SystemLine[] {
  return pending.map(({ id, act, subject, by, at }) => {
    return { id: `intent/${id}`, what: ASKED[act], by, users: [subject], stamp: { ms: Math.min(at, now), counter: 0 } };
  });
}

/** Nothing for conversations of two, whose members never change. */
export function linesOf(
  { group, epoch, at, by, before, after, refused }: FollowedCommit,
  me: UserId,
): readonly SystemLine[] {
  if ((after ?? before)?.kind === 'direct') return [];
  const line = (what: SystemLine['what'], users: readonly UserId[]): SystemLine[] => {
    const id = `${group}/${epoch}/${what}`;
    return users.length > 0 ? [{ id, what, by, users, stamp: { ms: at, counter: 0 } }] : [];
  };
  if (refused) return line('commit-refused', [by]);
  if (!after) return line(by === me ? 'left' : 'removed', [me]);
  const now = after.members.map(({ user }) => user);
  if (epoch === 1)
    return [
      ...line('created', [by]),
      ...line(
        'joined',
        now.filter((user) => user !== by),
      ),
    ];
  if (!before) return [];
  const gone = before.members.flatMap(({ user }) => (roleOf(after, user) === undefined ? [user] : []));
  const changed = after.members.flatMap(({ user, role }) => {
    const was = roleOf(before, user);
    return was !== undefined && was !== role ? [user] : [];
  });
  return [
    ...line(
      'joined',
      now.filter((user) => roleOf(before, user) === undefined),
    ),
    ...line(
      'left',
      gone.filter((user) => user === by),
    ),
    ...line(
      'removed',
      gone.filter((user) => user !== by),
    ),
    ...line('role-changed', changed),
  ];
}
