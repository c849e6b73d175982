// What a home sees of a commit besides the words of whoever hands it in: commits are in clear for servers, all but the secrets. So a
// roster that is stated in clear and is not the one in the commit is refused here, before it takes an epoch.
import { equals } from 'uint8arrays/equals';
import { readCommit } from '../../src/crypto/mls/commit-reader.ts';
import { readContext } from '../../src/crypto/mls/group-context.ts';
import { readShownName } from '../../src/crypto/mls/group-info.ts';
import { encodeRoster } from '../../src/crypto/roster.ts';
import { InputError } from '../../src/realm/errors.ts';
import type { StoredGroup } from './group-record.ts';
import type { GroupInfo, ProposedCommit } from './groups.ts';

/** @throws InputError `commit-wrong`; PeerError of the readers */
export function inspectCommit(proposed: ProposedCommit, before: StoredGroup | undefined): void {
  const commit = readCommit(proposed.commit);
  if (commit.group !== proposed.group || commit.epoch !== proposed.epoch) {
    throw new InputError('commit-wrong', `The commit is of ${commit.group} at epoch ${commit.epoch}`);
  }
  const context = commit.extensions && readContext(commit.extensions);
  if (context && context.conversation !== proposed.conversation) {
    throw new InputError('commit-wrong', `The commit is of the conversation ${context.conversation}`);
  }
  // The first commit may leave the roster as it was when the group was made, which no server has seen.
  const roster = context ? encodeRoster(context.roster) : before?.rosterBytes;
  if (roster && !equals(roster, proposed.rosterBytes)) {
    throw new InputError('roster-wrong', 'The roster that is stated is not the one of the commit');
  }
}

/**
 * Group info that is none, or of another group or epoch: whoever joins by it would fail, and what was good would have made way for it.
 * @throws InputError `group-info-wrong`; PeerError `frame-malformed`, `group-info-malformed`
 */
export function inspectInfo({ group, epoch, conversation, groupInfo }: GroupInfo): void {
  const shown = readShownName(groupInfo);
  if (shown.group !== group || shown.epoch !== epoch || shown.conversation !== conversation) {
    throw new InputError('group-info-wrong', `The group info is of ${shown.group} at epoch ${shown.epoch}`);
  }
}
