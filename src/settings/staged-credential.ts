// Another key and its chain in the place of those that are there. Two files can't be replaced at once, so both are written beside
// first, the chain last: from that write on the new pair is the one that counts, and whoever opens the directory next finishes what a
// power cut left. Whatever write was the last one, there is the old pair or the new one, whole.
//
//   next/key.pem                    alone it is only a key that nobody has certified yet, and changes nothing
//   next/key.pem + next/chain.pem   the new pair counts: it is put in its place, then next/key.pem goes
//   next/chain.pem                  alone it is all done, but for its own removal
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Credential } from '../pki/bootstrap.ts';
import { LocalError, messageOf } from '../realm/errors.ts';
import { exists, type KeyFiles, type ReplaceableKeyFiles, readOptional } from './data-directory.ts';
import { makePrivateFolder, syncFolder, writePrivateFile } from './private-file.ts';

/** Each step is whole and durable when it resolves. */
export interface CredentialDisk {
  read(path: string): Promise<string | undefined>;
  write(path: string, content: string): Promise<void>;
  /** Of a file that may be gone already. */
  remove(path: string): Promise<void>;
}

export const credentialDisk: CredentialDisk = {
  read: readOptional,
  write: async (path, content) => {
    await makePrivateFolder(dirname(path));
    await writePrivateFile(path, content);
  },
  remove: async (path) => {
    try {
      await rm(path, { force: true });
      if (await exists(dirname(path))) await syncFolder(dirname(path));
    } catch (cause) {
      throw new LocalError('cannot-write', `${path} cannot be removed: ${messageOf(cause)}`, { cause });
    }
  },
};

/** What may be kept of the pair that goes. */
type Replaced = ReplaceableKeyFiles & { readonly old?: KeyFiles };

/** @throws LocalError `cannot-write`, `cannot-read`; the next `finishReplacement` finds the old pair or goes on with the new one */
export async function replaceCredential(
  files: Replaced,
  { keyPem, chainPem }: Credential,
  disk: CredentialDisk = credentialDisk,
): Promise<void> {
  await disk.write(files.next.key, keyPem);
  await commitReplacement(files, chainPem, disk);
}

/** The key lies in `next` already. */
export async function commitReplacement(
  files: Replaced,
  chainPem: string,
  disk: CredentialDisk = credentialDisk,
): Promise<void> {
  await disk.write(files.next.chain, chainPem);
  await finishReplacement(files, disk);
}

/** Before anything reads the pair. Returns whether there was something to finish. */
export async function finishReplacement(files: Replaced, disk: CredentialDisk = credentialDisk): Promise<boolean> {
  const [keyPem, chainPem] = [await disk.read(files.next.key), await disk.read(files.next.chain)];
  if (chainPem === undefined) return false;
  if (keyPem !== undefined) {
    // The key is written first: as long as it is the old one, so is the chain, and both are kept before either goes.
    if (files.old && (await disk.read(files.key)) !== keyPem) await keep(files, files.old, disk);
    await disk.write(files.key, keyPem);
    await disk.write(files.chain, chainPem);
    await disk.remove(files.next.key);
  }
  await disk.remove(files.next.chain);
  return true;
}

/** The key last: a chain in `old` without its key is of no use, and is written again. */
async function keep(files: KeyFiles, old: KeyFiles, disk: CredentialDisk): Promise<void> {
  const [keyPem, chainPem] = [await disk.read(files.key), await disk.read(files.chain)];
  if (keyPem === undefined || chainPem === undefined) return;
  await disk.write(old.chain, chainPem);
  await disk.write(old.key, keyPem);
}
