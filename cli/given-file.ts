// Files that a command was told to read.
import { readFile } from 'node:fs/promises';
import { LocalError, messageOf } from '../src/realm/errors.ts';

/** @throws LocalError `cannot-read` */
export async function readGivenFile(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new LocalError('cannot-read', `${path} cannot be read: ${messageOf(cause)}`, {
      cause,
      hint: 'Check the path, and that you may read the file.',
    });
  }
}

/** @throws LocalError `cannot-read` */
export async function readGivenText(path: string): Promise<string> {
  return new TextDecoder().decode(await readGivenFile(path));
}
