// Following a commit that home has accepted: looked at first, then computed, and nothing of the old state is lost before both are done.
import { acceptAll, type ClientState, emptyPskIndex, processPublicMessage } from 'ts-mls';
import { CanopyError, PeerError } from '../../realm/errors.ts';
import { checkCommit, type GroupBefore } from './commit-checks.ts';
import { epochNumber, groupOf, type ReadCommit, readCommit } from './commit-reader.ts';
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
}

/**
 * @param at milliseconds since 1970: when home accepted it
 * @throws PeerError `group-other`, `epoch-past`, `epoch-ahead`, `commit-own`, `commit-invalid`, and those of `readCommit` and
 *   `checkCommit`
 */
export async function followCommit(
  state: ClientState,
  parts: GroupParts,
  commit: Uint8Array,
  at: number,
): Promise<FollowedCommit> {
  const read = readCommit(commit);
  assertNext(state, read);
  const before = beforeOf(state, parts);
  await checkCommit(before, read, { ...parts, at });
  const { newState, consumed } = await processed(state, read);
  const removed = newState.groupActiveState.kind === 'removedFromGroup';
  return { state: removed ? undefined : withoutUnused(newState), consumed, ...namesOf(before, read, parts) };
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
