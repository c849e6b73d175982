// The holder's side of /canopy/profile/1.
import type { Network, Peer, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { PeerError, RefusedError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import type { Log } from '../../realm/log.ts';
import { decodeRequest, encodeReply } from './frames.ts';
import { FRAME_DEADLINE, MAX_STREAMS, PROFILE_PROTOCOL } from './index.ts';

export interface ProfileServerComponents {
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  readonly mayRead: (peer: Peer) => boolean;
  readonly find: (id: UserId) => Promise<Uint8Array | undefined>;
}

const MAX_REQUEST = 4096;

export class ProfileServer {
  readonly #parts: ProfileServerComponents;
  readonly #stopping = new AbortController();

  constructor(components: ProfileServerComponents) {
    this.#parts = components;
  }

  start(): void {
    const options = { allow: 'enterprise', maxFrame: MAX_REQUEST, maxStreams: MAX_STREAMS } as const;
    this.#parts.network.handle(PROFILE_PROTOCOL, options, (stream) => this.#serve(stream));
  }

  stop(): void {
    this.#stopping.abort(new Error('The node is stopping'));
  }

  async #serve(stream: Stream): Promise<void> {
    const { clock, log, find, mayRead } = this.#parts;
    const { signal } = this.#stopping;
    try {
      if (!mayRead(stream.peer)) throw new RefusedError('scope', `${stream.peer.realm} may not read profiles`);
      const frame = await within(clock, FRAME_DEADLINE, 'profile request', signal, (limited) => stream.read(limited));
      if (!frame) throw new PeerError('malformed', 'The stream ended before a request');
      const reply = encodeReply(await Promise.all(decodeRequest(frame).map(find)));
      await within(clock, FRAME_DEADLINE, 'room to write', signal, (limited) => stream.write(reply, limited));
      await stream.close();
    } catch (error) {
      log.info({ peer: stream.peer.realm, cause: String(error) }, 'profile stream ended');
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
