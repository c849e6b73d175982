// The answerer's side of /canopy/errand/1 for one arrow of the way.
import type { Network, Peer, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { PeerError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { decodeRequest, encodeReply } from './codec.ts';
import { ERRAND_PROTOCOL, FRAME_DEADLINE, MAX_FRAME, MAX_STREAMS, type Reply, type Request } from './index.ts';

export interface ErrandServerComponents {
  readonly network: Pick<Network, 'handle'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Never rejects: whatever goes wrong is a reply. */
  readonly serve: (peer: Peer, request: Request, signal: AbortSignal) => Promise<Reply>;
}

export class ErrandServer {
  readonly #parts: ErrandServerComponents;
  readonly #stopping = new AbortController();

  constructor(components: ErrandServerComponents) {
    this.#parts = components;
  }

  start(): void {
    const options = { allow: 'family', maxFrame: MAX_FRAME, maxStreams: MAX_STREAMS } as const;
    this.#parts.network.handle(ERRAND_PROTOCOL, options, (stream) => this.#serve(stream));
  }

  stop(): void {
    this.#stopping.abort(new Error('The node is stopping'));
  }

  async #serve(stream: Stream): Promise<void> {
    const { clock, log, serve } = this.#parts;
    const { signal } = this.#stopping;
    try {
      const frame = await within(clock, FRAME_DEADLINE, 'errand', signal, (limited) => stream.read(limited));
      if (!frame) throw new PeerError('malformed', 'The stream ended before a request');
      const reply = encodeReply(await serve(stream.peer, decodeRequest(frame), signal));
      await within(clock, FRAME_DEADLINE, 'room to write', signal, (limited) => stream.write(reply, limited));
      await stream.close();
    } catch (error) {
      log.info({ peer: stream.peer.realm, cause: String(error) }, 'errand stream ended');
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
