// What a blob that is on its way here must become: its size and its list, kept beside it so that a transfer goes on after a stop
// without asking for them again.
//
//   file = size (8 bytes, big endian) | list
//
// It is compared with the id whenever it is read; one that does not fit is none.
import { equals } from 'uint8arrays/equals';
import { CHUNK_HASH, ChunkList } from '../../src/crypto/files/chunk-list.ts';
import { chunksOfSealed, isSealedSize } from '../../src/crypto/files/sizes.ts';
import { type BlobId, blobIdBytes } from '../../src/realm/blob-id.ts';
import { type Disk, PRIVATE_FILE } from './disk.ts';

const SIZE = 8;

export interface WantedList {
  readonly size: number;
  readonly list: ChunkList;
}

/** On disk when it resolves. */
export async function writeWanted(disk: Pick<Disk, 'open'>, path: string, { size, list }: WantedList): Promise<void> {
  const bytes = new Uint8Array(SIZE + list.bytes.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(size));
  bytes.set(list.bytes, SIZE);
  const handle = await disk.open(path, 'w', PRIVATE_FILE);
  try {
    await handle.writeFile(bytes);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Undefined when there is none, or none that fits. */
export async function readWanted(disk: Pick<Disk, 'open'>, path: string, id: BlobId): Promise<WantedList | undefined> {
  const bytes = await readIfThere(disk, path);
  if (!bytes || bytes.length < SIZE || (bytes.length - SIZE) % CHUNK_HASH !== 0) return undefined;
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset, SIZE).getBigUint64(0));
  const list = new ChunkList(bytes.subarray(SIZE));
  if (!isSealedSize(size) || list.count !== chunksOfSealed(size)) return undefined;
  return equals(await list.digest('blob', size), blobIdBytes(id)) ? { size, list } : undefined;
}

async function readIfThere(disk: Pick<Disk, 'open'>, path: string): Promise<Uint8Array | undefined> {
  try {
    const handle = await disk.open(path, 'r');
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
