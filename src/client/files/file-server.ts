// The part of the LAN API that files need, with what is worth trying again told apart from what is not.
import * as v from 'valibot';
import { type UploadAnswer, uploadAnswer } from '../../protocols/lan/file-routes.ts';
import type { BlobId } from '../../realm/blob-id.ts';
import { type Clock, sleep } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import type { Http, Piece } from '../http.ts';

const empty = v.object({});
/** Over one day, whoever has to do something about it. */
const PASSING = new Set([
  'server-unreachable',
  'blob-away',
  'blob-busy',
  'timeout',
  'upload-offset',
  'internal',
  'read-only',
]);
const FIRST_PAUSE = 500;
const MAX_PAUSE = 30_000;

export interface FileServerComponents {
  readonly http: Pick<Http, 'get' | 'post' | 'postBytes' | 'range'>;
  readonly clock: Clock;
}

export class FileServer {
  readonly #parts: FileServerComponents;

  constructor(parts: FileServerComponents) {
    this.#parts = parts;
  }

  create(size: number, signal: AbortSignal): Promise<UploadAnswer> {
    return this.patiently(signal, () => this.#parts.http.post('/uploads', { size }, uploadAnswer, signal));
  }

  status(upload: string, signal: AbortSignal): Promise<UploadAnswer> {
    return this.patiently(signal, () => this.#parts.http.get(`/uploads/${upload}`, uploadAnswer, signal));
  }

  /** Once: what became of it is asked for by `status`. */
  append(upload: string, offset: number, bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<UploadAnswer> {
    return this.#parts.http.postBytes(`/uploads/${upload}?offset=${offset}`, bytes, uploadAnswer, signal);
  }

  async finish(upload: string, blob: BlobId, signal: AbortSignal): Promise<void> {
    await this.patiently(signal, () => this.#parts.http.post(`/uploads/${upload}/finish`, { blob }, empty, signal));
  }

  async abandon(upload: string, signal?: AbortSignal): Promise<void> {
    await this.#parts.http.post(`/uploads/${upload}/abandon`, {}, empty, signal);
  }

  read(blob: BlobId, from: number, to: number, signal: AbortSignal): Promise<Piece> {
    return this.patiently(signal, () => this.#parts.http.range(`/blobs/${blob}`, from, to, signal));
  }

  /** Tries until it works, or fails for a reason that stays. */
  async patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(MAX_PAUSE, 2 * pause)) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error;
        await sleep(this.#parts.clock, pause, signal);
      }
    }
  }
}

export function isPassing(error: unknown): boolean {
  return error instanceof CanopyError && PASSING.has(error.code);
}
