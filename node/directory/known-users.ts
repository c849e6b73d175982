// Everyone who has a name here: the directory, and those of other enterprises who were looked up. A prefix finds the directory's
// people alone. What is asked without an asker is for this node's own use; whoever asks for a client names its user, from whom some may
// be hidden.
import { parseUserId, type UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { UserAddress } from '../../src/realm/user-address.ts';
import type { Discretion } from '../discretion/discretion.ts';
import type { Directory, Met, UserProfile } from './directory.ts';
import type { ForeignUsers } from './foreign-users.ts';
import type { UserLookup } from './user-lookup.ts';

/** Whoever is not found costs the same as who is hidden. */
const NOBODY: UserId = parseUserId('00000000-0000-4000-8000-000000000000');

export class KnownUsers implements Directory {
  readonly #directory: Directory;
  readonly #foreign: ForeignUsers;
  readonly #lookup: UserLookup;
  readonly #discretion: Pick<Discretion, 'mayReach' | 'shownTo'>;
  readonly #hasAddressBook: boolean;

  /** @param hasAddressBook users of a region are outsiders to one another: they find whom they can name, and nobody else */
  constructor(
    directory: Directory,
    foreign: ForeignUsers,
    lookup: UserLookup,
    discretion: Pick<Discretion, 'mayReach' | 'shownTo'>,
    hasAddressBook: boolean,
  ) {
    this.#directory = directory;
    this.#foreign = foreign;
    this.#lookup = lookup;
    this.#discretion = discretion;
    this.#hasAddressBook = hasAddressBook;
  }

  findByAddress(address: UserAddress): UserProfile | undefined {
    return this.#directory.findByAddress(address) ?? this.#foreign.findByAddress(address)?.user;
  }

  findById(id: UserId): UserProfile | undefined {
    return this.#directory.findById(id) ?? this.#foreign.findById(id);
  }

  search(prefix: string, limit: number, mayShow?: (user: UserProfile) => boolean): UserProfile[] {
    return this.#directory.search(prefix, limit, mayShow);
  }

  async findFor(asker: UserId, id: UserId): Promise<UserProfile | undefined> {
    return (await this.#discretion.mayReach(asker, id)) ? this.findById(id) : undefined;
  }

  async searchFor(asker: UserId, prefix: string, limit: number): Promise<UserProfile[]> {
    return this.#hasAddressBook ? this.search(prefix, limit, await this.#discretion.shownTo(asker)) : [];
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

  /** As UserLookup does, but for those who are hidden from the asker. */
  async lookUp(address: UserAddress, asker: UserId): Promise<UserProfile | undefined> {
    const found = await this.#lookup.find(address, asker);
    return (await this.#discretion.mayReach(asker, found?.id ?? NOBODY)) ? found : undefined;
  }

  mayHave(home: RealmName, id: UserId): boolean {
    return this.#lookup.mayHave(home, id);
  }

  meet(id: UserId, home: RealmName): Promise<Met> {
    return this.#lookup.meet(id, home);
  }
}
