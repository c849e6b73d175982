// Looks through LevelDB's logs before they are replayed. As built for Node, LevelDB passes over a damaged record and whatever follows
// it in silence, so that acknowledged writes would vanish and their numbers be used again. A torn end, on the other hand, is what a
// power cut leaves of a write that was never acknowledged, and is no damage.
//
// The two are told apart by what follows. We write one batch at a time and sync each, so a whole record that begins after a broken
// place proves that the broken place had been synced.
//
// Format (leveldb/doc/log_format.md): blocks of 32 KiB; in them records of checksum (CRC-32C of type and data, masked; 4 bytes), length
// (2), type (1: full, 2: first, 3: middle, 4: last), data; all little-endian; less than 7 bytes at the end of a block are zero.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const BLOCK = 32 * 1024;
const HEADER = 7;
const FULL = 1;
const FIRST = 2;
const LAST = 4;
const POLYNOMIAL = 0x82f63b78;
const MASK_DELTA = 0xa282ead8;

function tableEntry(index: number): number {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => tableEntry(index));

/** CRC-32C, masked as in leveldb/util/crc32c.h. */
export function maskedChecksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

interface LogRecord {
  readonly type: number;
  /** Header included. */
  readonly length: number;
}

/** The whole record that begins here, if there is one. */
function recordAt(block: Buffer, at: number): LogRecord | undefined {
  if (at + HEADER > block.length) return undefined;
  const type = block.readUInt8(at + 6);
  const length = HEADER + block.readUInt16LE(at + 4);
  if (type < FULL || type > LAST || at + length > block.length) return undefined;
  return block.readUInt32LE(at) === maskedChecksum(block.subarray(at + 6, at + length)) ? { type, length } : undefined;
}

/** True when a record is broken that a later one proves to have been synced. */
export function isLogDamaged(log: Buffer): boolean {
  let broken = false;
  for (let start = 0; start < log.length; start += BLOCK) {
    const block = log.subarray(start, start + BLOCK);
    for (let at = 0; at + HEADER <= block.length; ) {
      const record = recordAt(block, at);
      if (record && broken && (record.type === FULL || record.type === FIRST)) return true;
      broken ||= record === undefined;
      // After a broken place a length says nothing: look at every byte for the next whole record.
      at += record?.length ?? 1;
    }
  }
  return false;
}

/** The name of a damaged log in a database's directory, if there is one. */
export async function findDamagedLog(directory: string): Promise<string | undefined> {
  for (const name of await readdir(directory)) {
    if (/^\d+\.log$/.test(name) && isLogDamaged(await readLog(join(directory, name)))) return name;
  }
  return undefined;
}

/** Empty when it is gone: another process has the directory open, which opening will find out. */
async function readLog(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
