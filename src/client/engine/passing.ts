// One commit that home has accepted, by the members' checks (src/crypto/mls): news of people may be missing, and what a member refuses is
// followed all the same, so that its group goes on; nothing is written before it is taken back.
import { isContestable } from '../../crypto/mls/contest.ts';
import type { Followed, MlsGroup } from '../../crypto/mls/mls-group.ts';
import { codeOf } from '../../realm/errors.ts';
import type { DeviceChecks } from './device-checks.ts';
import type { AcceptedCommit } from './group-server.ts';

/** Refusals that may be for want of news of people. */
const STALE: readonly string[] = ['device-unknown', 'removal-unfounded'];

type Accepted = Pick<AcceptedCommit, 'commit' | 'at'>;

/** Spends the group. @throws PeerError `commit-own`, `commit-invalid` and others that are no verdict; the group is as it was */
export async function passed(
  group: MlsGroup,
  accepted: Accepted,
  checks: Pick<DeviceChecks, 'forgetAll'>,
): Promise<Followed> {
  try {
    return await group.process(accepted.commit, accepted.at);
  } catch (error) {
    if (!STALE.includes(codeOf(error))) return objected(group, accepted, error);
    checks.forgetAll();
  }
  try {
    return await group.process(accepted.commit, accepted.at);
  } catch (error) {
    return objected(group, accepted, error);
  }
}

async function objected(group: MlsGroup, { commit, at }: Accepted, error: unknown): Promise<Followed> {
  const code = codeOf(error);
  if (!isContestable(code)) throw error;
  return group.process(commit, at, code);
}
