// The holder's side of /canopy/blob/1.
import { CHUNK_HASH } from '../../crypto/files/chunk-list.ts';
import { chunksOfSealed } from '../../crypto/files/sizes.ts';
import type { Network, Peer, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { codeOf, PeerError, RefusedError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { decodeAsk, encodeBlobFrame } from './frames.ts';
import {
  ASK_DEADLINE,
  BLOB_PROTOCOL,
  type BlobAsk,
  type BlobFrame,
  HEAD_DEADLINE,
  IDLE_DEADLINE,
  LIST_PAGE,
  MAX_SERVED,
  MAX_STREAMS,
} from './index.ts';

/** A blob that may still be arriving: what is not here is waited for. */
export interface ServedBlob {
  readonly size: number;
  list(signal: AbortSignal): Promise<Uint8Array>;
  chunk(index: number, signal: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface BlobServerComponents {
  readonly network: Pick<Network, 'handle'>;
  readonly clock: Clock;
  readonly log: Log;
  /** @throws CanopyError: its code is the refusal */
  readonly open: (peer: Peer, ask: BlobAsk, signal: AbortSignal) => Promise<ServedBlob>;
  /** A chunk has left. */
  readonly onServed: (bytes: number) => void;
}

const MAX_ASK = 4096;

export class BlobServer {
  readonly #parts: BlobServerComponents;
  readonly #stopping = new AbortController();
  #open = 0;

  constructor(components: BlobServerComponents) {
    this.#parts = components;
  }

  start(): void {
    const options = { allow: 'trusted', maxFrame: MAX_ASK, maxStreams: MAX_STREAMS } as const;
    this.#parts.network.handle(BLOB_PROTOCOL, options, (stream) => this.#serve(stream));
  }

  stop(): void {
    this.#stopping.abort(new Error('The node is stopping'));
  }

  async #serve(stream: Stream): Promise<void> {
    const { log } = this.#parts;
    this.#open += 1;
    try {
      await this.#answer(stream);
      await stream.close();
    } catch (error) {
      const code = codeOf(error);
      log.info({ peer: stream.peer.realm, code, cause: String(error) }, 'blob stream ended');
      // A reset would overtake the reason: whoever could be told it gets to read it.
      if (code !== 'stream-reset' && (await this.#refuse(stream, code))) return;
      stream.abort(error instanceof Error ? error : new PeerError('stream-failed', String(error)));
    } finally {
      this.#open -= 1;
    }
  }

  async #answer(stream: Stream): Promise<void> {
    const { clock, open } = this.#parts;
    const { signal } = this.#stopping;
    const frame = await within(clock, ASK_DEADLINE, 'request for a blob', signal, (limited) => stream.read(limited));
    if (!frame) throw new PeerError('frame-malformed', 'The stream ended before a request');
    const ask = decodeAsk(frame);
    if (this.#open > MAX_SERVED) throw new RefusedError('blob-busy', `${this.#open} blobs are being served`);
    const blob = await within(clock, HEAD_DEADLINE, 'blob', signal, (limited) => open(stream.peer, ask, limited));
    try {
      await this.#send(stream, { kind: 'blob', size: blob.size });
      if (ask.withList) await this.#sendList(stream, await this.#listOf(blob));
      const end = Math.min(chunksOfSealed(blob.size), ask.first + ask.count);
      for (let index = ask.first; index < end; index++) await this.#sendChunk(stream, blob, index);
    } finally {
      await blob.close();
    }
  }

  #listOf(blob: ServedBlob): Promise<Uint8Array> {
    const { clock } = this.#parts;
    return within(clock, HEAD_DEADLINE, 'list', this.#stopping.signal, (limited) => blob.list(limited));
  }

  async #sendList(stream: Stream, list: Uint8Array): Promise<void> {
    const page = LIST_PAGE * CHUNK_HASH;
    for (let at = 0; at < list.length; at += page) {
      await this.#send(stream, { kind: 'list', hashes: list.subarray(at, at + page) });
    }
  }

  async #sendChunk(stream: Stream, blob: ServedBlob, index: number): Promise<void> {
    const { clock, onServed } = this.#parts;
    const bytes = await within(clock, IDLE_DEADLINE, `chunk ${index}`, this.#stopping.signal, (limited) =>
      blob.chunk(index, limited),
    );
    await this.#send(stream, { kind: 'chunk', index, bytes });
    onServed(bytes.length);
  }

  async #send(stream: Stream, frame: BlobFrame): Promise<void> {
    await within(this.#parts.clock, IDLE_DEADLINE, 'room to write', this.#stopping.signal, (limited) =>
      stream.write(encodeBlobFrame(frame), limited),
    );
  }

  /** @returns whether the reason is on its way */
  async #refuse(stream: Stream, code: string): Promise<boolean> {
    const frame = encodeBlobFrame({ kind: 'refused', code: /^[a-z0-9-]{1,64}$/.test(code) ? code : 'internal' });
    const written = within(this.#parts.clock, ASK_DEADLINE, 'room for a refusal', this.#stopping.signal, (limited) =>
      stream.write(frame, limited),
    );
    return written.then(
      () => stream.close().then(() => true),
      () => false,
    );
  }
}
