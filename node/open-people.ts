// Whom people here may find and write to: colleagues by the directory, others by their exact address; the policies of this realm
// and of those above it, and its trusts.

import type { RealmName } from '../src/realm/names.ts';
import { ForeignUsers } from './directory/foreign-users.ts';
import { KnownUsers } from './directory/known-users.ts';
import { ProfileStore } from './directory/profile-store.ts';
import type { UserDirectory } from './directory/user-directory.ts';
import { UserLookup } from './directory/user-lookup.ts';
import type { Discretion } from './discretion/discretion.ts';
import type { Errands } from './errands/errands.ts';
import type { Ground } from './ground.ts';
import type { GroupRosters } from './groups/group-rosters.ts';
import type { Ledger } from './ledger/ledger.ts';
import { openDiscretion } from './open-discretion.ts';
import { NodeMessageRules } from './policies/node-message-rules.ts';
import { Policies } from './policies/policies.ts';
import type { TrustTable } from './trusts/trust-table.ts';

export interface PeopleNeeds {
  readonly users: UserDirectory;
  readonly ledger: Ledger;
  readonly errands: Errands;
  readonly table: TrustTable;
  readonly rosters: GroupRosters;
}

export interface OpenedPeople {
  readonly people: KnownUsers;
  readonly lookup: UserLookup;
  readonly discretion: Discretion;
  readonly policies: Policies;
  readonly rules: NodeMessageRules;
  /** Colleagues see who is online; partners do when their trust says so. */
  readonly shares: (realm: RealmName) => boolean;
}

export async function openPeople(
  ground: Ground,
  { users, ledger, errands, table, rosters }: PeopleNeeds,
): Promise<OpenedPeople> {
  const { realm: file, database, audit, clock, log, house } = ground;
  const { realm, tier } = file;
  const policies = new Policies(realm, { ledger, audit, log });
  await policies.follow(ledger);
  const foreign = new ForeignUsers(database);
  await foreign.load();
  const profiles = new ProfileStore(database);
  const isNear = (of: RealmName): boolean =>
    of === realm || of === house || ledger.realms().some((one) => isBranchOf(house, one, of));
  const discretion = openDiscretion(database, { users, foreign, rosters });
  const lookup = new UserLookup(realm, {
    directory: users,
    foreign,
    discretion,
    errands,
    recordOf: (id) => profiles.get(realm, id),
    isNear,
    isBranch: (of) => ledger.realms().some(({ realm: name, tier }) => name === of && tier === 'branch'),
    mayFind: (origin) => policies.forbids('findable', origin) === undefined,
    clock,
    log,
  });
  const rules = new NodeMessageRules(realm, policies, table);
  const shares = (of: RealmName): boolean => isNear(of) || table.termsWith(of)?.presence === true;
  const people = new KnownUsers(users, foreign, lookup, discretion, tier !== 'region');
  return { people, lookup, discretion, policies, rules, shares };
}

function isBranchOf(house: string, one: ReturnType<Ledger['realms']>[number], realm: string): boolean {
  return one.realm === realm && one.issuer === house && one.tier === 'branch';
}
