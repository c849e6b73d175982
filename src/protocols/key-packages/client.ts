// The asker's side of /canopy/key-packages/1.
import type { Network } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { PeerError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { decodePackagesAnswer, encodePackagesRequest, type PackagesAnswer, type PackagesRequest } from './frames.ts';
import { KEY_PACKAGES_DEADLINE, KEY_PACKAGES_PROTOCOL, MAX_KEY_PACKAGES_FRAME } from './index.ts';

export interface PackagesClientComponents {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Pick<Clock, 'after'>;
}

/** @throws PeerError, UnreachableError, RefusedError of the way there; what it refuses is an answer */
export async function askPackages(
  { network, clock }: PackagesClientComponents,
  realm: RealmName,
  request: PackagesRequest,
  signal: AbortSignal,
): Promise<PackagesAnswer> {
  const stream = await within(clock, KEY_PACKAGES_DEADLINE, `stream to ${realm}`, signal, (limited) =>
    network.open(realm, KEY_PACKAGES_PROTOCOL, { signal: limited, maxFrame: MAX_KEY_PACKAGES_FRAME }),
  );
  try {
    await within(clock, KEY_PACKAGES_DEADLINE, 'room to write', signal, (limited) =>
      stream.write(encodePackagesRequest(request), limited),
    );
    const frame = await within(clock, KEY_PACKAGES_DEADLINE, 'key packages', signal, (limited) => stream.read(limited));
    if (!frame) throw new PeerError('stream-ended', `${realm} gave no answer`);
    const answer = decodePackagesAnswer(frame);
    await stream.close();
    return answer;
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
