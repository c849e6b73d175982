// Makes the first realm of a hierarchy in a data directory. Root and authority sign here, in this process, once; from
// then on the root is offline and the authority signs in a child process of the node.
import { type Chain, fingerprintOf } from '../../src/pki/chain.ts';
import { createRoot, issueAuthority, issueLeaf } from '../../src/pki/issue.ts';
import { localSigner, type Signer } from '../../src/pki/keys.ts';
import { readPem, writePem } from '../../src/pki/pem.ts';
import { ConflictError, InputError } from '../../src/realm/errors.ts';
import { parentOf, type RealmName, ROLES } from '../../src/realm/names.ts';
import {
  createDataDirectory,
  type DataDirectory,
  dataDirectory,
  readOptional,
} from '../../src/settings/data-directory.ts';
import { ensureAuthorityKey, ensureLeafKey, writeChain } from '../../src/settings/key-files.ts';
import { writePrivateFile } from '../../src/settings/private-file.ts';
import { findRealmFile, writeRealmFile } from '../../src/settings/realm-file.ts';
import { decideSettings, type GivenSettings } from '../../src/settings/settings.ts';
import { writeFirstSettings } from '../../src/settings/settings-text.ts';

export interface InitRegion {
  readonly realm: RealmName;
  readonly dir: string;
  readonly given: GivenSettings;
  readonly dryRun?: boolean;
}

export interface MadeRegion {
  readonly dir: string;
  readonly rootFolder: string;
  /** Undefined in a dry run: there is no root yet. */
  readonly rootFingerprint?: string;
}

export async function initRegion(init: InitRegion): Promise<MadeRegion> {
  const { realm, given } = init;
  if (parentOf(realm) !== undefined) {
    throw new InputError('bad-region-name', `"${realm}" has a dot; a region stands at the top`, {
      hint: 'Name the region alone, for example "ua"; enterprises and branches join below it.',
    });
  }
  decideSettings(given, {}, {});
  const planned = dataDirectory(init.dir);
  await refuseTaken(planned);
  const made = { dir: planned.path, rootFolder: planned.root.folder };
  if (init.dryRun) return made;
  const directory = await createDataDirectory(init.dir);
  const rootFingerprint = await certify(directory, realm);
  await writeFirstSettings(directory, given);
  await writeRealmFile(directory, {
    realm,
    tier: 'region',
    rootFingerprint,
    ancestors: [],
    programs: ROLES,
    ownRelays: [],
  });
  return { ...made, rootFingerprint };
}

async function refuseTaken(directory: DataDirectory): Promise<void> {
  const present = await findRealmFile(directory);
  if (!present) return;
  throw new ConflictError('realm-exists', `${directory.path} holds the realm ${present.realm} already`, {
    hint: `Run it with "canopy start --dir ${directory.path}", or give another --dir.`,
  });
}

/** Root, authority, leaves. Returns the root's fingerprint. realm.json is written after it, so a crash begins anew. */
async function certify(directory: DataDirectory, realm: RealmName): Promise<string> {
  const now = Date.now();
  const rootSigner = localSigner(await ensureAuthorityKey(directory.root));
  const root = await ensureRoot(directory, realm, rootSigner, now);
  const authority = await ensureAuthorityKey(directory.authority);
  const tier = 'region';
  const chain = await issueAuthority({
    signer: rootSigner,
    chain: [root],
    realm,
    tier,
    now,
    publicKey: authority.spki,
  });
  await writeChain(directory.authority, chain);
  await issueLeaves(directory, { signer: localSigner(authority), chain, realm, now });
  return fingerprintOf(root);
}

async function ensureRoot(
  directory: DataDirectory,
  realm: RealmName,
  signer: Signer,
  now: number,
): Promise<Uint8Array> {
  const present = await readOptional(directory.root.certificate);
  const [kept] = present === undefined ? [] : readPem('CERTIFICATE', present);
  if (kept) return kept;
  const root = await createRoot({ realm, now, signer });
  await writePrivateFile(directory.root.certificate, writePem('CERTIFICATE', [root]));
  return root;
}

async function issueLeaves(
  directory: DataDirectory,
  issuer: { signer: Signer; chain: Chain; realm: RealmName; now: number },
): Promise<void> {
  for (const role of ROLES) {
    const { publicKey } = await ensureLeafKey(directory[role]);
    await writeChain(directory[role], await issueLeaf({ ...issuer, tier: 'region', role, publicKey }));
  }
}
