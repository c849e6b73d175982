// Users whom another realm hands over, until its directory chain says that they have moved here.
//
//   ('moving', user id)   [version 1, from, what was handed over as src/protocols/move writes it]
//
// The records of the vault lie where they will stay (node/vault); without the entry of the old home nobody gets at them.
import { decodeMovedUser, encodeMovedUser, type MovedUser } from '../../src/protocols/move/index.ts';
import { parseUserId, type UserId } from '../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';

export interface HeldUser {
  readonly from: RealmName;
  readonly moved: MovedUser;
}

const VERSION = 1;
const MAX_NAME = 253;
const MAX_MOVED = 64 * 1024;

export class HeldUsers {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async get(user: UserId): Promise<HeldUser | undefined> {
    const bytes = await this.#database.get(key('moving', user));
    return bytes && decodeHeld(bytes);
  }

  async list(): Promise<{ readonly user: UserId; readonly held: HeldUser }[]> {
    const found: { user: UserId; held: HeldUser }[] = [];
    for await (const [rowKey, bytes] of this.#database.iterate(under('moving'))) {
      found.push({ user: parseUserId(String(parseKey(rowKey)[1])), held: decodeHeld(bytes) });
    }
    return found;
  }

  put(user: UserId, { from, moved }: HeldUser): Write {
    return { type: 'put', key: key('moving', user), value: encodeFields([VERSION, from, encodeMovedUser(moved)]) };
  }

  erase(user: UserId): Write {
    return { type: 'del', key: key('moving', user) };
  }

  commit(writes: readonly Write[]): Promise<void> {
    return this.#database.commit(writes);
  }
}

function decodeHeld(bytes: Uint8Array): HeldUser {
  return decodeFields(bytes, 'held user', (reader) => {
    reader.version(VERSION);
    return { from: parseRealmName(reader.text(MAX_NAME)), moved: decodeMovedUser(reader.bytes(MAX_MOVED)) };
  });
}
