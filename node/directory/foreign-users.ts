// Users of other enterprises whom somebody here has looked up, or who have written: they have names here, and no prefix finds them.
//
//   ('foreign-user', home realm, user id)   [1, kind, record, time]

import { decodeFound, encodeFound, type LookupAnswer } from '../../src/protocols/profile/lookup.ts';
import { decodeProfile } from '../../src/protocols/profile/record.ts';
import { LocalError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import type { UserAddress } from '../../src/realm/user-address.ts';
import type { Database } from '../../src/store/database.ts';
import { key, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';
import type { UserProfile } from './directory.ts';
import { UserIndex } from './user-index.ts';

const VERSION = 1;
const MAX_NAME = 253;
const MAX_FOUND = 2048;
/** Far more than one realm's people ever write to. */
const MAX_USERS = 100_000;

interface Seen {
  readonly user: UserProfile;
  /** When it was asked last. */
  readonly time: number;
}

export class ForeignUsers {
  readonly #database: Pick<Database, 'iterate' | 'commit'>;
  readonly #index = new UserIndex();
  readonly #seen = new Map<UserId, number>();

  constructor(database: Pick<Database, 'iterate' | 'commit'>) {
    this.#database = database;
  }

  async load(): Promise<void> {
    for await (const [, value] of this.#database.iterate(under('foreign-user'))) {
      const { home, found, time } = readStored(value);
      this.#list(home, found, time);
    }
  }

  findById(id: UserId): UserProfile | undefined {
    return this.#index.get(id);
  }

  findByAddress(address: UserAddress): Seen | undefined {
    const user = this.#index.find(address);
    return user && { user, time: this.#seen.get(user.id) ?? 0 };
  }

  /** @throws LocalError `too-many-users`, `foreign-user-contradicts`: another realm's user has that id */
  async put(home: RealmName, found: LookupAnswer, time: number): Promise<UserProfile> {
    const user = userOf(home, found);
    const before = this.#index.get(user.id);
    if (!before && this.#seen.size >= MAX_USERS) {
      throw new LocalError('too-many-users', `${MAX_USERS} users of other enterprises are known already`);
    }
    if (before && before.home !== home) {
      throw new LocalError('foreign-user-contradicts', `${home} claims the user ${user.id} of ${before.home}`);
    }
    const value = encodeFields([VERSION, home, encodeFound(found), time]);
    await this.#database.commit([{ type: 'put', key: key('foreign-user', home, user.id), value }]);
    this.#list(home, found, time);
    return user;
  }

  #list(home: RealmName, found: LookupAnswer, time: number): void {
    const user = userOf(home, found);
    if (this.#index.put(user)) this.#seen.set(user.id, time);
  }
}

/** @throws InputError when the record is none */
export function userOf(home: RealmName, { kind, record }: LookupAnswer): UserProfile {
  const { id, login, name } = decodeProfile(record);
  return { id, address: { login, realm: home }, name, kind, home, status: 'active' };
}

function readStored(value: Uint8Array): { home: RealmName; found: LookupAnswer; time: number } {
  return decodeFields(value, 'user of another enterprise', (reader) => {
    reader.version(VERSION);
    return {
      home: parseRealmName(reader.text(MAX_NAME)),
      found: decodeFound(reader.bytes(MAX_FOUND)),
      time: reader.number(),
    };
  });
}
