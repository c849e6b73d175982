// The holder's side of /canopy/ledger/1.
import { pipe } from 'it-pipe';
import type { Network, Peer, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, CanopyError, codeOf, PeerError, RefusedError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { Patience } from '../../realm/patience.ts';
import type { ChainId } from './entry.ts';
import { decodeFrame, encodeFrame, type LedgerFrame, type Tip } from './frames.ts';
import { LEDGER_PROTOCOL, MAX_READER_FRAME, MAX_STREAMS, REQUEST_DEADLINE, WRITE_DEADLINE } from './index.ts';
import type { LedgerStore } from './ledger-store.ts';
import { ServedReader } from './served-reader.ts';

export interface LedgerServerComponents {
  readonly store: LedgerStore;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether this peer may read this chain. */
  readonly mayRead: (peer: Peer, id: ChainId) => boolean;
  /** Someone who may read these chains asks for them; maybe they are not here. */
  readonly onAsked?: (peer: Peer, ids: readonly ChainId[]) => void;
  readonly onGossip: (frame: LedgerFrame, peer: Peer) => Promise<void>;
  /** A reader has asked for its first chains. */
  readonly onReader: (reader: ServedReader) => void;
}

export class LedgerServer {
  readonly #parts: LedgerServerComponents;
  readonly #stopping = new AbortController();
  readonly #readers = new Set<ServedReader>();

  constructor(components: LedgerServerComponents) {
    this.#parts = components;
  }

  start(): void {
    const options = { allow: 'family', maxFrame: MAX_READER_FRAME, maxStreams: MAX_STREAMS } as const;
    this.#parts.network.handle(LEDGER_PROTOCOL, options, (stream) => this.#serve(stream));
  }

  /** Resets the streams that readers hold open. */
  stop(): void {
    this.#stopping.abort(new CanopyError('stopped', 'The node is stopping'));
  }

  readers(): readonly ServedReader[] {
    return [...this.#readers];
  }

  async #serve(stream: Stream): Promise<void> {
    const { store, clock } = this.#parts;
    const reader = new ServedReader({ store, clock }, stream.peer);
    const writes = new Patience(clock, WRITE_DEADLINE, 'room to write', this.#stopping.signal);
    this.#readers.add(reader);
    const ended = new AbortController();
    const stop = () => ended.abort(this.#stopping.signal.reason);
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    try {
      await this.#readFirst(stream, reader);
      this.#parts.onReader(reader);
      const reading = this.#readOn(stream, reader, ended);
      await pipe(reader.frames(ended.signal), (frames) => writeAll(stream, frames, writes));
      await reading;
      await stream.close();
    } catch (error) {
      await this.#refuse(stream, error);
    } finally {
      writes.end();
      ended.abort();
      this.#stopping.signal.removeEventListener('abort', stop);
      this.#readers.delete(reader);
      reader.close();
    }
  }

  async #readFirst(stream: Stream, reader: ServedReader): Promise<void> {
    const frame = await within(this.#parts.clock, REQUEST_DEADLINE, 'ledger request', this.#stopping.signal, (signal) =>
      stream.read(signal),
    );
    if (!frame) throw new PeerError('malformed', 'The stream ended before a request');
    await this.#take(stream, reader, decodeFrame(frame));
  }

  /** Until the reader ends its side; then, or when it breaks the rules, so does the writing. */
  async #readOn(stream: Stream, reader: ServedReader, ended: AbortController): Promise<void> {
    try {
      for (;;) {
        const frame = await stream.read(ended.signal);
        if (!frame) return;
        await this.#take(stream, reader, decodeFrame(frame));
      }
    } catch (error) {
      if (!ended.signal.aborted) reader.fail(error);
    } finally {
      ended.abort();
    }
  }

  async #take({ peer }: Stream, reader: ServedReader, frame: LedgerFrame): Promise<void> {
    if (frame.kind === 'follow') await this.#follow(peer, reader, frame.tips);
    else if (frame.kind === 'heads' || frame.kind === 'fraud') await this.#parts.onGossip(frame, peer);
    else throw new PeerError('malformed', `A reader sends no ${frame.kind}`);
  }

  async #follow(peer: Peer, reader: ServedReader, tips: readonly Tip[]): Promise<void> {
    for (const tip of tips) {
      if (!this.#parts.mayRead(peer, tip)) throw new RefusedError('scope', `${peer.realm} may not read this chain`);
    }
    await reader.follow(tips);
    this.#parts.onAsked?.(
      peer,
      tips.map(({ realm, chain }) => ({ realm, chain })),
    );
  }

  #write(stream: Stream, frame: LedgerFrame): Promise<void> {
    return within(this.#parts.clock, WRITE_DEADLINE, 'room to write', this.#stopping.signal, (signal) =>
      stream.write(encodeFrame(frame), signal),
    );
  }

  async #refuse(stream: Stream, error: unknown): Promise<void> {
    const cause = asError(error);
    this.#parts.log.info({ peer: stream.peer.realm, code: codeOf(error) }, 'ledger stream ended');
    try {
      if (error instanceof RefusedError) {
        await this.#write(stream, { kind: 'refused', code: error.code });
        await stream.close();
        return;
      }
    } catch {
      // The refusal could not be sent: the reset below says enough.
    }
    stream.abort(cause);
  }
}

async function writeAll(stream: Stream, frames: AsyncIterable<LedgerFrame>, writes: Patience): Promise<void> {
  for await (const frame of frames) await writes.for((signal) => stream.write(encodeFrame(frame), signal));
}
