// Nodes of several enterprises that look people up at one another: the real errands and look-ups over a fake network.
import type { TestContext } from 'node:test';
import type { UserProfile } from '../../../node/directory/directory.ts';
import { ForeignUsers } from '../../../node/directory/foreign-users.ts';
import { KnownUsers } from '../../../node/directory/known-users.ts';
import { UserIndex } from '../../../node/directory/user-index.ts';
import { UserLookup } from '../../../node/directory/user-lookup.ts';
import { Discretion } from '../../../node/discretion/discretion.ts';
import { encodeProfile } from '../../../src/protocols/profile/record.ts';
import { houseUserId, OF_USER } from '../../../src/realm/house-id.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { parseUserAddress } from '../../../src/realm/user-address.ts';
import { createDatabase, type Database } from '../../../src/store/database.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { ACME, BETA, ErrandTree, KYIV, ODESA, type TreeNode, UA } from '../errands/errand-tree.ts';

export const idOf = (n: number, house = BETA): UserId =>
  houseUserId(house, Buffer.from(n.toString(16).padStart(2 * OF_USER, '0'), 'hex'));
export const ASKER = idOf(1);

class House {
  readonly index = new UserIndex();
  readonly records = new Map<UserId, Uint8Array>();

  add(n: number, address: string, status: UserProfile['status'] = 'active'): UserProfile {
    const { login, realm } = parseUserAddress(address);
    const user: UserProfile = {
      id: idOf(n),
      address: { login, realm },
      name: login,
      kind: 'person',
      home: realm,
      status,
    };
    this.index.put(user);
    this.records.set(user.id, encodeProfile({ id: user.id, login, name: login, salt: new Uint8Array(16) }));
    return user;
  }
}

export interface Found extends TreeNode {
  readonly house: House;
  readonly lookup: UserLookup;
  readonly known: KnownUsers;
  readonly database: Database;
  /** Whom the asker shares a conversation with, and realms with which people here do. */
  readonly met: { readonly people: Set<UserId>; readonly realms: Set<RealmName> };
}

export async function open(
  t: TestContext,
  tree: ErrandTree,
  realm: RealmName,
  options: { readonly database?: Database; readonly mayFind?: (origin: RealmName) => boolean } = {},
): Promise<Found> {
  const node = await tree.open(realm);
  const house = new House();
  const database = options.database ?? (await createDatabase(new ForgetfulDisk().openEngine()));
  const foreign = new ForeignUsers(database);
  await foreign.load();
  const directory = {
    findByAddress: (address: UserProfile['address']) => house.index.find(address),
    findById: (id: UserId) => house.index.get(id),
    search: (...given: Parameters<UserIndex['search']>) => house.index.search(...given),
    list: () => house.index.list(),
    onChange: () => () => {},
  };
  const met = { people: new Set<UserId>(), realms: new Set<RealmName>() };
  const discretion = new Discretion({
    directory: { findById: (id) => house.index.get(id) ?? foreign.findById(id) },
    hidden: () => [house.index.hidden, foreign.hidden],
    acquaintances: {
      known: async (_, others) => new Set([...others].filter((id) => met.people.has(id))),
      hasAt: async (of) => met.realms.has(of),
    },
  });
  const lookup = new UserLookup(realm, {
    directory,
    foreign,
    errands: node.errands,
    recordOf: async (id) => house.records.get(id),
    isNear: (of) => of === realm,
    isBranch: () => false,
    mayFind: options.mayFind ?? (() => true),
    discretion,
    clock: tree.clock,
    log: silentLog,
  });
  node.errands.start();
  t.after(() => lookup.stop());
  const known = new KnownUsers(directory, foreign, lookup, discretion, realm !== UA);
  return { ...node, house, lookup, known, database, met };
}

export async function pair(t: TestContext, mayFind?: (origin: RealmName) => boolean) {
  const tree = new ErrandTree();
  for (const realm of [UA, ACME, BETA]) (await tree.open(realm)).errands.start();
  const kyiv = await open(t, tree, KYIV);
  const odesa = await open(t, tree, ODESA, mayFind ? { mayFind } : {});
  return { tree, kyiv, odesa };
}

export const find = ({ lookup }: Found, address: string) => lookup.find(parseUserAddress(address), ASKER);
