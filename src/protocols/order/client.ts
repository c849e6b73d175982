// The asker's side of /canopy/order/1.
import type { RealmName } from '../../realm/names.ts';
import { type AskingComponents, ask } from '../asking.ts';
import { decodeOrderAnswer, encodeOrderRequest, type OrderAnswer, type OrderRequest } from './frames.ts';
import { MAX_ORDER_FRAME, ORDER_DEADLINE, ORDER_PROTOCOL } from './index.ts';

/** @throws PeerError, UnreachableError, RefusedError of the way there; what the home refuses is an answer */
export function askOrder(
  components: AskingComponents,
  realm: RealmName,
  request: OrderRequest,
  signal: AbortSignal,
): Promise<OrderAnswer> {
  const form = { protocol: ORDER_PROTOCOL, maxFrame: MAX_ORDER_FRAME, deadline: ORDER_DEADLINE };
  const asked = { ...form, question: encodeOrderRequest(request), decode: decodeOrderAnswer };
  return ask(components, realm, asked, signal);
}
