// The answerer's side of /canopy/key-packages/1.
import type { Network, Peer, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { codeOf, LocalError, messageOf, PeerError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { decodePackagesRequest, encodePackagesAnswer, type PackagesAnswer, type PackagesRequest } from './frames.ts';
import {
  KEY_PACKAGES_DEADLINE,
  KEY_PACKAGES_PROTOCOL,
  MAX_KEY_PACKAGES_FRAME,
  MAX_KEY_PACKAGES_STREAMS,
} from './index.ts';

export interface KeyPackageServerComponents {
  readonly network: Pick<Network, 'handle'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
  /** Throws what it refuses. */
  readonly answer: (peer: Peer, request: PackagesRequest) => Promise<PackagesAnswer>;
}

export class KeyPackageServer {
  readonly #parts: KeyPackageServerComponents;
  readonly #stopping = new AbortController();
  readonly #serving = new Set<Promise<void>>();

  constructor(components: KeyPackageServerComponents) {
    this.#parts = components;
  }

  start(): void {
    const options = {
      allow: 'trusted',
      maxFrame: MAX_KEY_PACKAGES_FRAME,
      maxStreams: MAX_KEY_PACKAGES_STREAMS,
    } as const;
    this.#parts.network.handle(KEY_PACKAGES_PROTOCOL, options, async (stream) => {
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
      const frame = await within(clock, KEY_PACKAGES_DEADLINE, 'question', signal, (limited) => stream.read(limited));
      if (!frame) throw new PeerError('frame-malformed', 'The stream ended before a question');
      const answer = encodePackagesAnswer(await this.#answer(stream.peer, decodePackagesRequest(frame)));
      await within(clock, KEY_PACKAGES_DEADLINE, 'room to write', signal, (limited) => stream.write(answer, limited));
      await stream.close();
    } catch (error) {
      log.info({ peer: stream.peer.realm, cause: messageOf(error) }, 'key package stream ended');
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #answer(peer: Peer, request: PackagesRequest): Promise<PackagesAnswer> {
    try {
      return await this.#parts.answer(peer, request);
    } catch (error) {
      // The own disk's trouble is no refusal: the asker tries again.
      if (error instanceof LocalError) throw error;
      return { kind: 'refused', code: codeOf(error) };
    }
  }
}
