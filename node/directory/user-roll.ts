// Who is on the list: each user once, under the realm that may list that user. What another realm says of somebody waits until it may: it is
// the new home of a user whom the old one has not let go yet, or it will never count.
import { equals } from 'uint8arrays/equals';
import type { UserEntry } from '../../src/protocols/ledger/kinds.ts';
import { decodeProfile, loginHash } from '../../src/protocols/profile/record.ts';
import { CanopyError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { BirthPlaces } from './birth-places.ts';
import type { UserProfile } from './directory.ts';
import { shownOf } from './shown-profile.ts';
import { UserIndex } from './user-index.ts';
import type { UserList } from './user-intake.ts';

export interface UserRollComponents {
  readonly realm: RealmName;
  readonly house: RealmName;
  readonly log: Log;
  readonly onListed: (user: UserProfile) => void;
  readonly onRemoved: (user: UserProfile) => void;
}

interface Claim {
  readonly home: RealmName;
  readonly entry: UserEntry;
  readonly record: Uint8Array;
}

export class UserRoll implements UserList {
  readonly index = new UserIndex();
  readonly #parts: UserRollComponents;
  readonly #births: BirthPlaces;
  /** The newest of each realm: none drives out another's. */
  readonly #claims = new Map<UserId, Map<RealmName, Claim>>();

  constructor(components: UserRollComponents) {
    this.#parts = components;
    this.#births = new BirthPlaces(components.house);
  }

  /** Puts a user on the list, if the record says what the entry vouches for and the realm may. */
  list(home: RealmName, entry: UserEntry, record: Uint8Array): UserProfile | undefined {
    const { realm, log, onListed } = this.#parts;
    const user = vouchedFor(home, entry, record);
    if (user && home === realm) this.#giveWay(user);
    const holder = this.index.get(entry.id);
    const mayList = this.#mayList(home, entry.id);
    if (user && (!mayList || (holder && holder.home !== home))) this.#claim({ home, entry, record });
    if (!user || !mayList || !this.index.put(user)) {
      log.warn({ user: entry.id, realm: home }, 'directory entry contradicts its record or another user');
      return undefined;
    }
    onListed(user);
    return user;
  }

  unlist(home: RealmName, id: UserId): void {
    const user = this.index.get(id);
    this.#claims.get(id)?.delete(home);
    if (user?.home === home) this.remove(user);
  }

  moved(home: RealmName, id: UserId, to: RealmName): void {
    this.#births.moved(id, home, to);
    if (!this.index.get(id)) this.#listNext(id);
  }

  /** Takes a user off; whoever may list that user from then on does. */
  remove(user: UserProfile): void {
    this.index.remove(user);
    this.#claims.get(user.id)?.delete(user.home);
    this.#parts.onRemoved(user);
    this.#listNext(user.id);
  }

  /** A realm's word about its own users is for it alone to doubt. */
  #mayList(home: RealmName, id: UserId): boolean {
    return home === this.#parts.realm || this.#births.mayList(home, id);
  }

  #claim(claim: Claim): void {
    const claims = this.#claims.get(claim.entry.id) ?? new Map<RealmName, Claim>();
    this.#claims.set(claim.entry.id, claims.set(claim.home, claim));
  }

  #listNext(id: UserId): void {
    const claims = this.#claims.get(id);
    const next = [...(claims?.values() ?? [])].find(({ home }) => this.#mayList(home, id));
    if (!claims || !next) return;
    claims.delete(next.home);
    if (claims.size === 0) this.#claims.delete(id);
    this.list(next.home, next.entry, next.record);
  }

  /** Nobody has the id of one of our own users, whoever's chain was read first. */
  #giveWay({ id }: UserProfile): void {
    const { realm, log } = this.#parts;
    const other = this.index.get(id);
    if (!other || other.home === realm) return;
    log.error({ user: id, realm: other.home }, 'another realm claims the id of a user of this one');
    this.index.remove(other);
    this.#parts.onRemoved(other);
  }
}

/** The user that entry and record together speak of; undefined when they do not fit each other. */
function vouchedFor(home: RealmName, entry: UserEntry, record: Uint8Array): UserProfile | undefined {
  try {
    const profile = decodeProfile(record);
    const { id, login, salt } = profile;
    if (id !== entry.id || !equals(loginHash(login, salt), entry.loginHash)) return undefined;
    const { kind, status, isHidden } = entry;
    const user = { id, address: { login, realm: home }, kind, home, status, ...shownOf(profile) };
    return isHidden ? { ...user, isHidden } : user;
  } catch (error) {
    if (error instanceof CanopyError) return undefined;
    throw error;
  }
}
