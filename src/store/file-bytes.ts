// Bytes at a place in an open file. The system may read or write fewer than it was asked for; here it is asked again.
import type { FileHandle } from 'node:fs/promises';

/** Shorter than asked for where the file ends. */
export async function readAt(handle: FileHandle, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

export async function writeAt(handle: FileHandle, from: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, from + done)).bytesWritten;
  }
}
