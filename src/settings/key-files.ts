// Keys and chains in a data directory, as PEM files of mode 0600.
import type { Credential } from '../pki/bootstrap.ts';
import { type Chain, readChainPem } from '../pki/chain.ts';
import { type LeafKey, readLeafKeyPem } from '../pki/keys.ts';
import { LocalError, messageOf } from '../realm/errors.ts';
import { type KeyFiles, type ReplaceableKeyFiles, readOptional } from './data-directory.ts';
import { makePrivateFolder, writePrivateFile } from './private-file.ts';
import { credentialDisk } from './staged-credential.ts';

export async function writeKey(files: { readonly folder: string; readonly key: string }, pem: string): Promise<void> {
  await makePrivateFolder(files.folder);
  await writePrivateFile(files.key, pem);
}

export async function writeChain(files: KeyFiles, pem: string): Promise<void> {
  await makePrivateFolder(files.folder);
  await writePrivateFile(files.chain, pem);
}

/** A pair that was to replace an earlier one, and that a power cut has left, is for nothing then. */
export async function writeCredential(files: ReplaceableKeyFiles, { keyPem, chainPem }: Credential): Promise<void> {
  await credentialDisk.remove(files.next.chain);
  await writeKey(files, keyPem);
  await writeChain(files, chainPem);
}

/** Undefined while one of the two files is missing. */
export async function findCredential(files: KeyFiles): Promise<Credential | undefined> {
  const [keyPem, chainPem] = await Promise.all([readOptional(files.key), readOptional(files.chain)]);
  return keyPem === undefined || chainPem === undefined ? undefined : { keyPem, chainPem };
}

/** @throws LocalError `key-missing`, `key-damaged` */
export async function readLeafKey(files: KeyFiles): Promise<LeafKey> {
  const pem = await readOptional(files.key);
  if (pem === undefined) throw missing(files.key);
  return readable(files.key, () => readLeafKeyPem(pem));
}

/** @throws LocalError `key-missing`, `key-damaged` */
export async function readChain(files: KeyFiles): Promise<Chain> {
  const pem = await readOptional(files.chain);
  if (pem === undefined) throw missing(files.chain);
  return readable(files.chain, () => readChainPem(pem));
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new LocalError('key-damaged', `${path} cannot be read: ${messageOf(cause)}`, {
      cause,
      hint: 'Restore the file from a backup.',
    });
  }
}

function missing(path: string): LocalError {
  return new LocalError('key-missing', `${path} is missing`, {
    hint: 'Restore it from a backup, or join again: canopy join TOKEN --dir DIR',
  });
}
