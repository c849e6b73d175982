// Files that this device uploaded lately. A server that was restored from a copy has lost what came since, and nobody but readers in other
// realms has it then: the sender's device gives it back, under the same key, so that what was sent stays what it is. Small files are
// kept whole, sealed with everything else in the cache; of larger ones it is known what they were, so that a person can be told.
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { type FileCard, packFileCard, unpackFileCard } from '../../crypto/files/file-card.ts';
import { decodeStrict, encodeItem } from '../../crypto/strict-cbor.ts';
import type { BlobId } from '../../realm/blob-id.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import type { ClientCache } from '../cache/cache.ts';
import { type KeptFile, KeptFiles } from './kept-files.ts';
import type { FileSource } from './places.ts';

/** Milliseconds for which a sent file is kept: as long as messages are kept for the same end. */
const KEPT_FOR = 7 * 24 * 3_600_000;
const LIMITS = { each: 16 * 1024 * 1024, total: 128 * 1024 * 1024 };
/** Files that are remembered; the oldest go. */
const MAX_FILES = 500;
const MAX_CARD = 4096;

export interface SentFile {
  readonly card: FileCard;
  /** Undefined: it was too large to be kept. */
  readonly source: FileSource | undefined;
}

interface Noted extends SentFile {
  readonly at: number;
  readonly file: KeptFile;
}

export class SentFiles {
  readonly #kept: KeptFiles;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(cache: Pick<ClientCache, 'record' | 'records' | 'setRecords'>, clock: Pick<Clock, 'now'>) {
    this.#kept = new KeptFiles(cache, { area: 'sent-file', ...LIMITS });
    this.#clock = clock;
  }

  /** Of a file that the server has. A cache without room has more important things to hold. */
  async keep(source: FileSource, { preview: _small, ...card }: FileCard, signal: AbortSignal): Promise<void> {
    try {
      await this.#makeRoom(source.size <= LIMITS.each ? source.size : 0);
      const note = `${this.#clock.now()}/${toString(encodeItem(packFileCard(card)), 'base64url')}`;
      await this.#kept.keep({ id: card.blob, source, note, signal });
    } catch (error) {
      if (!(error instanceof CanopyError) && !signal.aborted) throw error;
    }
  }

  /** The newest first. */
  async all(): Promise<readonly SentFile[]> {
    await this.#makeRoom(0);
    return this.#noted();
  }

  /** Taken back, or disappeared: it is given to nobody. */
  async forget(blobs: readonly BlobId[]): Promise<void> {
    for (const { card, file } of await this.#noted()) if (blobs.includes(card.blob)) await this.#kept.drop(file);
  }

  /** What is too old goes, and so much of the rest, the oldest first, that there is room. */
  async #makeRoom(size: number): Promise<void> {
    const since = this.#clock.now() - KEPT_FOR;
    let [count, total] = [1, size];
    for (const { at, file } of await this.#noted()) {
      count += 1;
      total += file.isHere ? file.size : 0;
      if (at < since || count > MAX_FILES || total > LIMITS.total) await this.#kept.drop(file);
    }
  }

  async #noted(): Promise<readonly Noted[]> {
    const files = (await this.#kept.list()).flatMap((file) => this.#decode(file) ?? []);
    return files.toSorted((a, b) => b.at - a.at);
  }

  /** What cannot be read is as good as nothing. */
  #decode(file: KeptFile): Noted | undefined {
    try {
      const [at = '', text = ''] = file.note.split('/');
      const card = unpackFileCard(decodeStrict(fromString(text, 'base64url'), MAX_CARD));
      return { at: Number(at), card, file, source: file.isHere ? this.#kept.source(file) : undefined };
    } catch (error) {
      if (error instanceof CanopyError) return undefined;
      throw error;
    }
  }
}
