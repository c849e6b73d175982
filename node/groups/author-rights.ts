// Whether the author of a commit had the right to it, as far as a server sees: by the roster before it and the one that it states.
import { assertMayChange } from '../../src/crypto/mls/rights.ts';
import { decodeRoster, type Roster } from '../../src/crypto/roster.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Directory } from '../directory/directory.ts';

/** @throws RefusedError `not-a-member`; PeerError `not-allowed` */
export function assertMayCommit(
  before: Uint8Array,
  roster: Roster,
  user: UserId,
  directory: Pick<Directory, 'findById'>,
): void {
  const stated = decodeRoster(before);
  if (!stated.members.some((member) => member.user === user)) {
    throw new RefusedError('not-a-member', `${user} is no member of this group`);
  }
  assertMayChange(stated, roster, { user, ownersGone: ownersGone(stated, directory) });
}

/** Nobody who may give rights is left: administrators may then, as src/crypto/mls/rights.ts has it. */
function ownersGone({ members }: Roster, directory: Pick<Directory, 'findById'>): boolean {
  const owners = members.filter(({ role }) => role === 'owner');
  return owners.every(({ user }) => directory.findById(user)?.status !== 'active');
}
