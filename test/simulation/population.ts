// The realms and users of a world: one region, enterprises below it, branches below them; users in the branches.
import type { UserProfile } from '../../node/directory/directory.ts';
import { parseUserId, type UserId } from '../../src/realm/ids.ts';
import { parseRealmName, type RealmName, type Tier } from '../../src/realm/names.ts';
import { parseUserAddress } from '../../src/realm/user-address.ts';

export interface PlacedRealm {
  readonly realm: RealmName;
  readonly tier: Tier;
}

/** Branches of an enterprise, when there are enough realms for several enterprises. */
const BRANCHES = 20;

/** `count` realms in three tiers, the region first, each enterprise before its branches. */
export function realmsOf(count: number): PlacedRealm[] {
  const realms: PlacedRealm[] = [{ realm: parseRealmName('ua'), tier: 'region' }];
  const enterprises = Math.max(count < 6 ? 1 : 2, Math.round((count - 1) / (BRANCHES + 1)));
  const branches = count - 1 - enterprises;
  for (let e = 0; e < enterprises; e++) {
    const enterprise = `e${e + 1}.ua`;
    realms.push({ realm: parseRealmName(enterprise), tier: 'enterprise' });
    for (let b = e; b < branches; b += enterprises) {
      realms.push({ realm: parseRealmName(`b${b + 1}.${enterprise}`), tier: 'branch' });
    }
  }
  return realms;
}

/** Users spread evenly over the branches. */
export function usersOf(realms: readonly PlacedRealm[], count: number): UserProfile[] {
  const branches = realms.filter(({ tier }) => tier === 'branch');
  return Array.from({ length: count }, (_, i) => {
    const home = branches[i % branches.length]?.realm ?? parseRealmName('ua');
    const name = `u${i + 1}`;
    const address = parseUserAddress(`${name}@${home}`);
    return { id: userIdOf(i + 1), address, name, kind: 'person', home, status: 'active' };
  });
}

export function userIdOf(n: number): UserId {
  return parseUserId(`10000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);
}
