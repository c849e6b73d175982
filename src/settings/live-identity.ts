// Who a program is in the overlay, read from its data directory. Its chain changes while it runs, when the leaf is renewed;
// whoever holds this object sees the present one at each handshake.
import { equals } from 'uint8arrays/equals';
import { parseCertificate } from '../pki/certificate.ts';
import type { Chain } from '../pki/chain.ts';
import { encodeChain } from '../pki/chain.ts';
import { leafSpki } from '../pki/keys.ts';
import type { RealmName, Role, Tier } from '../realm/names.ts';
import type { DataDirectory, KeyFiles } from './data-directory.ts';
import { readChain, readLeafKey } from './key-files.ts';
import type { RealmFile } from './realm-file.ts';
import { finishReplacement } from './staged-credential.ts';

export class LiveIdentity {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly role: Role;
  /** The raw 32-byte seed of the Ed25519 key. */
  readonly privateKey: Uint8Array;
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly rootFingerprint: string;
  readonly #files: KeyFiles;
  #chain: Chain;

  constructor(
    file: RealmFile,
    role: Role,
    files: KeyFiles,
    key: { seed: Uint8Array; publicKey: Uint8Array },
    chain: Chain,
  ) {
    this.realm = file.realm;
    this.tier = file.tier;
    this.role = role;
    this.rootFingerprint = file.rootFingerprint;
    this.privateKey = key.seed;
    this.publicKey = key.publicKey;
    this.#files = files;
    this.#chain = chain;
  }

  /** Leaf first, root last. */
  get chain(): Chain {
    return this.#chain;
  }

  /** Reads the chain again. Returns whether it is another one. A chain for a key that replaces ours counts from the next start on. */
  async refresh(): Promise<boolean> {
    const found = await readChain(this.#files);
    if (!isFor(found, this.publicKey)) return false;
    const before = Buffer.from(encodeChain(this.#chain));
    this.#chain = found;
    return !before.equals(encodeChain(found));
  }
}

function isFor([leaf]: Chain, publicKey: Uint8Array): boolean {
  return leaf !== undefined && equals(parseCertificate(leaf).spki, leafSpki(publicKey));
}

/** @throws LocalError `key-missing`, `key-damaged` */
export async function openIdentity(directory: DataDirectory, file: RealmFile, role: Role): Promise<LiveIdentity> {
  const files = directory[role];
  await finishReplacement(files);
  return new LiveIdentity(file, role, files, await readLeafKey(files), await readChain(files));
}
