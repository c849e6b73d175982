// Files and folders that only their owner may read. A file is written beside its place and renamed, so that a crash
// leaves the old one or the new one and never half of either.
import { chmod, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LocalError, messageOf } from '../realm/errors.ts';

export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/** @throws LocalError `cannot-write` */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER });
    await chmod(path, PRIVATE_FOLDER);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

/** Resolves when the bytes are on disk under their name. @throws LocalError `cannot-write` */
export async function writePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  const beside = `${path}.new`;
  try {
    const file = await open(beside, 'w', PRIVATE_FILE);
    try {
      await file.chmod(PRIVATE_FILE);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

/** A rename is durable only once its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function cannotWrite(path: string, cause: unknown): LocalError {
  return new LocalError('cannot-write', `${path} cannot be written: ${messageOf(cause)}`, {
    cause,
    hint: 'Check that the folder is yours and that the disk has room: ls -ld DIR; df -h DIR',
  });
}
