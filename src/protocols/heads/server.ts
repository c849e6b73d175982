// The witness's side of /canopy/heads/1.
import type { Network, Peer, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { codeOf, PeerError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { RealmName } from '../../realm/names.ts';
import { decodeQuestion, encodeCertified, encodeSeen, type Seen } from './frames.ts';
import { FRAME_DEADLINE, HEADS_PROTOCOL, MAX_STREAMS } from './index.ts';

export interface HeadsServerComponents {
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  readonly seenOf: (realm: RealmName) => Promise<Seen>;
  /** @throws RefusedError `scope` when this realm is not right above */
  readonly certify: (realm: RealmName) => Promise<Uint8Array>;
}

const MAX_QUESTION = 64;

export class HeadsServer {
  readonly #parts: HeadsServerComponents;
  readonly #stopping = new AbortController();

  constructor(components: HeadsServerComponents) {
    this.#parts = components;
  }

  start(): void {
    const options = { allow: 'family', maxFrame: MAX_QUESTION, maxStreams: MAX_STREAMS } as const;
    this.#parts.network.handle(HEADS_PROTOCOL, options, (stream) => this.#serve(stream));
  }

  stop(): void {
    this.#stopping.abort(new Error('The node is stopping'));
  }

  async #serve(stream: Stream): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#stopping;
    try {
      const frame = await within(clock, FRAME_DEADLINE, 'question', signal, (limited) => stream.read(limited));
      if (!frame) throw new PeerError('malformed', 'The stream ended before a question');
      const answer = await this.#answer(decodeQuestion(frame), stream.peer);
      await within(clock, FRAME_DEADLINE, 'room to write', signal, (limited) => stream.write(answer, limited));
      await stream.close();
    } catch (error) {
      log.info({ peer: stream.peer.realm, code: codeOf(error) }, 'heads stream ended');
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #answer(question: 'ask' | 'certify', { realm }: Peer): Promise<Uint8Array> {
    if (question === 'ask') return encodeSeen(await this.#parts.seenOf(realm));
    return encodeCertified(await this.#parts.certify(realm));
  }
}
