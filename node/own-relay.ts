// How this node reaches its own relay, and how others do.
import { peerIdOfKey } from '../src/overlay/identity.ts';
import type { DataDirectory } from '../src/settings/data-directory.ts';
import { readLeafKey } from '../src/settings/key-files.ts';
import type { RealmFile } from '../src/settings/realm-file.ts';
import { localRelayAddresses, outerRelayAddresses } from '../src/settings/relay-addresses.ts';
import type { Settings } from '../src/settings/settings.ts';

export interface OwnRelay {
  /** Multiaddrs that this node dials. */
  readonly dialled: readonly string[];
  /** Multiaddrs that stand in tokens. */
  readonly outer: readonly string[];
}

export async function findOwnRelay(directory: DataDirectory, realm: RealmFile, settings: Settings): Promise<OwnRelay> {
  if (!realm.programs.includes('relay')) return { dialled: realm.ownRelays, outer: realm.ownRelays };
  const { publicKey } = await readLeafKey(directory.relay);
  const peerId = peerIdOfKey(publicKey);
  return {
    dialled: localRelayAddresses(settings.relay, peerId),
    outer: outerRelayAddresses(settings.relay, peerId),
  };
}
