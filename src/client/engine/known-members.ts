// Whose word counts for what a group is, where this device has no state of it, or none that leads on: of those who were in it as any device of
// the user has seen it (the vault knows), and of those who came in since, when the commits that brought them in prove it. Otherwise a server
// could show the group of somebody who never was a member.
import type { GroupParts } from '../../crypto/mls/parts.ts';
import { afterCommit, type RosterWay } from '../../crypto/mls/roster-way.ts';
import { roleOf } from '../../crypto/roster.ts';
import { PeerError } from '../../realm/errors.ts';
import type { ConversationId, GroupId, UserId } from '../../realm/ids.ts';
import type { EpochBook, Newest } from './epoch-book.ts';
import type { GoneDevices } from './gone-devices.ts';
import type { AcceptedCommit, GroupServer } from './group-server.ts';

/** Pages of commits, of one commit at least: home keeps no more. */
const MAX_PAGES = 4_096;

export interface KnowingComponents {
  readonly server: Pick<GroupServer, 'commits'>;
  readonly epochs: Pick<EpochBook, 'newest'>;
  readonly gone: Pick<GoneDevices, 'leftAt'>;
  readonly parts: GroupParts;
}

/** Undefined where no device of the user has seen the group, or the last that one saw is that the user went: whoever invites anew may be anybody. */
export function knownOf(
  conversation: ConversationId,
  group: GroupId,
  { epochs, gone, parts }: Omit<KnowingComponents, 'server'>,
): Newest | undefined {
  const seen = epochs.newest(conversation).get(group);
  const { user } = parts.me.certificate;
  if (!seen || roleOf(seen.roster, user) === undefined) return undefined;
  const left = gone.leftAt({ conversation, group }, user);
  return left === undefined || left <= seen.epoch ? seen : undefined;
}

export function usersOf({ roster }: Pick<Newest, 'roster'>): readonly UserId[] {
  return roster.members.map(({ user }) => user);
}

/** Members in the epoch `upTo`, as far as commits prove it. Asks for all commits in between: for what those who were known do not vouch for. */
export async function provenMembers(
  conversation: ConversationId,
  known: Newest,
  upTo: number,
  { server, parts }: Pick<KnowingComponents, 'server' | 'parts'>,
): Promise<readonly UserId[]> {
  const { group, epoch, roster } = known;
  let way: RosterWay = { conversation, group, epoch, counts: roster, stated: roster };
  let next = epoch;
  for (let pages = 0; pages < MAX_PAGES && next < upTo; pages++) {
    const { commits, more } = await server.commits(conversation, group, next);
    const fresh = commits.filter((commit) => commit.epoch >= next && commit.epoch < upTo);
    for (const commit of fresh) way = await onward(way, commit, parts);
    const last = fresh.at(-1)?.epoch;
    if (last === undefined || !more) break;
    next = last + 1;
  }
  return usersOf({ roster: way.counts });
}

/** What proves nothing changes nothing. */
async function onward(way: RosterWay, { commit, at }: AcceptedCommit, parts: GroupParts): Promise<RosterWay> {
  try {
    return await afterCommit(way, commit, Math.min(at, parts.clock.now()), parts);
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    return way;
  }
}
