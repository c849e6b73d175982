// A whole blob on disk, read chunk by chunk, each compared with its hash: a disk that lost or changed something is noticed by the
// first reader, who waits while the chunk is fetched again from a realm that has it.
import type { FileHandle } from 'node:fs/promises';
import { equals } from 'uint8arrays/equals';
import { CHUNK_HASH, ChunkList, chunkHash } from '../../src/crypto/files/chunk-list.ts';
import { chunksOfSealed, sealedRange } from '../../src/crypto/files/sizes.ts';
import { type BlobId, blobIdBytes } from '../../src/realm/blob-id.ts';
import { LocalError } from '../../src/realm/errors.ts';
import { readAt } from '../../src/store/file-bytes.ts';
import type { HeldBlob } from './blob-index.ts';
import { type BlobFile, type Disk, diskTrouble, isMissing, PRIVATE_FILE } from './disk.ts';

/** Gives one chunk, or the whole list, from elsewhere; checked. @throws LocalError `blob-damaged` */
export interface Repair {
  chunk(id: BlobId, index: number, list: ChunkList, signal: AbortSignal): Promise<Uint8Array>;
  list(id: BlobId, signal: AbortSignal): Promise<ChunkList>;
}

/** Where nothing can be fetched. */
export const NO_REPAIR: Repair = {
  chunk: (id, index) => Promise.reject(new LocalError('blob-damaged', `chunk ${index} of ${id} is damaged on disk`)),
  list: (id) => Promise.reject(new LocalError('blob-damaged', `the list of ${id} is damaged on disk`)),
};

export interface WholeBlobComponents {
  readonly disk: Pick<Disk, 'open' | 'mkdir'>;
  readonly repair: Repair;
  readonly onDamage: (id: BlobId, what: string) => void;
}

export class WholeBlob {
  readonly size: number;
  readonly #id: BlobId;
  readonly #file: BlobFile;
  readonly #parts: WholeBlobComponents;
  #handle: Promise<FileHandle> | undefined;
  #list: Promise<ChunkList> | undefined;

  constructor({ id, size }: Pick<HeldBlob, 'id' | 'size'>, file: BlobFile, parts: WholeBlobComponents) {
    this.#id = id;
    this.size = size;
    this.#file = file;
    this.#parts = parts;
  }

  get count(): number {
    return chunksOfSealed(this.size);
  }

  async list(signal: AbortSignal): Promise<ChunkList> {
    this.#list ??= this.#readList(signal);
    try {
      return await this.#list;
    } catch (error) {
      this.#list = undefined;
      throw error;
    }
  }

  /** @throws LocalError `blob-damaged` when it is, and cannot be fetched again now; `files-failed`, `disk-full` */
  async chunk(index: number, signal: AbortSignal): Promise<Uint8Array> {
    const list = await this.list(signal);
    const bytes = await this.#readChunk(index);
    if (await fits(bytes, list, index)) return bytes;
    this.#parts.onDamage(this.#id, 'chunk');
    const again = await this.#parts.repair.chunk(this.#id, index, list, signal);
    await this.#mend(again, index);
    return again;
  }

  /** Numbers of the chunks that are not what they should be; mends nothing. */
  async damaged(signal: AbortSignal): Promise<number[]> {
    const list = await this.list(signal);
    const found: number[] = [];
    for (let index = 0; index < this.count; index++) {
      signal.throwIfAborted();
      if (!(await fits(await this.#readChunk(index), list, index))) found.push(index);
    }
    return found;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.then((open) => open.close()).catch(() => {});
  }

  async #readChunk(index: number): Promise<Uint8Array> {
    const { from, to } = sealedRange(index, this.size);
    try {
      return await readAt(await this.#opened(), from, to - from);
    } catch (cause) {
      // A sector that cannot be read is as good as one that lies, and so is a file that is gone.
      if (cause instanceof Error && 'code' in cause && (cause.code === 'EIO' || isMissing(cause))) {
        return new Uint8Array();
      }
      throw diskTrouble(cause);
    }
  }

  #opened(): Promise<FileHandle> {
    this.#handle ??= this.#parts.disk.open(this.#file.data, 'r');
    this.#handle.catch(() => {
      this.#handle = undefined;
    });
    return this.#handle;
  }

  async #readList(signal: AbortSignal): Promise<ChunkList> {
    const kept = await this.#keptList();
    if (kept && (await this.#isMine(kept))) return kept;
    this.#parts.onDamage(this.#id, 'list');
    const made = await this.#listOfData();
    const list = (await this.#isMine(made)) ? made : await this.#parts.repair.list(this.#id, signal);
    await this.#write(this.#file.list, list.bytes, 0);
    return list;
  }

  async #keptList(): Promise<ChunkList | undefined> {
    let handle: FileHandle | undefined;
    try {
      handle = await this.#parts.disk.open(this.#file.list, 'r');
      return new ChunkList(await readAt(handle, 0, this.count * CHUNK_HASH));
    } catch {
      return undefined;
    } finally {
      await handle?.close();
    }
  }

  async #isMine(list: ChunkList): Promise<boolean> {
    return list.count === this.count && equals(await list.digest('blob', this.size), blobIdBytes(this.#id));
  }

  async #listOfData(): Promise<ChunkList> {
    const list = new ChunkList();
    for (let index = 0; index < this.count; index++) list.push(await chunkHash(await this.#readChunk(index)));
    return list;
  }

  async #mend(bytes: Uint8Array, index: number): Promise<void> {
    await this.close();
    await this.#write(this.#file.data, bytes, sealedRange(index, this.size).from);
  }

  async #write(path: string, bytes: Uint8Array, at: number): Promise<void> {
    try {
      await this.#parts.disk.mkdir(this.#file.folder, { recursive: true });
      await (await this.#parts.disk.open(path, 'a', PRIVATE_FILE)).close();
      const handle = await this.#parts.disk.open(path, 'r+', PRIVATE_FILE);
      try {
        await handle.write(bytes, 0, bytes.length, at);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    } catch (cause) {
      throw diskTrouble(cause);
    }
  }
}

async function fits(bytes: Uint8Array, list: ChunkList, index: number): Promise<boolean> {
  return equals(await chunkHash(bytes), list.at(index) ?? new Uint8Array());
}
