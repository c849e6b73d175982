// What an accepted commit does at any realm: the group's new state, who may fetch what from now on, and the event for those of this
// realm whom it concerns. Made as writes and drafts; the caller commits them.

import type { Commit } from '../../src/protocols/order/commit-body.ts';
import type { ConversationId, DeviceId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Write } from '../../src/store/engine.ts';
import type { Draft } from '../conversations/arrival-log.ts';
import { memberWrite } from '../conversations/event-writes.ts';
import { type GroupMember, membersAt } from '../conversations/group-state.ts';
import type { StoredGroup } from './group-record.ts';
import { commitRemoval, commitWrite, joinedWrites, leftRemoval, leftWrite, stateWrite } from './group-store.ts';

export interface ChangeContext {
  readonly realm: RealmName;
  readonly incarnation: number;
  /** Who orders the group from now on. */
  readonly home: RealmName;
  readonly conversation: ConversationId;
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly now: number;
}

export interface Change {
  readonly state: StoredGroup;
  readonly writes: readonly Write[];
  readonly drafts: readonly Draft[];
}

/** Commits of a group that are kept; whoever is further behind joins anew. */
const MAX_COMMITS = 4096;

export function changeOf(before: StoredGroup | undefined, commit: Commit, context: ChangeContext): Change {
  const { home, conversation, now, incarnation, sender, device } = context;
  const { group, epoch, term, roster, rosterBytes, homes } = commit;
  const members = new Map(
    roster.members.map(({ user, role }, i): [UserId, GroupMember] => [user, { role, home: homes[i] ?? roster.home }]),
  );
  const where = { conversation, group, kind: roster.kind, home, term, rosterBytes, members };
  const state: StoredGroup = { ...where, epoch: epoch + 1, incarnation, since: now };
  const stored = { epoch, term, sender, device, at: now, commit: commit.commit, rosterBytes, homes };
  const record = { kind: 'commit', at: now, conversation, group, epoch, sender, device } as const;
  return {
    state,
    writes: [
      stateWrite(state),
      commitWrite(conversation, group, stored),
      ...pruned(state),
      ...overtaken(before, state),
      ...spans(before, state, context),
    ],
    drafts: [{ record, audience: concerned(before, state, context.realm) }],
  };
}

/** Those of this realm who were in it, or are now. */
function concerned(before: StoredGroup | undefined, after: StoredGroup, realm: RealmName): UserId[] {
  return [...new Set([...(before ? membersAt(before, realm) : []), ...membersAt(after, realm)])];
}

/** A higher term began at an earlier epoch: what a lower one had after that is void. */
function overtaken(before: StoredGroup | undefined, { conversation, group, epoch }: StoredGroup): Write[] {
  const count = Math.max(0, (before?.epoch ?? 0) - epoch);
  return Array.from({ length: Math.min(count, MAX_COMMITS) }, (_, i) => commitRemoval(conversation, group, epoch + i));
}

function pruned({ conversation, group, epoch }: StoredGroup): Write[] {
  return epoch > MAX_COMMITS ? [commitRemoval(conversation, group, epoch - 1 - MAX_COMMITS)] : [];
}

/** Those of this realm fetch commits from joining to leaving; of all others it counts when they left, since messages may come late. */
function spans(before: StoredGroup | undefined, after: StoredGroup, { realm, now }: ChangeContext): Write[] {
  const epoch = after.epoch - 1;
  const listed = after.kind === 'direct' ? [...after.members.keys()].sort() : [];
  const joined = [...after.members.keys()].filter((user) => !before?.members.has(user));
  const left = [...(before?.members.keys() ?? [])].filter((user) => !after.members.has(user));
  return [
    ...joined.flatMap((user) =>
      after.members.get(user)?.home === realm
        ? [...joinedWrites(user, after, epoch), memberWrite(user, after.conversation, listed)]
        : [leftRemoval(user, after)],
    ),
    ...left.map((user) => leftWrite(user, after, epoch, now)),
  ];
}
