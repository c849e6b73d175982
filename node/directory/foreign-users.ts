// Users of other enterprises whom somebody here has looked up, or who have written: they have names here, and no prefix finds them.
//
//   ('foreign-user', home realm, user id)   [1, kind, record, time]

import { decodeFound, encodeFound, type LookupAnswer } from '../../src/protocols/profile/lookup.ts';
import { decodeProfile, MAX_RECORD } from '../../src/protocols/profile/record.ts';
import { LocalError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import type { UserAddress } from '../../src/realm/user-address.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';
import type { UserProfile } from './directory.ts';
import { shownOf } from './shown-profile.ts';
import { UserIndex } from './user-index.ts';

const VERSION = 1;
const MAX_NAME = 253;
const MAX_FOUND = MAX_RECORD + 1024;
/** Far more than one realm's people ever write to. */
const MAX_USERS = 100_000;
/** Of one home, so that none that makes people up takes the room of all others. */
const MAX_OF_HOME = 5_000;

interface Seen {
  readonly user: UserProfile;
  /** When it was asked last. */
  readonly time: number;
}

export class ForeignUsers {
  readonly #database: Pick<Database, 'iterate' | 'commit' | 'get'>;
  readonly #index = new UserIndex();
  readonly #seen = new Map<UserId, number>();
  readonly #ofHome = new Map<RealmName, number>();

  constructor(database: Pick<Database, 'iterate' | 'commit' | 'get'>) {
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

  /** Who is hidden, as far as their homes have said so. */
  get hidden(): ReadonlySet<UserId> {
    return this.#index.hidden;
  }

  /** The photo that the home gave when it was asked last. */
  async photoOf({ home, id }: Pick<UserProfile, 'home' | 'id'>): Promise<Uint8Array | undefined> {
    const value = await this.#database.get(key('foreign-user', home, id));
    return value && decodeProfile(readStored(value).found.record).photo;
  }

  findByAddress(address: UserAddress): Seen | undefined {
    const user = this.#index.find(address);
    return user && { user, time: this.#seen.get(user.id) ?? 0 };
  }

  /**
   * The home's newest word: whoever had that address, or had another one, gives way. Whether that home may speak of the id, and
   * whether the user has left another one, is for the caller to know. @throws LocalError `too-many-users`
   */
  async put(home: RealmName, found: LookupAnswer, time: number): Promise<UserProfile> {
    const user = userOf(home, found);
    const before = this.#index.get(user.id);
    const holder = this.#index.find(user.address);
    if (!before && !holder) this.#checkRoom(home);
    const value = encodeFields([VERSION, home, encodeFound(found), time]);
    const over = [holder, before].filter((one) => one && (one.id !== user.id || one.home !== home));
    const replaced = over.flatMap((one): Write[] =>
      one ? [{ type: 'del', key: key('foreign-user', one.home, one.id) }] : [],
    );
    await this.#database.commit([...replaced, { type: 'put', key: key('foreign-user', home, user.id), value }]);
    for (const one of [before, holder]) if (one) this.#forget(one);
    this.#list(home, found, time);
    return user;
  }

  /** The home says no more who that is: from now on as of somebody hidden. */
  async hide({ home, id }: Pick<UserProfile, 'home' | 'id'>): Promise<void> {
    const value = await this.#database.get(key('foreign-user', home, id));
    if (!value) return;
    const { found, time } = readStored(value);
    if (!found.isHidden) await this.put(home, { ...found, isHidden: true }, time);
  }

  #checkRoom(home: RealmName): void {
    if (this.#seen.size < MAX_USERS && (this.#ofHome.get(home) ?? 0) < MAX_OF_HOME) return;
    throw new LocalError('too-many-users', `too many users of ${home}, or of other enterprises, are known already`);
  }

  #forget(user: UserProfile): void {
    if (!this.#seen.delete(user.id)) return;
    this.#index.remove(user);
    this.#ofHome.set(user.home, (this.#ofHome.get(user.home) ?? 1) - 1);
  }

  #list(home: RealmName, found: LookupAnswer, time: number): void {
    const user = userOf(home, found);
    if (!this.#index.put(user)) return;
    if (!this.#seen.has(user.id)) this.#ofHome.set(home, (this.#ofHome.get(home) ?? 0) + 1);
    this.#seen.set(user.id, time);
  }
}

/** @throws InputError when the record is none */
export function userOf(home: RealmName, { kind, record, isHidden }: LookupAnswer): UserProfile {
  const profile = decodeProfile(record);
  const { id, login } = profile;
  const user = { id, address: { login, realm: home }, kind, home, status: 'active', ...shownOf(profile) } as const;
  return isHidden ? { ...user, isHidden } : user;
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
