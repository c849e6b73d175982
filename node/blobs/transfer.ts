// One blob on its way here from another realm. There is one of these for a blob, however many readers wait for it: they are served
// what is here while the rest arrives. It survives cuts of the line and, as its chunks are on disk, stops of the node; it goes on
// at the chunk that is missing.
import { equals } from 'uint8arrays/equals';
import type { ChunkList } from '../../src/crypto/files/chunk-list.ts';
import { MAX_CHUNKS } from '../../src/crypto/files/sizes.ts';
import { type AskerComponents, askForBlob, type BlobSink } from '../../src/protocols/blob/client.ts';
import { Bell } from '../../src/realm/bell.ts';
import type { BlobId } from '../../src/realm/blob-id.ts';
import { CanopyError, codeOf, LocalError, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { type BlobFile, type Disk, diskTrouble } from './disk.ts';
import { PartialFile } from './partial-file.ts';
import { readWanted, type WantedList, writeWanted } from './wanted-list.ts';

/** Whom to ask, for whom, about a message from where. */
export interface Source {
  readonly next: RealmName;
  readonly reader: RealmName;
  readonly origin: RealmName;
}

export interface TransferComponents extends AskerComponents {
  readonly disk: Disk;
  readonly log: Log;
  readonly file: BlobFile & { readonly want: string };
  /** Before anything is written. @throws RefusedError `store-full`; LocalError `disk-full` */
  readonly assertRoom: (size: number) => Promise<void>;
  /** All of it is on disk: gives it its name. */
  readonly finish: (size: number) => Promise<void>;
  readonly onChunk: (bytes: number) => void;
  readonly onHostile: (realm: RealmName, code: string) => void;
}

const FIRST_PAUSE = 1_000;
const MAX_PAUSE = 60_000;
/** Failures in a row without a chunk, after which readers are told that the file is out of reach for now. */
const MAX_FAILURES = 6;
/** Chunks between two syncs: 4 MiB. Below what PartialFile doubts. */
const SYNC_EVERY = 16;
const HOSTILE = new Set(['chunk-wrong', 'list-wrong', 'frame-malformed', 'frame-too-long', 'credit-exceeded']);

export class Transfer {
  readonly id: BlobId;
  readonly #parts: TransferComponents;
  readonly #sources: Source[];
  readonly #waiting = new Set<() => void>();
  readonly #wake = new Bell();
  #file: PartialFile | undefined;
  #want: ChunkList | undefined;
  #failure: Error | undefined;
  #isWhole = false;
  #readers = 0;
  #run: Promise<void> | undefined;

  constructor(id: BlobId, sources: readonly Source[], parts: TransferComponents) {
    this.id = id;
    this.#sources = [...sources];
    this.#parts = parts;
  }

  /** Resolves when it has ended, one way or the other. Never rejects. */
  start(signal: AbortSignal): Promise<void> {
    this.#run ??= this.#work(signal);
    return this.#run;
  }

  /** A way came back: what pauses tries again at once. */
  wake(): void {
    this.#wake.ring();
  }

  get isReading(): boolean {
    return this.#readers > 0;
  }

  asksBeside(realm: RealmName): boolean {
    return this.#sources.some(({ next, origin }) => next !== realm && origin !== realm);
  }

  addSource(source: Source): void {
    if (this.#sources.every((one) => one.next !== source.next || one.origin !== source.origin)) {
      this.#sources.push(source);
    }
  }

  /** For as long as somebody reads; to be given back with `leave`. */
  join(): void {
    this.#readers += 1;
  }

  async leave(): Promise<void> {
    this.#readers -= 1;
    await this.#closeWhenDone();
  }

  /** Waits for the head. @throws RefusedError `blob-unknown`, …; UnreachableError `blob-away`; the signal's reason */
  async size(signal: AbortSignal): Promise<number> {
    while (!this.#file) await this.#change(signal);
    return this.#file.size;
  }

  async list(signal: AbortSignal): Promise<ChunkList> {
    while (!this.#want) await this.#change(signal);
    return this.#want;
  }

  /** Waits until the chunk is here. */
  async chunk(index: number, signal: AbortSignal): Promise<Uint8Array> {
    while ((this.#file?.count ?? 0) <= index) await this.#change(signal);
    return (await this.#file?.read(index)) ?? new Uint8Array();
  }

  async #work(signal: AbortSignal): Promise<void> {
    try {
      await this.#resume();
      for (let failures = 0; !this.#isWhole; ) failures = await this.#try(failures, signal);
    } catch (error) {
      this.#fail(
        signal.aborted ? new UnreachableError('blob-away', 'the transfer was stopped') : transferFailure(error),
      );
    }
    await this.#closeWhenDone();
  }

  /** @returns failures in a row */
  async #try(failures: number, signal: AbortSignal): Promise<number> {
    const source = this.#sources[failures % Math.max(1, this.#sources.length)];
    if (!source) throw new RefusedError('blob-unknown', `nobody is known to have ${this.id}`);
    const before = this.#file?.count ?? 0;
    try {
      await this.#pull(source, signal);
      return 0;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LocalError) throw error;
      this.#judge(source, error);
      // It has said that it has none; the next one may.
      if (error instanceof RefusedError && this.#sources.length > 0) return failures;
      const inARow = (this.#file?.count ?? 0) > before ? 1 : failures + 1;
      if (inARow >= MAX_FAILURES && !this.#isWhole) throw away(this.id, error);
      const pause = Math.min(MAX_PAUSE, FIRST_PAUSE * 2 ** (inARow - 1));
      if (this.#sources.length > 0) await this.#wake.heardWithin(this.#parts.clock, pause, signal);
      else if (error instanceof RefusedError) throw error;
      return inARow;
    }
  }

  #judge(source: Source, error: unknown): void {
    const { log, onHostile } = this.#parts;
    const code = codeOf(error);
    log.info({ from: source.next, code, have: this.#file?.count ?? 0, cause: String(error) }, 'blob transfer paused');
    if (HOSTILE.has(code)) onHostile(source.next, code);
    // Whoever says no will say no again; and so will a policy of our own.
    if (error instanceof RefusedError) this.#sources.splice(this.#sources.indexOf(source), 1);
  }

  async #pull({ next, reader, origin }: Source, signal: AbortSignal): Promise<void> {
    const first = this.#file?.count ?? 0;
    const ask = { id: this.id, reader, origin, first, count: MAX_CHUNKS };
    await askForBlob(this.#parts, next, ask, this.#sink(), signal);
    await this.#file?.sync();
    await this.#parts.finish(this.#file?.size ?? 0);
    this.#isWhole = true;
    this.#tell();
  }

  #sink(): BlobSink {
    return {
      list: this.#want,
      head: (size, list) => this.#begin(size, list),
      chunk: async (index, bytes, hash) => {
        await this.#file?.append([bytes], [hash], index % SYNC_EVERY === SYNC_EVERY - 1);
        this.#parts.onChunk(bytes.length);
        this.#tell();
      },
    };
  }

  async #begin(size: number, list: ChunkList): Promise<void> {
    if (this.#file) return;
    const { assertRoom, disk, file } = this.#parts;
    await assertRoom(size);
    await writeWanted(disk, file.want, { size, list });
    await this.#open({ size, list });
  }

  /** What an earlier run left. */
  async #resume(): Promise<void> {
    const { disk, file } = this.#parts;
    const wanted = await readWanted(disk, file.want, this.id);
    if (wanted) await this.#open(wanted);
  }

  async #open({ size, list }: WantedList): Promise<void> {
    const { disk, file } = this.#parts;
    this.#want = list;
    this.#file = await PartialFile.open(disk, file, size);
    this.#keepWanted(list);
    this.#tell();
  }

  /** What is here from before and is not of this list is not counted. */
  #keepWanted(want: ChunkList): void {
    const { list } = this.#file ?? {};
    if (!list) return;
    for (let at = 0; at < list.count; at++) {
      if (!equals(list.at(at) ?? new Uint8Array(), want.at(at) ?? new Uint8Array())) return list.cut(at);
    }
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#tell();
  }

  #tell(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  async #closeWhenDone(): Promise<void> {
    if (this.#readers === 0 && (this.#isWhole || this.#failure)) await this.#file?.close();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      };
      const wake = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(wake);
    });
  }
}

function away(id: BlobId, cause: unknown): CanopyError {
  return new UnreachableError('blob-away', `${id} cannot be fetched now`, { cause });
}

function transferFailure(error: unknown): Error {
  return error instanceof CanopyError ? error : diskTrouble(error);
}
