// Realms of one tree with real conversations, delivery and custody over a fake network: `ua` above `acme.ua` and `beta.ua`, each
// with a branch. Their stores outlive a stop.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Directory, UserProfile } from '../../../node/directory/directory.ts';
import { parseUserId, type UserId } from '../../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { parseUserAddress } from '../../../src/realm/user-address.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { type Branch, type BranchOptions, CLERK, DEVICE, startBranch } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';

export const UA = parseRealmName('ua');
export const ACME = parseRealmName('acme.ua');
export const BETA = parseRealmName('beta.ua');
export const KYIV = parseRealmName('kyiv.acme.ua');
export const LVIV = parseRealmName('lviv.acme.ua');
export const ODESA = parseRealmName('odesa.beta.ua');
export const ENGINEER = parseUserId('20000000-0000-4000-8000-000000000001');
export const SMITH = parseUserId('20000000-0000-4000-8000-000000000002');
export const FROM_CLERK = { user: CLERK, device: DEVICE };

const ADDRESSES: readonly [UserId, string][] = [
  [CLERK, 'clerk@kyiv.acme.ua'],
  [ENGINEER, 'engineer@lviv.acme.ua'],
  [SMITH, 'smith@odesa.beta.ua'],
];

/** Everybody knows everybody. */
export function everybody(): Pick<Directory, 'findById'> {
  const profiles = new Map(
    ADDRESSES.map(([id, text]): [UserId, UserProfile] => {
      const address = parseUserAddress(text);
      return [id, { id, address, name: text, kind: 'person', home: address.realm, status: 'active' }];
    }),
  );
  return { findById: (id) => profiles.get(id) };
}

type Options = Omit<BranchOptions, 'realm' | 'database' | 'network'>;

/** One realm whose program can end and begin again over the same store. */
export class Site {
  readonly realm: RealmName;
  readonly #tree: Tree;
  readonly #folder: string;
  #database: Database | undefined;
  #branch: Branch | undefined;

  constructor(tree: Tree, realm: RealmName, folder: string) {
    this.realm = realm;
    this.#tree = tree;
    this.#folder = folder;
  }

  get branch(): Branch {
    if (!this.#branch) throw new Error(`${this.realm} is down`);
    return this.#branch;
  }

  async start(options: Options = {}): Promise<Branch> {
    this.#database = await openDatabase(this.#folder);
    const { network, options: shared } = this.#tree;
    const parts = { realm: this.realm, database: this.#database, network, directory: everybody() };
    this.#branch = await startBranch({ ...parts, ...shared, ...options });
    network.up(this.realm);
    return this.#branch;
  }

  /** In order, or as when the program is killed: its streams die first. */
  async stop({ killed = false } = {}): Promise<void> {
    if (!this.#branch) return;
    if (killed) this.#tree.network.down(this.realm);
    const branch = this.#branch;
    this.#branch = undefined;
    await branch.stop();
    this.#tree.network.down(this.realm);
    await this.#database?.close();
  }
}

export class Tree {
  readonly network = new SimulatedNetwork();
  readonly options: Options;
  readonly #folder: string;
  readonly #sites = new Map<RealmName, Site>();

  constructor(folder: string, options: Options) {
    this.#folder = folder;
    this.options = options;
  }

  site(realm: RealmName): Site {
    const site = this.#sites.get(realm) ?? new Site(this, realm, join(this.#folder, realm));
    this.#sites.set(realm, site);
    return site;
  }

  /** Starts those realms. */
  async up(...realms: readonly RealmName[]): Promise<Branch[]> {
    return Promise.all(realms.map((realm) => this.site(realm).start()));
  }

  async end(): Promise<void> {
    await Promise.all([...this.#sites.values()].map((site) => site.stop({ killed: true })));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export async function plantTree(t: TestContext, options: Options = {}): Promise<Tree> {
  const tree = new Tree(await mkdtemp(join(tmpdir(), 'canopy-custody-')), options);
  t.after(() => tree.end());
  return tree;
}
