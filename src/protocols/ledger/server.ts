// The holder's side of /canopy/ledger/1.
import { pipe } from 'it-pipe';
import type { Network, Peer, Stream } from '../../overlay/seam.ts';
import { Bell } from '../../realm/bell.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { CanopyError, codeOf, PeerError, RefusedError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { ChainId } from './entry.ts';
import { decodeRequest, encodeAnswer, type FollowAnswer, type FollowRequest } from './frames.ts';
import {
  LEDGER_PROTOCOL,
  MAX_BATCH_BYTES,
  MAX_BATCH_ENTRIES,
  MAX_STREAMS,
  REQUEST_DEADLINE,
  TIP_INTERVAL,
  WRITE_DEADLINE,
} from './index.ts';
import type { LedgerStore } from './ledger-store.ts';

export interface LedgerServerComponents {
  readonly store: LedgerStore;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether a peer of the family may read this chain. */
  readonly mayRead: (peer: Peer, id: ChainId) => boolean;
}

export class LedgerServer {
  readonly #parts: LedgerServerComponents;
  readonly #stopping = new AbortController();

  constructor(components: LedgerServerComponents) {
    this.#parts = components;
  }

  start(): void {
    const options = { allow: 'family', maxFrame: 1024, maxStreams: MAX_STREAMS } as const;
    this.#parts.network.handle(LEDGER_PROTOCOL, options, (stream) => this.#serve(stream));
  }

  /** Resets the streams that readers hold open. */
  stop(): void {
    this.#stopping.abort(new CanopyError('stopped', 'The node is stopping'));
  }

  async #serve(stream: Stream): Promise<void> {
    try {
      const request = await this.#request(stream);
      await this.#stream(stream, request);
      await stream.close();
    } catch (error) {
      await this.#refuse(stream, error);
    }
  }

  async #request(stream: Stream): Promise<FollowRequest> {
    const { clock, mayRead, store } = this.#parts;
    const frame = await within(clock, REQUEST_DEADLINE, 'ledger request', this.#stopping.signal, (signal) =>
      stream.read(signal),
    );
    if (!frame) throw new PeerError('malformed', 'The stream ended before a request');
    const request = decodeRequest(frame);
    if (!mayRead(stream.peer, request)) throw new RefusedError('scope', `${stream.peer.realm} may not read this chain`);
    const head = await store.head(request);
    if (head.n === 0) throw new RefusedError('ledger-unknown', `No ${request.chain} chain of ${request.realm} here`);
    return request;
  }

  /** Sends what there is and then what comes, until the reader ends its side; nothing is read before there is room for it. */
  async #stream(stream: Stream, request: FollowRequest): Promise<void> {
    const ended = this.#readerEnd(stream);
    await pipe(this.#answers(request, ended), encodeAnswers, (frames) => this.#sendAll(stream, frames));
  }

  async *#answers(request: FollowRequest, ended: AbortSignal): AsyncGenerator<FollowAnswer> {
    const { store, clock } = this.#parts;
    const bell = new Bell();
    const unsubscribe = store.onEntries((id) => {
      if (id.realm === request.realm && id.chain === request.chain) bell.ring();
    });
    try {
      let next = Math.min(Math.max(request.from, 1), (await store.head(request)).n + 1);
      while (!ended.aborted) {
        const entries = await store.read(request, next, MAX_BATCH_ENTRIES, MAX_BATCH_BYTES);
        next += entries.length;
        if (entries.length > 0) {
          yield { kind: 'entries', entries };
        } else {
          yield { kind: 'tip', n: next - 1 };
          await bell.heardWithin(clock, TIP_INTERVAL, ended).catch(() => {});
        }
      }
    } finally {
      unsubscribe();
    }
  }

  async #sendAll(stream: Stream, frames: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const frame of frames) await this.#write(stream, frame);
  }

  #write(stream: Stream, frame: Uint8Array): Promise<void> {
    return within(this.#parts.clock, WRITE_DEADLINE, 'room to write', this.#stopping.signal, (signal) =>
      stream.write(frame, signal),
    );
  }

  /** Aborts when the reader has ended or broken the stream, or when the node stops. A reader sends nothing after its request. */
  #readerEnd(stream: Stream): AbortSignal {
    const controller = new AbortController();
    const end = () => controller.abort();
    stream.read(this.#stopping.signal).then(end, end);
    return controller.signal;
  }

  async #refuse(stream: Stream, error: unknown): Promise<void> {
    const cause = error instanceof Error ? error : new Error(String(error));
    this.#parts.log.info({ peer: stream.peer.realm, code: codeOf(error) }, 'ledger stream ended');
    try {
      if (error instanceof RefusedError) {
        await this.#write(stream, encodeAnswer({ kind: 'refused', code: error.code }));
        await stream.close();
        return;
      }
    } catch {
      // The refusal could not be sent: the reset below says enough.
    }
    stream.abort(cause);
  }
}

async function* encodeAnswers(answers: AsyncIterable<FollowAnswer>): AsyncGenerator<Uint8Array> {
  for await (const answer of answers) yield encodeAnswer(answer);
}
