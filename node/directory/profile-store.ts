// Profile records on disk, own and foreign, apart from the ledger so that each can be erased.
//
//   ('profile', home realm, user id)  the record, as src/protocols/profile/record.ts encodes it
//
// The realm is part of the key, so that no realm can overwrite what another says of a user.
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, under } from '../../src/store/keys.ts';

export class ProfileStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(home: RealmName, id: UserId): Promise<Uint8Array | undefined> {
    return this.#database.get(key('profile', home, id));
  }

  put(home: RealmName, id: UserId, record: Uint8Array): Write {
    return { type: 'put', key: key('profile', home, id), value: record };
  }

  erase(home: RealmName, id: UserId): Write {
    return { type: 'del', key: key('profile', home, id) };
  }

  /** Has the erased records of a realm leave the files, too, as far as the engine can (docs/protocols/ledger.md, "Erasure"). */
  compact(home: RealmName): Promise<void> {
    return this.#database.compact(under('profile', home));
  }

  commit(writes: readonly Write[]): Promise<void> {
    return this.#database.commit(writes);
  }
}
