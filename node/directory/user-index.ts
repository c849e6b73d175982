// All known users in memory: by id, by address, and in the order of their addresses for search by prefix.
import type { UserId } from '../../src/realm/ids.ts';
import { formatUserAddress, type UserAddress } from '../../src/realm/user-address.ts';
import type { UserProfile } from './directory.ts';

/** The first place in the sorted list that is not before `text`. */
function placeOf(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class UserIndex {
  readonly #byId = new Map<UserId, UserProfile>();
  readonly #byAddress = new Map<string, UserProfile>();
  readonly #addresses: string[] = [];
  readonly #hidden = new Set<UserId>();

  get(id: UserId): UserProfile | undefined {
    return this.#byId.get(id);
  }

  find(address: UserAddress): UserProfile | undefined {
    return this.#byAddress.get(formatUserAddress(address));
  }

  /** Who is hidden. */
  get hidden(): ReadonlySet<UserId> {
    return this.#hidden;
  }

  /** False, and nothing changes, when the id or the address belongs to somebody else already. */
  put(user: UserProfile): boolean {
    const address = formatUserAddress(user.address);
    const holder = this.#byAddress.get(address);
    const before = this.#byId.get(user.id);
    if ((holder && holder.id !== user.id) || (before && formatUserAddress(before.address) !== address)) return false;
    if (!holder) this.#addresses.splice(placeOf(this.#addresses, address), 0, address);
    this.#byId.set(user.id, user);
    this.#byAddress.set(address, user);
    if (user.isHidden) this.#hidden.add(user.id);
    else this.#hidden.delete(user.id);
    return true;
  }

  remove(user: UserProfile): void {
    const address = formatUserAddress(user.address);
    if (this.#byId.get(user.id) !== user) return;
    this.#byId.delete(user.id);
    this.#byAddress.delete(address);
    this.#hidden.delete(user.id);
    this.#addresses.splice(placeOf(this.#addresses, address), 1);
  }

  search(prefix: string, limit: number, mayShow: (user: UserProfile) => boolean = () => true): UserProfile[] {
    const found: UserProfile[] = [];
    for (let at = placeOf(this.#addresses, prefix); at < this.#addresses.length && found.length < limit; at++) {
      const address = this.#addresses[at] ?? '';
      if (!address.startsWith(prefix)) break;
      const user = this.#byAddress.get(address);
      if (user && mayShow(user)) found.push(user);
    }
    return found;
  }

  list(): UserProfile[] {
    return [...this.#byId.values()];
  }
}
