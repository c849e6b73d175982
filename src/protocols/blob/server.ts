// The holder's side of /canopy/blob/1.
import { CHUNK_HASH } from '../../crypto/files/chunk-list.ts';
import { chunksOfSealed } from '../../crypto/files/sizes.ts';
import type { Network, Peer, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { codeOf, PeerError, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { untilAborted } from '../../realm/until-aborted.ts';
import { decodeAsk, encodeBlobFrame } from './frames.ts';
import {
  ASK_DEADLINE,
  BLOB_PROTOCOL,
  type BlobAsk,
  type BlobFrame,
  DRAIN,
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
  /** No new chunk is begun, and none is waited for. */
  readonly #leaving = new AbortController();
  readonly #stopped = new AbortController();
  readonly #serving = new Set<Promise<void>>();

  constructor(components: BlobServerComponents) {
    this.#parts = components;
  }

  start(): void {
    const options = { allow: 'trusted', maxFrame: MAX_ASK, maxStreams: MAX_STREAMS } as const;
    this.#parts.network.handle(BLOB_PROTOCOL, options, (stream) => this.#follow(stream));
  }

  /** Ends each stream after the chunk that it is sending, and gives its asker a while to take that. */
  async stop(): Promise<void> {
    const stopping = new UnreachableError('stopping', 'The node is stopping');
    this.#leaving.abort(stopping);
    const late = this.#parts.clock.after(DRAIN, () => this.#stopped.abort(stopping));
    await Promise.all(this.#serving);
    late.cancel();
    this.#stopped.abort(stopping);
  }

  #follow(stream: Stream): Promise<void> {
    const served = this.#serve(stream).finally(() => this.#serving.delete(served));
    this.#serving.add(served);
    return served;
  }

  async #serve(stream: Stream): Promise<void> {
    const { log } = this.#parts;
    try {
      const enough = await this.#answer(stream);
      await stream.close();
      // Its connection ends with this node: the asker's end says that all has arrived.
      if (this.#leaving.signal.aborted) await untilAborted(AbortSignal.any([enough, this.#stopped.signal]));
    } catch (error) {
      const code = codeOf(error);
      log.info({ peer: stream.peer.realm, code, cause: String(error) }, 'blob stream ended');
      // A reset would overtake the reason: whoever could be told it gets to read it.
      if (code !== 'stream-reset' && (await this.#refuse(stream, code))) return;
      stream.abort(error instanceof Error ? error : new PeerError('stream-failed', String(error)));
    }
  }

  /** @returns aborts when the asker ends its side */
  async #answer(stream: Stream): Promise<AbortSignal> {
    const { clock, open } = this.#parts;
    const { signal } = this.#stopped;
    const frame = await within(clock, ASK_DEADLINE, 'request for a blob', signal, (limited) => stream.read(limited));
    if (!frame) throw new PeerError('frame-malformed', 'The stream ended before a request');
    const ask = decodeAsk(frame);
    const enough = endOf(stream);
    if (this.#serving.size > MAX_SERVED)
      throw new RefusedError('blob-busy', `${this.#serving.size} blobs are being served`);
    const blob = await within(clock, HEAD_DEADLINE, 'blob', signal, (limited) => open(stream.peer, ask, limited));
    try {
      await this.#send(stream, { kind: 'blob', size: blob.size });
      if (ask.withList) await this.#sendList(stream, await this.#listOf(blob));
      await this.#sendChunks(stream, blob, ask, AbortSignal.any([enough, this.#leaving.signal]));
    } finally {
      await blob.close();
    }
    return enough;
  }

  async #sendChunks(stream: Stream, blob: ServedBlob, { first, count }: BlobAsk, over: AbortSignal): Promise<void> {
    const { clock, onServed } = this.#parts;
    const end = Math.min(chunksOfSealed(blob.size), first + count);
    for (let index = first; index < end && !over.aborted; index++) {
      const chunk = within(clock, IDLE_DEADLINE, `chunk ${index}`, over, (limited) => blob.chunk(index, limited));
      const bytes = await chunk.catch((error: unknown) => {
        if (!over.aborted) throw error;
      });
      if (!bytes) return;
      // Not given up in the middle: nothing could follow half a frame.
      await this.#send(stream, { kind: 'chunk', index, bytes });
      onServed(bytes.length);
    }
  }

  #listOf(blob: ServedBlob): Promise<Uint8Array> {
    const { clock } = this.#parts;
    return within(clock, HEAD_DEADLINE, 'list', this.#stopped.signal, (limited) => blob.list(limited));
  }

  async #sendList(stream: Stream, list: Uint8Array): Promise<void> {
    const page = LIST_PAGE * CHUNK_HASH;
    for (let at = 0; at < list.length; at += page) {
      await this.#send(stream, { kind: 'list', hashes: list.subarray(at, at + page) });
    }
  }

  async #send(stream: Stream, frame: BlobFrame): Promise<void> {
    await within(this.#parts.clock, IDLE_DEADLINE, 'room to write', this.#stopped.signal, (limited) =>
      stream.write(encodeBlobFrame(frame), limited),
    );
  }

  /** @returns whether the reason is on its way */
  async #refuse(stream: Stream, code: string): Promise<boolean> {
    const frame = encodeBlobFrame({ kind: 'refused', code: /^[a-z0-9-]{1,64}$/.test(code) ? code : 'internal' });
    const written = within(this.#parts.clock, ASK_DEADLINE, 'room for a refusal', this.#stopped.signal, (limited) =>
      stream.write(frame, limited),
    );
    return written.then(
      () => stream.close().then(() => true),
      () => false,
    );
  }
}

/** Aborts when the asker ends its side, or goes on speaking, which it may not. */
function endOf(stream: Stream): AbortSignal {
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    if (await stream.read()) stream.abort(new PeerError('frame-malformed', 'the asker went on after its request'));
  };
  void watch()
    .catch(() => {})
    .finally(() => over.abort(new PeerError('stream-ended', 'the asker wants no more')));
  return over.signal;
}
