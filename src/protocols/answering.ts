// The answerer's side of a protocol in which a stream is one question and one answer, a frame each (order, key packages, heads,
// profile, errand). Who asks badly loses the stream and nothing more; what an answerer wants told as a refusal, it puts into its answer.
import type { HandleOptions, Network, Peer, Stream } from '../overlay/seam.ts';
import type { Clock } from '../realm/clock.ts';
import { within } from '../realm/deadline.ts';
import { asError, codeOf, messageOf, PeerError } from '../realm/errors.ts';
import type { Log } from '../realm/log.ts';

export interface AnsweringComponents {
  readonly network: Pick<Network, 'handle'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

export interface Answering extends Required<HandleOptions> {
  readonly protocol: string;
  /** Milliseconds for the question to come, and again for the answer to be taken. */
  readonly deadline: number;
  /** Throws where there is nothing to say to this peer. The signal: the node stops. */
  readonly answer: (question: Uint8Array, peer: Peer, signal: AbortSignal) => Promise<Uint8Array>;
}

export class AnsweringServer {
  readonly #parts: AnsweringComponents;
  readonly #init: Answering;
  readonly #stopping = new AbortController();
  readonly #serving = new Set<Promise<void>>();

  constructor(components: AnsweringComponents, init: Answering) {
    this.#parts = components;
    this.#init = init;
  }

  start(): void {
    const { protocol, allow, maxFrame, maxStreams } = this.#init;
    this.#parts.network.handle(protocol, { allow, maxFrame, maxStreams }, async (stream) => {
      const serving = this.#serve(stream);
      this.#serving.add(serving);
      await serving;
      this.#serving.delete(serving);
    });
  }

  /** When it resolves, no answer is being made any more. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The node is stopping'));
    await Promise.all(this.#serving);
  }

  async #serve(stream: Stream): Promise<void> {
    const { clock, log } = this.#parts;
    const { protocol, deadline, answer } = this.#init;
    const { signal } = this.#stopping;
    try {
      const question = await within(clock, deadline, 'question', signal, (limited) => stream.read(limited));
      if (!question) throw new PeerError('frame-malformed', 'The stream ended before a question');
      const answered = await answer(question, stream.peer, signal);
      await within(clock, deadline, 'room to write', signal, (limited) => stream.write(answered, limited));
      await stream.close();
    } catch (error) {
      const fields = { protocol, peer: stream.peer.realm, code: codeOf(error), cause: messageOf(error) };
      log.info(fields, 'question stream ended');
      stream.abort(asError(error));
    }
  }
}
