// Keys and chains in a data directory. A key is made once and kept: enrolling again after a crash must show the same one.

import { type Chain, readChainPem, writeChainPem } from '../pki/chain.ts';
import {
  type AuthorityKey,
  generateAuthorityKey,
  generateLeafKey,
  type LeafKey,
  readAuthorityKeyPem,
  readLeafKeyPem,
  writeAuthorityKeyPem,
  writeLeafKeyPem,
} from '../pki/keys.ts';
import { LocalError, messageOf } from '../realm/errors.ts';
import { type KeyFiles, readOptional } from './data-directory.ts';
import { makePrivateFolder, writePrivateFile } from './private-file.ts';

export async function ensureLeafKey(files: KeyFiles): Promise<LeafKey> {
  const pem = await readOptional(files.key);
  if (pem !== undefined) return readable(files.key, () => readLeafKeyPem(pem));
  const key = await generateLeafKey();
  await makePrivateFolder(files.folder);
  await writePrivateFile(files.key, writeLeafKeyPem(key));
  return key;
}

export async function ensureAuthorityKey(files: {
  readonly folder: string;
  readonly key: string;
}): Promise<AuthorityKey> {
  const pem = await readOptional(files.key);
  if (pem !== undefined) return readable(files.key, () => readAuthorityKeyPem(pem));
  const key = await generateAuthorityKey();
  await makePrivateFolder(files.folder);
  await writePrivateFile(files.key, writeAuthorityKeyPem(key));
  return key;
}

/** @throws LocalError `key-missing` */
export async function readLeafKey(files: KeyFiles): Promise<LeafKey> {
  const pem = await readOptional(files.key);
  if (pem === undefined) throw missing(files.key);
  return readable(files.key, () => readLeafKeyPem(pem));
}

export async function writeChain(files: KeyFiles, chain: Chain): Promise<void> {
  await makePrivateFolder(files.folder);
  await writePrivateFile(files.chain, writeChainPem(chain));
}

/** Undefined when none was written yet. */
export async function findChain(files: KeyFiles): Promise<Chain | undefined> {
  const pem = await readOptional(files.chain);
  return pem === undefined ? undefined : readable(files.chain, () => readChainPem(pem));
}

/** @throws LocalError `key-missing` */
export async function readChain(files: KeyFiles): Promise<Chain> {
  const chain = await findChain(files);
  if (!chain) throw missing(files.chain);
  return chain;
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
