// What the LAN side offers a user of the own account: vault, identity, devices, profile; and the keys of everybody else.
import { type RateLimit, RateLimiter } from '../src/overlay/stun/rate-limit.ts';
import type { Chain } from '../src/pki/chain.ts';
import { encodeUserIdentity } from '../src/protocols/ledger/people-kinds.ts';
import { InputError, RefusedError } from '../src/realm/errors.ts';
import type { UserId } from '../src/realm/ids.ts';
import type { RealmName } from '../src/realm/names.ts';
import type { Directory, UserProfile } from './directory/directory.ts';
import { ForeignKeys } from './directory/foreign-keys.ts';
import type { UserKeys } from './directory/key-book.ts';
import type { KnownUsers } from './directory/known-users.ts';
import type { Discretion } from './discretion/discretion.ts';
import type { Errands } from './errands/errands.ts';
import type { KnownKeys, LanAccount } from './lan/components.ts';
import type { OpenedUsers, UserGround } from './open-users.ts';
import type { Policies } from './policies/policies.ts';

/** Each is an entry of the directory chain and goes to every node of the enterprise. */
const PHOTOS_OF_ONE: RateLimit = { burst: 5, perSecond: 1 / 60 };
const PHOTOS_OF_ALL: RateLimit = { burst: 100, perSecond: 2 };

export interface AccountNeeds extends OpenedUsers {
  readonly errands: Errands;
  /** Also people of other enterprises who were met. */
  readonly people: Pick<KnownUsers, 'findById' | 'photoOf'> & Pick<Directory, 'findFor'>;
  /** Whether another realm is told of an own user by the id; absent: any is. */
  readonly mayTell?: Discretion['mayTell'];
  readonly policies: Pick<Policies, 'forbids'>;
}

export interface OpenedAccount {
  readonly account: LanAccount;
  readonly foreignKeys: ForeignKeys;
}

export function openAccount(ground: UserGround, needs: AccountNeeds): OpenedAccount {
  const { accounts, devices, errands, identities, keys, mayTell, people, policies, users } = needs;
  const { realm } = ground.realm;
  const mayFind = async (user: UserId, origin: RealmName): Promise<boolean> => {
    const found = users.findById(user);
    if (found?.status !== 'active' || policies.forbids('findable', origin) !== undefined) return false;
    return (await mayTell?.(origin, found)) !== false;
  };
  const findFor = (asker: UserId, id: UserId) => people.findFor?.(asker, id) ?? people.findById(id);
  const foreignKeys = new ForeignKeys(realm, { book: keys, errands, mayFind, clock: ground.clock });
  const photos = new RateLimiter(ground.clock, PHOTOS_OF_ONE, PHOTOS_OF_ALL);
  const account: LanAccount = {
    vaults: accounts.vaults,
    identities,
    devices,
    keys: async (id, asker) => {
      const user = await findFor(asker, id);
      if (!user) return { identity: undefined, devices: [], removed: [] };
      const isNear = users.findById(id) !== undefined;
      if (!isNear)
        return foreignKeys.keysOf(user.home, id, asker).then((found) => stated(user.home, found, found.authority));
      const known = keys.keysOf(user.home, id);
      return stated(user.home, known, known.identity && keys.proofOf(user.home, known.identity));
    },
    rename: (user, name) => users.rename(user, name),
    setPhoto: async (user, photo) => {
      if (!photos.take(user))
        throw new RefusedError('photo-rate', 'the photo has been changed too often; wait a minute');
      return users.setPhoto(user, photo);
    },
    photoOf: async (user, asker) => ((await findFor(asker, user)) ? people.photoOf(user) : undefined),
    leave: async (user) => {
      await accounts.remove(profileOf(users, user).address.login, user);
    },
  };
  return { account, foreignKeys };
}

function stated(realm: RealmName, keys: UserKeys, authority: Chain | undefined): KnownKeys {
  return keys.identity ? { ...keys, realm, authority, statement: encodeUserIdentity(keys.identity) } : keys;
}

function profileOf(users: Pick<Directory, 'findById'>, id: UserId): UserProfile {
  const user = users.findById(id);
  if (!user) throw new InputError('unknown-user', `No user ${id} in this realm`);
  return user;
}
