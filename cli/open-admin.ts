// The node that a command talks to: the one whose data directory was named.
import { AdminClient } from '../node/admin/api.ts';
import { InputError } from '../src/realm/errors.ts';
import { openDataDirectory } from '../src/settings/data-directory.ts';
import { readRealmFile } from '../src/settings/realm-file.ts';

/** @throws InputError `no-realm-here`, `wrong-program` on a host that runs only a relay */
export async function openAdmin(dir: string): Promise<AdminClient> {
  const directory = await openDataDirectory(dir);
  const { programs, realm } = await readRealmFile(directory);
  if (programs.includes('node')) return new AdminClient(directory.socket.node);
  throw new InputError('wrong-program', `this host runs only the relay of ${realm}`, {
    hint: 'Run it on the host of the node, in the LAN.',
  });
}
