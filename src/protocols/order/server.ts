// The home's side of /canopy/order/1.
import type { Network, Peer, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { codeOf, LocalError, messageOf, PeerError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { decodeOrderRequest, encodeOrderAnswer, type OrderAnswer, type OrderRequest } from './frames.ts';
import { MAX_ORDER_FRAME, MAX_ORDER_STREAMS, ORDER_DEADLINE, ORDER_PROTOCOL } from './index.ts';

export interface OrderServerComponents {
  readonly network: Pick<Network, 'handle'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
  /** Throws what it refuses. */
  readonly answer: (peer: Peer, request: OrderRequest) => Promise<OrderAnswer>;
}

export class OrderServer {
  readonly #parts: OrderServerComponents;
  readonly #stopping = new AbortController();
  readonly #serving = new Set<Promise<void>>();

  constructor(components: OrderServerComponents) {
    this.#parts = components;
  }

  start(): void {
    const options = { allow: 'trusted', maxFrame: MAX_ORDER_FRAME, maxStreams: MAX_ORDER_STREAMS } as const;
    this.#parts.network.handle(ORDER_PROTOCOL, options, async (stream) => {
      const serving = this.#serve(stream);
      this.#serving.add(serving);
      await serving;
      this.#serving.delete(serving);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The node is stopping'));
    await Promise.all(this.#serving);
  }

  async #serve(stream: Stream): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#stopping;
    try {
      const frame = await within(clock, ORDER_DEADLINE, 'question', signal, (limited) => stream.read(limited));
      if (!frame) throw new PeerError('frame-malformed', 'The stream ended before a question');
      const answer = encodeOrderAnswer(
        await answerOrRefusal(() => this.#parts.answer(stream.peer, decodeOrderRequest(frame))),
      );
      await within(clock, ORDER_DEADLINE, 'room to write', signal, (limited) => stream.write(answer, limited));
      await stream.close();
    } catch (error) {
      log.info({ peer: stream.peer.realm, cause: messageOf(error) }, 'order stream ended');
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    }
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
