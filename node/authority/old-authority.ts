// The authority that was replaced, as it lies in the directory: there as long as both of its files are.
import { exists, type KeyFiles } from '../../src/settings/data-directory.ts';
import { readChain } from '../../src/settings/key-files.ts';
import { credentialDisk } from '../../src/settings/staged-credential.ts';
import type { KeyAndChain } from './authority-keys.ts';

/** @throws LocalError `key-damaged` */
export async function findOldAuthority({ old }: { readonly old: KeyFiles }): Promise<KeyAndChain | undefined> {
  if (!(await exists(old.key)) || !(await exists(old.chain))) return undefined;
  return { keyFile: old.key, chain: await readChain(old) };
}

/** The key first: what is left without it counts for nothing. */
export async function removeOldAuthority({ old }: { readonly old: KeyFiles }): Promise<void> {
  await credentialDisk.remove(old.key);
  await credentialDisk.remove(old.chain);
}
