// The home's side of /canopy/order/1.
import type { Peer } from '../../overlay/seam.ts';
import { codeOf, LocalError } from '../../realm/errors.ts';
import { type AnsweringComponents, AnsweringServer } from '../answering.ts';
import { decodeOrderRequest, encodeOrderAnswer, type OrderAnswer, type OrderRequest } from './frames.ts';
import { MAX_ORDER_FRAME, MAX_ORDER_STREAMS, ORDER_DEADLINE, ORDER_PROTOCOL } from './index.ts';

export interface OrderServerComponents extends AnsweringComponents {
  /** Throws what it refuses. */
  readonly answer: (peer: Peer, request: OrderRequest) => Promise<OrderAnswer>;
}

export class OrderServer extends AnsweringServer {
  constructor({ answer, ...components }: OrderServerComponents) {
    super(components, {
      protocol: ORDER_PROTOCOL,
      allow: 'trusted',
      maxFrame: MAX_ORDER_FRAME,
      maxStreams: MAX_ORDER_STREAMS,
      deadline: ORDER_DEADLINE,
      answer: async (question, peer) =>
        encodeOrderAnswer(await answerOrRefusal(() => answer(peer, decodeOrderRequest(question)))),
    });
  }
}

/** A refusal is an answer too. @throws LocalError: the own disk's trouble is no refusal, the asker tries again */
export async function answerOrRefusal(answer: () => Promise<OrderAnswer>): Promise<OrderAnswer> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof LocalError) throw error;
    const epoch = error instanceof Error && 'epoch' in error && typeof error.epoch === 'number' ? error.epoch : 0;
    return { kind: 'refused', code: codeOf(error), epoch };
  }
}
