// Which realm of the house may list a user: the one that gave the id, as the id itself says, or one that it was handed to, as the chain of
// each realm on the way says. So a branch that claims a colleague's user gets nothing by being read first.
import { isBornAt, isOfHouse, namesHouse } from '../../src/realm/house-id.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';

export class BirthPlaces {
  readonly #house: RealmName;
  /** Who moved from where to where; in whichever order it was read. */
  readonly #moves = new Map<UserId, { readonly from: RealmName; readonly to: RealmName }[]>();

  constructor(house: RealmName) {
    this.#house = house;
  }

  /** The chain of `from` says that it let the user go. */
  moved(id: UserId, from: RealmName, to: RealmName): void {
    const moves = this.#moves.get(id) ?? [];
    if (moves.some((move) => move.from === from && move.to === to)) return;
    this.#moves.set(id, [...moves, { from, to }]);
  }

  /** An id that names no house tells nothing. */
  mayList(realm: RealmName, id: UserId): boolean {
    if (!namesHouse(id)) return true;
    if (!isOfHouse(id, this.#house)) return false;
    const moves = this.#moves.get(id) ?? [];
    const reached = new Set<RealmName>([realm]);
    for (const one of reached) {
      if (isBornAt(id, one)) return true;
      for (const { from, to } of moves) if (to === one) reached.add(from);
    }
    return false;
  }
}
