// A file that grows chunk by chunk, beside the list of its hashes: an upload, or a blob that comes from another realm. The chunks
// reach the disk before their hashes do, so whatever the list names is there, whenever the power goes. What lies in the file
// beyond its list is forgotten when it is opened again; the newest chunks are compared with their hashes, since a file system
// may have kept a file's length and lost its content.
import type { FileHandle } from 'node:fs/promises';
import { equals } from 'uint8arrays/equals';
import { CHUNK_HASH, ChunkList, chunkHash } from '../../src/crypto/files/chunk-list.ts';
import { SEALED_CHUNK, sealedRange } from '../../src/crypto/files/sizes.ts';
import { readAt, writeAt } from '../../src/store/file-bytes.ts';
import { type BlobFile, type Disk, diskTrouble, PRIVATE_FILE } from './disk.ts';

/** Chunks at the end that are read again on opening: more than are ever written between two syncs. */
const DOUBTED = 32;

export class PartialFile {
  readonly size: number;
  readonly #data: FileHandle;
  readonly #listFile: FileHandle;
  readonly #list: ChunkList;
  #isClosed = false;

  private constructor(size: number, data: FileHandle, listFile: FileHandle, list: ChunkList) {
    this.size = size;
    this.#data = data;
    this.#listFile = listFile;
    this.#list = list;
  }

  /** Makes it, or goes on with what is there. @throws LocalError `disk-full`, `files-failed` */
  static async open(disk: Pick<Disk, 'open'>, file: BlobFile, size: number): Promise<PartialFile> {
    try {
      // Read and write at will, made when it is missing, never emptied.
      const data = await openOrMake(disk, file.data);
      const listFile = await openOrMake(disk, file.list);
      const listed = await listFile.readFile();
      const list = new ChunkList(new Uint8Array(listed.subarray(0, listed.length - (listed.length % CHUNK_HASH))));
      const partial = new PartialFile(size, data, listFile, list);
      await partial.#forgetDoubtful();
      return partial;
    } catch (error) {
      throw diskTrouble(error);
    }
  }

  get count(): number {
    return this.#list.count;
  }

  /** Bytes that are here. */
  get offset(): number {
    return Math.min(this.size, this.#list.count * SEALED_CHUNK);
  }

  get list(): ChunkList {
    return this.#list;
  }

  /** Whole chunks in order. With `sync` all are on disk when it resolves. */
  async append(chunks: readonly Uint8Array[], hashes: readonly Uint8Array[], sync: boolean): Promise<void> {
    try {
      await writeAll(this.#data, chunks, this.#list.count * SEALED_CHUNK);
      if (sync) await this.#data.datasync();
      await writeAll(this.#listFile, hashes, this.#list.count * CHUNK_HASH);
      if (sync) await this.#listFile.datasync();
    } catch (error) {
      throw diskTrouble(error);
    }
    for (const hash of hashes) this.#list.push(hash);
  }

  async sync(): Promise<void> {
    try {
      await this.#data.datasync();
      await this.#listFile.datasync();
    } catch (error) {
      throw diskTrouble(error);
    }
  }

  async read(index: number): Promise<Uint8Array> {
    const { from, to } = sealedRange(index, this.size);
    return readAt(this.#data, from, to - from);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([this.#data.close(), this.#listFile.close()]);
  }

  async #forgetDoubtful(): Promise<void> {
    const here = Math.floor((await this.#data.stat()).size / SEALED_CHUNK);
    const isWhole = (await this.#data.stat()).size >= this.size;
    if (!isWhole) this.#list.cut(here);
    for (let at = Math.max(0, this.#list.count - DOUBTED); at < this.#list.count; at++) {
      const hash = await chunkHash(await this.read(at));
      if (!equals(hash, this.#list.at(at) ?? new Uint8Array())) this.#list.cut(at);
    }
    await this.#listFile.truncate(this.#list.count * CHUNK_HASH);
    await this.#data.truncate(this.offset);
  }
}

async function openOrMake(disk: Pick<Disk, 'open'>, path: string): Promise<FileHandle> {
  const made = await disk.open(path, 'a', PRIVATE_FILE);
  await made.close();
  return disk.open(path, 'r+', PRIVATE_FILE);
}

async function writeAll(handle: FileHandle, parts: readonly Uint8Array[], from: number): Promise<void> {
  let at = from;
  for (const part of parts) {
    await writeAt(handle, at, part);
    at += part.length;
  }
}
