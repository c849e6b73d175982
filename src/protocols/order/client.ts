// The asker's side of /canopy/order/1.
import type { Network } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { PeerError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { decodeOrderAnswer, encodeOrderRequest, type OrderAnswer, type OrderRequest } from './frames.ts';
import { MAX_ORDER_FRAME, ORDER_DEADLINE, ORDER_PROTOCOL } from './index.ts';

export interface OrderClientComponents {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Pick<Clock, 'after'>;
}

/** @throws PeerError, UnreachableError, RefusedError of the way there; what the home refuses is an answer */
export async function askOrder(
  { network, clock }: OrderClientComponents,
  realm: RealmName,
  request: OrderRequest,
  signal: AbortSignal,
): Promise<OrderAnswer> {
  const stream = await within(clock, ORDER_DEADLINE, `stream to ${realm}`, signal, (limited) =>
    network.open(realm, ORDER_PROTOCOL, { signal: limited, maxFrame: MAX_ORDER_FRAME }),
  );
  try {
    await within(clock, ORDER_DEADLINE, 'room to write', signal, (limited) =>
      stream.write(encodeOrderRequest(request), limited),
    );
    const frame = await within(clock, ORDER_DEADLINE, 'answer of the home', signal, (limited) => stream.read(limited));
    if (!frame) throw new PeerError('stream-ended', `${realm} gave no answer`);
    const answer = decodeOrderAnswer(frame);
    await stream.close();
    return answer;
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
