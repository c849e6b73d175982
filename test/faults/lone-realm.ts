// A region of its own on loopback with two people, whose programs a test starts itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { freePorts } from '../../cli/demo/free-ports.ts';
import { registerUser } from '../../cli/register-user.ts';
import { initRegion } from '../../cli/setup/init-region.ts';
import { AdminClient } from '../../node/admin/api.ts';
import { type Client, createClient } from '../../src/client/client.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import type { GivenSettings } from '../../src/settings/settings.ts';

export const UA = parseRealmName('ua');

export interface Person {
  readonly address: string;
  readonly client: Client;
}

export interface LoneRealm {
  readonly folder: string;
  readonly dir: string;
  readonly lanPort: number;
  readonly relayPort: number;
  /** Registered and logged in, while the node runs. */
  people(): Promise<readonly [Person, Person]>;
  remove(): Promise<void>;
}

/** @param more settings in the place of these */
export async function makeLoneRealm(more: GivenSettings = {}): Promise<LoneRealm> {
  const folder = await mkdtemp(join(tmpdir(), 'canopy-faults-'));
  const dir = join(folder, 'ua');
  const [lanPort = 0, relayPort = 0, stunPort = 0] = await freePorts(3);
  const given = {
    'lan.listen': `127.0.0.1:${lanPort}`,
    'lan.scheme': 'http',
    'lan.names': ['ua.localhost'],
    'relay.listen': [`127.0.0.1:${relayPort}`],
    'relay.announce': [`127.0.0.1:${relayPort}`],
    'relay.stun': [`127.0.0.1:${stunPort}`],
    ...more,
  };
  await initRegion({ realm: UA, dir, given });
  const server = `http://ua.localhost:${lanPort}`;
  return {
    folder,
    dir,
    lanPort,
    relayPort,
    people: async () => [await register(dir, server, 'clerk'), await register(dir, server, 'engineer')],
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function register(dir: string, server: string, login: string): Promise<Person> {
  const admin = new AdminClient(dataDirectory(dir).socket.node);
  await registerUser(admin, { login, name: `The ${login}`, password: `first of ${login}` });
  const client = createClient({ server, ...nodePlatform() });
  await client.login(login, `first of ${login}`, { newPassword: `second of ${login}` });
  return { address: `${login}@${UA}`, client };
}
