// Everyone who has a name here: the directory, and those of other enterprises who were looked up. A prefix finds the directory's
// people alone.
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { UserAddress } from '../../src/realm/user-address.ts';
import type { Directory, Met, UserProfile } from './directory.ts';
import type { ForeignUsers } from './foreign-users.ts';
import type { UserLookup } from './user-lookup.ts';

export class KnownUsers implements Directory {
  readonly #directory: Directory;
  readonly #foreign: ForeignUsers;
  readonly #lookup: UserLookup;

  constructor(directory: Directory, foreign: ForeignUsers, lookup: UserLookup) {
    this.#directory = directory;
    this.#foreign = foreign;
    this.#lookup = lookup;
  }

  findByAddress(address: UserAddress): UserProfile | undefined {
    return this.#directory.findByAddress(address) ?? this.#foreign.findByAddress(address)?.user;
  }

  findById(id: UserId): UserProfile | undefined {
    return this.#directory.findById(id) ?? this.#foreign.findById(id);
  }

  search(prefix: string, limit: number): UserProfile[] {
    return this.#directory.search(prefix, limit);
  }

  list(): UserProfile[] {
    return this.#directory.list();
  }

  onChange(listener: (user: UserProfile) => void): () => void {
    return this.#directory.onChange(listener);
  }

  async photoOf(id: UserId): Promise<Uint8Array | undefined> {
    if (this.#directory.findById(id)) return this.#directory.photoOf?.(id);
    const user = this.#foreign.findById(id);
    return user && this.#foreign.photoOf(user);
  }

  /** As UserLookup does. */
  lookUp(address: UserAddress, asker: UserId): Promise<UserProfile | undefined> {
    return this.#lookup.find(address, asker);
  }

  mayHave(home: RealmName, id: UserId): boolean {
    return this.#lookup.mayHave(home, id);
  }

  meet(id: UserId, home: RealmName): Promise<Met> {
    return this.#lookup.meet(id, home);
  }
}
