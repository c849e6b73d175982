// Makes the first realm of a hierarchy in a data directory. Root and authority sign here, in this process, once; from
// then on the root is offline and the authority signs in a child process of the node.
import { createRegionKeys, type RegionFiles } from '../../src/pki/bootstrap.ts';
import { ConflictError, InputError } from '../../src/realm/errors.ts';
import { parentOf, type RealmName, ROLES } from '../../src/realm/names.ts';
import { createDataDirectory, type DataDirectory, dataDirectory } from '../../src/settings/data-directory.ts';
import { writeCredential, writeKey } from '../../src/settings/key-files.ts';
import { writeLanFiles } from '../../src/settings/lan-certificate.ts';
import { lanHosts } from '../../src/settings/lan-hosts.ts';
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
  const { settings } = decideSettings(given, {});
  const planned = dataDirectory(init.dir);
  await refuseTaken(planned);
  const made = { dir: planned.path, rootFolder: planned.root.folder };
  if (init.dryRun) return made;
  const directory = await createDataDirectory(init.dir);
  const keys = await createRegionKeys({ realm, now: Date.now(), lan: lanHosts(settings.lan) });
  await writeKeys(directory, keys);
  const { rootFingerprint } = keys;
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

async function writeKeys(directory: DataDirectory, keys: RegionFiles): Promise<void> {
  await writeKey(directory.root, keys.root.keyPem);
  await writePrivateFile(directory.root.certificate, keys.root.chainPem);
  await writeCredential(directory.authority, keys.authority);
  await writeCredential(directory.node, keys.node);
  await writeCredential(directory.relay, keys.relay);
  await writeLanFiles(directory, keys.lan);
}
