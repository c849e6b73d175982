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

/** Addresses of one realm in a token. */
const MAX_TOLD = 8;

export async function findOwnRelay(directory: DataDirectory, realm: RealmFile, settings: Settings): Promise<OwnRelay> {
  // Of a split realm all of them; else those beside the one on this host.
  const others = realm.ownRelays;
  if (!realm.programs.includes('relay')) return { dialled: others, outer: others.slice(0, MAX_TOLD) };
  const { publicKey } = await readLeafKey(directory.relay);
  const peerId = peerIdOfKey(publicKey);
  return {
    dialled: [...localRelayAddresses(settings.relay, peerId), ...others],
    outer: fairly(outerRelayAddresses(settings.relay, peerId), others),
  };
}

/** A token has room for a few addresses: some of this host's relay, some of the others. */
function fairly(own: readonly string[], others: readonly string[]): string[] {
  const room = MAX_TOLD - Math.min(others.length, MAX_TOLD / 2);
  return [...own.slice(0, room), ...others].slice(0, MAX_TOLD);
}
