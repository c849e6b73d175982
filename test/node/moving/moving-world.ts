// Three branches, each with a directory of its own that hears of a move when the test says so.
import type { TestContext } from 'node:test';
import type { Directory, UserProfile } from '../../../node/directory/directory.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type Branch, directory, KYIV, LVIV, ODESA, startBranch } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';

export class MovingDirectory implements Pick<Directory, 'findById' | 'onChange'> {
  readonly #first = directory();
  readonly #homes = new Map<UserId, RealmName | undefined>();
  readonly #listeners = new Set<(user: UserProfile) => void>();

  findById(id: UserId): UserProfile | undefined {
    const user = this.#first.findById(id);
    if (!user || !this.#homes.has(id)) return user;
    const home = this.#homes.get(id);
    return home && { ...user, home, address: { ...user.address, realm: home } };
  }

  onChange(listener: (user: UserProfile) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Undefined: the user is removed. */
  hears(id: UserId, home: RealmName | undefined): void {
    this.#homes.set(id, home);
    const user = this.findById(id);
    if (user) for (const listener of this.#listeners) listener(user);
  }
}

export async function threeBranches(t: TestContext) {
  const network = new SimulatedNetwork();
  const directories = new Map([KYIV, LVIV, ODESA].map((realm) => [realm, new MovingDirectory()] as const));
  const databases = new Map<RealmName, Awaited<ReturnType<typeof openDatabase>>>();
  const running = new Map<RealmName, Branch>();
  for (const realm of directories.keys()) databases.set(realm, await openDatabase(await temporaryFolder(t)));
  const of = <T>(map: ReadonlyMap<RealmName, T>, realm: RealmName): T => {
    const found = map.get(realm);
    if (!found) throw new Error(`no ${realm} in this test`);
    return found;
  };
  const hearing = (realm: RealmName) => of(directories, realm);
  const start = async (realm: RealmName): Promise<Branch> => {
    const branch = await startBranch({ realm, network, database: of(databases, realm), directory: hearing(realm) });
    running.set(realm, branch);
    return branch;
  };
  const stop = async (realm: RealmName): Promise<void> => {
    await running.get(realm)?.stop();
    running.delete(realm);
  };
  t.after(async () => {
    for (const branch of running.values()) await branch.stop();
    for (const database of databases.values()) await database.close();
  });
  return { network, start, stop, hearing, database: (realm: RealmName) => of(databases, realm) };
}
