// Files of one user's client: sends and fetches them, and remembers what is under way. A file that is sent on needs none of this: its
// card goes into another message, and nothing is uploaded again.
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import * as v from 'valibot';
import type { FileCard } from '../../crypto/files/file-card.ts';
import { chunksOfPlain, sealedSize } from '../../crypto/files/sizes.ts';
import { FILE_KEY, FILE_PREFIX, makeFileSecret } from '../../crypto/files/stream-cipher.ts';
import type { Clock } from '../../realm/clock.ts';
import { ConflictError, codeOf } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import type { RandomBytes } from '../../realm/random.ts';
import type { ClientCache } from '../cache/cache.ts';
import type { ClientStorage } from '../platform.ts';
import { Download } from './download.ts';
import { FileServer, type FileServerComponents } from './file-server.ts';
import { KeptFiles } from './kept-files.ts';
import type { FileSink, FileSource, TransferOptions } from './places.ts';
import { SentFiles } from './sent-files.ts';
import { Upload, type UploadNote } from './upload.ts';

/** Codes after which an upload that was under way begins anew: the server has forgotten it, or the file is another one. */
const ANEW = new Set(['upload-unknown', 'blob-mismatch', 'file-changed']);
const HASH = 32;
const NEVER = new AbortController().signal;

const stored = v.object({
  upload: v.string(),
  sent: v.number(),
  digest: v.string(),
  key: v.string(),
  prefix: v.string(),
});

/** A file that can be read at any place. */
export type OpenFile = Pick<Download, 'part' | 'plain'>;

export interface FilesComponents extends Pick<FileServerComponents, 'http'> {
  readonly storage: ClientStorage;
  readonly cache?: Pick<ClientCache, 'record' | 'records' | 'setRecords'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly me: () => UserId;
}

export class Files {
  readonly #parts: FilesComponents;
  readonly #server: FileServer;
  /** What waits to be sent; absent where there is no cache. */
  readonly kept: KeptFiles | undefined;
  /** What was sent lately; absent where there is no cache. */
  readonly sent: SentFiles | undefined;

  constructor(parts: FilesComponents) {
    this.#parts = parts;
    this.kept = parts.cache && new KeptFiles(parts.cache);
    this.sent = parts.cache && new SentFiles(parts.cache, parts.clock);
    this.#server = new FileServer(parts);
  }

  /**
   * Resolves with what a message needs to say of the file. The same file again goes on where it was.
   * @throws InputError `file-too-long`; UnreachableError `quota-exceeded`, `store-full`, `disk-full`; ConflictError `file-changed`
   */
  async upload(source: FileSource, { signal = NEVER, onProgress }: TransferOptions = {}): Promise<FileCard> {
    const place = await this.#placeOf(source);
    const before = await this.#noted(place);
    try {
      return await this.#run(source, place, before ?? (await this.#begin(source, place, signal)), {
        signal,
        onProgress,
      });
    } catch (error) {
      if (signal.aborted || !ANEW.has(codeOf(error))) throw error;
      await this.#parts.storage.delete(place);
      if (!before) throw error;
      await this.#server.abandon(before.upload, signal).catch(() => {});
      return this.#run(source, place, await this.#begin(source, place, signal), { signal, onProgress });
    }
  }

  /**
   * A file that the server has lost, once more under its key. Nothing is sent before all of it was read and found to be what it was.
   * @throws ConflictError `file-changed`; as `upload` throws
   */
  async again(card: FileCard, source: FileSource, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    if (source.size !== card.size) throw new ConflictError('file-changed', 'this is another file');
    const { upload } = await this.#server.create(sealedSize(card.size), signal);
    const { key, prefix } = card;
    const note = { key, prefix, upload, sent: chunksOfPlain(card.size), digest: card.hash };
    try {
      const parts = { server: this.#server, clock, note: async () => {} };
      const { blob } = await (await Upload.open(source, note, parts, signal)).run(signal, undefined);
      if (blob !== card.blob) throw new ConflictError('file-changed', 'this is another file');
    } catch (error) {
      if (!signal.aborted) await this.#server.abandon(upload, signal).catch(() => {});
      throw error;
    }
  }

  /** Gives an upload up that was interrupted. */
  async forget(source: FileSource): Promise<void> {
    const place = await this.#placeOf(source);
    const before = await this.#noted(place);
    await this.#parts.storage.delete(place);
    if (before) await this.#server.abandon(before.upload);
  }

  /** @throws InputError `blob-unknown`, `blob-expired`; PeerError `file-altered` */
  async download(card: FileCard, sink: FileSink, { signal = NEVER, onProgress }: TransferOptions = {}): Promise<void> {
    await (await this.#open(card)).into(sink, signal, onProgress);
  }

  /** For who reads one file at many places, or takes it piece by piece. */
  open(card: FileCard): Promise<OpenFile> {
    return this.#open(card);
  }

  /** A part of the plaintext, for a player that seeks. */
  async part(card: FileCard, from: number, length: number, signal: AbortSignal = NEVER): Promise<Uint8Array> {
    return (await this.open(card)).part(from, length, signal);
  }

  #open(card: FileCard): Promise<Download> {
    return Download.open(card, { server: this.#server, clock: this.#parts.clock });
  }

  async #run(
    source: FileSource,
    place: string,
    note: UploadNote,
    { signal, onProgress }: { signal: AbortSignal; onProgress: TransferOptions['onProgress'] },
  ): Promise<FileCard> {
    const { clock } = this.#parts;
    const keep = (next: UploadNote): Promise<void> => this.#keep(place, next);
    const upload = await Upload.open(source, note, { server: this.#server, clock, note: keep }, signal);
    const card = await upload.run(signal, onProgress);
    await this.#parts.storage.delete(place);
    await this.sent?.keep(source, card, signal);
    return card;
  }

  async #begin({ size }: FileSource, place: string, signal: AbortSignal): Promise<UploadNote> {
    const { upload } = await this.#server.create(sealedSize(size), signal);
    const note = { ...makeFileSecret(this.#parts.random), upload, sent: 0, digest: new Uint8Array(HASH) };
    await this.#keep(place, note);
    return note;
  }

  /** The mark may be long and tells names: its hash is enough. */
  async #placeOf({ mark, size }: FileSource): Promise<string> {
    const bytes = new TextEncoder().encode(`${size}/${mark}`);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return `${this.#parts.me()}/upload/${toString(digest.subarray(0, 16), 'hex')}`;
  }

  #keep(place: string, { upload, sent, digest, key, prefix }: UploadNote): Promise<void> {
    const [d, k, p] = [digest, key, prefix].map((bytes) => toString(bytes, 'base64url'));
    return this.#parts.storage.set(place, JSON.stringify({ upload, sent, digest: d, key: k, prefix: p }));
  }

  /** What cannot be read is as good as nothing: it begins anew, under another key. */
  async #noted(place: string): Promise<UploadNote | undefined> {
    try {
      const { upload, sent, ...texts } = v.parse(stored, JSON.parse((await this.#parts.storage.get(place)) ?? ''));
      const bytes = (text: string): Uint8Array => new Uint8Array(fromString(text, 'base64url'));
      const [digest, key, prefix] = [bytes(texts.digest), bytes(texts.key), bytes(texts.prefix)];
      return key.length === FILE_KEY && prefix.length === FILE_PREFIX
        ? { upload, sent, digest, key, prefix }
        : undefined;
    } catch {
      return undefined;
    }
  }
}
