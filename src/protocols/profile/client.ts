// The asker's side of /canopy/profile/1.
import { PeerError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import type { RealmName } from '../../realm/names.ts';
import { type AskingComponents, ask } from '../asking.ts';
import { decodeReply, encodeRequest } from './frames.ts';
import { FRAME_DEADLINE, MAX_FRAME, PROFILE_PROTOCOL } from './index.ts';

const FORM = { protocol: PROFILE_PROTOCOL, maxFrame: MAX_FRAME, deadline: FRAME_DEADLINE, class: 'bulk' } as const;

/**
 * Records of at most 32 users, in the order of the ids; undefined where the holder has none. Their hashes are not checked here.
 * @throws PeerError, UnreachableError, RefusedError
 */
export function askProfiles(
  components: AskingComponents,
  holder: RealmName,
  ids: readonly UserId[],
  signal: AbortSignal,
): Promise<(Uint8Array | undefined)[]> {
  const decode = (reply: Uint8Array) => {
    const records = decodeReply(reply);
    if (records.length === ids.length) return records;
    throw new PeerError('malformed', `Asked for ${ids.length} profiles, got ${records.length}`);
  };
  return ask(components, holder, { ...FORM, question: encodeRequest(ids), decode }, signal);
}
