// The asker's side of /canopy/profile/1.
import type { Network } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { PeerError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import type { RealmName } from '../../realm/names.ts';
import { decodeReply, encodeRequest } from './frames.ts';
import { FRAME_DEADLINE, MAX_FRAME, PROFILE_PROTOCOL } from './index.ts';

/**
 * Records of at most 128 users, in the order of the ids; undefined where the holder has none. Their hashes are not checked here.
 * @throws PeerError, UnreachableError, RefusedError
 */
export async function askProfiles(
  { network, clock }: { readonly network: Network; readonly clock: Clock },
  holder: RealmName,
  ids: readonly UserId[],
  signal: AbortSignal,
): Promise<(Uint8Array | undefined)[]> {
  const stream = await within(clock, FRAME_DEADLINE, `stream to ${holder}`, signal, (limited) =>
    network.open(holder, PROFILE_PROTOCOL, { signal: limited, class: 'bulk', maxFrame: MAX_FRAME }),
  );
  try {
    await within(clock, FRAME_DEADLINE, 'room to write', signal, (limited) =>
      stream.write(encodeRequest(ids), limited),
    );
    const frame = await within(clock, FRAME_DEADLINE, 'profile reply', signal, (limited) => stream.read(limited));
    const records = frame ? decodeReply(frame) : [];
    if (records.length !== ids.length)
      throw new PeerError('malformed', `Asked for ${ids.length} profiles, got ${records.length}`);
    await stream.close();
    return records;
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
