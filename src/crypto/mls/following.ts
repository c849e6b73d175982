// Following a commit that home has accepted: looked at first, then computed, and nothing of the old state is lost before both are done.
import { acceptAll, type ClientState, emptyPskIndex, processPublicMessage } from 'ts-mls';
import { CanopyError, PeerError } from '../../realm/errors.ts';
import { checkCommit, committerOf, type GroupBefore, type Looking } from './commit-checks.ts';
import { epochNumber, groupOf, type ReadCommit, readCommit } from './commit-reader.ts';
import { type Contest, checkLifting, contestOf, withJoined } from './contest.ts';
import type { GroupParts } from './parts.ts';
import type { DeviceName } from './same-device.ts';
import { beforeOf, withoutUnused } from './state.ts';
import { SUITE } from './suite.ts';

export interface FollowedCommit {
  /** Undefined when this device was removed. */
  readonly state: ClientState | undefined;
  readonly consumed: readonly Uint8Array[];
  readonly committer: DeviceName;
  readonly added: readonly DeviceName[];
  readonly removed: readonly DeviceName[];
  /** Nothing is written as long as there is one. */
  readonly contest: Contest | undefined;
}

export interface Following {
  /** When home accepted it, milliseconds since 1970. */
  readonly at: number;
  /** What was refused before, and not taken back. */
  readonly contest?: Contest | undefined;
  /** Why this one is refused: it is followed, and nothing is written before it is taken back. */
  readonly refused?: string | undefined;
}

/**
 * @throws PeerError `group-other`, `epoch-past`, `epoch-ahead`, `commit-own`, `commit-invalid`, and those of `readCommit` and
 *   `checkCommit`
 */
export async function followCommit(
  state: ClientState,
  parts: GroupParts,
  commit: Uint8Array,
  following: Following,
): Promise<FollowedCommit> {
  const read = readCommit(commit);
  assertNext(state, read);
  const before = beforeOf(state, parts);
  const contest = await judged(before, read, parts, following);
  const { newState, consumed } = await processed(state, read);
  const removed = newState.groupActiveState.kind === 'removedFromGroup';
  return { state: removed ? undefined : withoutUnused(newState), consumed, contest, ...namesOf(before, read, parts) };
}

async function judged(before: GroupBefore, read: ReadCommit, parts: GroupParts, following: Following) {
  const { at, contest, refused } = following;
  const looking = { ...parts, at };
  if (contest) return stillContested(before, read, contest, looking);
  if (refused !== undefined) return contestOf(before, read, refused, looking);
  await checkCommit(before, read, looking);
  return undefined;
}

/** Undefined once a commit has taken it back. Others go by: they change nothing of what counts. */
async function stillContested(before: GroupBefore, read: ReadCommit, contest: Contest, looking: Looking) {
  try {
    await checkLifting(before, read, contest, looking);
    return undefined;
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
  }
  if (read.committer !== undefined) return contest;
  try {
    await checkCommit(before, read, looking);
    return withJoined(contest, committerOf(before, read, looking));
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    return contest;
  }
}

function assertNext({ groupContext, privatePath }: ClientState, { group, epoch, committer }: ReadCommit): void {
  const [ours, present] = [groupOf(groupContext.groupId), epochNumber(groupContext.epoch)];
  if (group !== ours) throw new PeerError('group-other', `a commit of the group ${group}; this is ${ours}`);
  if (epoch < present) throw new PeerError('epoch-past', `a commit on epoch ${epoch}; the group is at ${present}`);
  if (epoch > present) throw new PeerError('epoch-ahead', `a commit on epoch ${epoch}; this device is at ${present}`);
  if (committer === privatePath.leafIndex) {
    throw new PeerError('commit-own', 'this device made that commit: the state that it made with it goes on');
  }
}

async function processed(state: ClientState, { message }: ReadCommit) {
  try {
    return await processPublicMessage(state, message, emptyPskIndex, SUITE, acceptAll);
  } catch (cause) {
    if (cause instanceof CanopyError) throw cause;
    throw new PeerError('commit-invalid', 'the commit does not hold', { cause });
  }
}

function namesOf({ leaves }: GroupBefore, read: ReadCommit, { certificates }: GroupParts) {
  const name = ({ user, device }: DeviceName): DeviceName => ({ user, device });
  const known = read.committer === undefined ? undefined : leaves.get(read.committer);
  const committer = known ?? (read.leaf && certificates.ofLeaf(read.leaf));
  if (!committer) throw new PeerError('committer-unknown', 'a commit of nobody');
  return {
    committer: name(committer),
    added: read.added.map(({ leafNode }) => name(certificates.ofLeaf(leafNode))),
    removed: read.removed.flatMap((leaf) => leaves.get(leaf) ?? []).map(name),
  };
}
