// Users whose entry is here and whose profile record is not, for each realm; the newest entry of a user counts.
import type { Fact } from '../../src/protocols/ledger/entry.ts';
import {
  decodeUser,
  decodeUserEntry,
  USER_ADDED,
  USER_CHANGED,
  USER_REMOVED,
  type UserEntry,
} from '../../src/protocols/ledger/kinds.ts';
import { decodeUserMoved, USER_MOVED } from '../../src/protocols/ledger/people-kinds.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';

export class PendingUsers {
  readonly #realms = new Map<RealmName, Map<UserId, UserEntry>>();

  /** Takes an entry of a directory chain if it speaks of a user. @throws InputError `malformed`, `bad-id` */
  note({ realm, kind, payload }: Fact): void {
    if (kind === USER_MOVED) this.#realms.get(realm)?.delete(decodeUserMoved(payload).user);
    if (kind === USER_REMOVED) this.#realms.get(realm)?.delete(decodeUser(payload));
    if (kind !== USER_ADDED && kind !== USER_CHANGED) return;
    const user = decodeUserEntry(payload);
    const users = this.#realms.get(realm) ?? new Map<UserId, UserEntry>();
    this.#realms.set(realm, users.set(user.id, user));
  }

  get(realm: RealmName, id: UserId): UserEntry | undefined {
    return this.#realms.get(realm)?.get(id);
  }

  of(realm: RealmName): UserEntry[] {
    return [...(this.#realms.get(realm)?.values() ?? [])];
  }

  realms(): RealmName[] {
    return [...this.#realms.keys()];
  }

  /** Only if `entry` is still the newest. */
  settle(realm: RealmName, entry: UserEntry): void {
    const users = this.#realms.get(realm);
    if (users?.get(entry.id) === entry) users.delete(entry.id);
  }

  /** Behind the others of its realm, so that a record nobody has does not keep others waiting. */
  postpone(realm: RealmName, id: UserId): void {
    const users = this.#realms.get(realm);
    const entry = users?.get(id);
    if (!users || !entry) return;
    users.delete(id);
    users.set(id, entry);
  }
}
