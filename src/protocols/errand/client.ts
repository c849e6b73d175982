// The asker's side of /canopy/errand/1 for one arrow of the way: one request, one reply.
import type { Network } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, PeerError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { decodeReply, encodeRequest } from './codec.ts';
import { ERRAND_PROTOCOL, MAX_FRAME, type Reply, type Request } from './index.ts';

/** @throws UnreachableError, RefusedError, PeerError; the signal's reason */
export async function handToNext(
  { network, clock }: { readonly network: Pick<Network, 'open'>; readonly clock: Clock },
  next: RealmName,
  request: Request,
  signal: AbortSignal,
): Promise<Reply> {
  return within(clock, request.budget, `answer by way of ${next}`, signal, async (limited) => {
    const stream = await network.open(next, ERRAND_PROTOCOL, { signal: limited, maxFrame: MAX_FRAME });
    try {
      await stream.write(encodeRequest(request), limited);
      const frame = await stream.read(limited);
      if (!frame) throw new PeerError('malformed', `${next} ended an errand's stream without a reply`);
      const reply = decodeReply(frame);
      await stream.close();
      return reply;
    } catch (error) {
      stream.abort(asError(error));
      throw error;
    }
  });
}
