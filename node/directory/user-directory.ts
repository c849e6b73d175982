// The directory: own users, which it appends to the own directory chain, and those of the followed chains (user-intake.ts). A user is
// listed once both the entry and the profile record with the right hashes are on disk; the home realm is that of the chain, so that no
// realm can speak for another's users.
import { randomBytes } from 'node:crypto';
import { equals } from 'uint8arrays/equals';
import type { Network } from '../../src/overlay/seam.ts';
import {
  encodeUser,
  encodeUserEntry,
  USER_ADDED,
  USER_CHANGED,
  USER_REMOVED,
  type UserEntry,
} from '../../src/protocols/ledger/kinds.ts';
import { encodeUserMoved, USER_MOVED } from '../../src/protocols/ledger/people-kinds.ts';
import {
  decodeProfile,
  encodeProfile,
  loginHash,
  parseName,
  profileHash,
  SALT,
} from '../../src/protocols/profile/record.ts';
import { ProfileServer } from '../../src/protocols/profile/server.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { CanopyError, InputError } from '../../src/realm/errors.ts';
import { OF_CHANCE, userIdOf } from '../../src/realm/house-id.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Login, UserAddress } from '../../src/realm/user-address.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { AliasBook, type AliasState } from './alias-book.ts';
import { AliasRegistrar } from './alias-registrar.ts';
import { BirthPlaces } from './birth-places.ts';
import type { Directory, UserKind, UserProfile, UserStatus } from './directory.ts';
import { ProfileStore } from './profile-store.ts';
import { UserIndex } from './user-index.ts';
import { UserIntake } from './user-intake.ts';

export interface DirectoryComponents {
  readonly database: Database;
  readonly ledger: LedgerService;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: those of the system. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

export interface DirectoryInit {
  readonly realm: RealmName;
  /** As for the ledger. */
  readonly house: RealmName;
}

export interface OwnUser {
  readonly id: UserId;
  readonly login: Login;
  readonly name: string;
  readonly kind: UserKind;
}

const MAX_RESULTS = 100;

export class UserDirectory implements Directory {
  readonly #parts: DirectoryComponents;
  readonly #init: DirectoryInit;
  readonly #profiles: ProfileStore;
  readonly #index = new UserIndex();
  readonly #aliases: AliasBook;
  readonly #registrar: AliasRegistrar | undefined;
  readonly #listeners = new Set<(user: UserProfile) => void>();
  readonly #intake: UserIntake;
  /** Users whom a realm names that is not their home: they have moved, or it will never count. The newest of each. */
  readonly #contested = new Map<
    UserId,
    { readonly home: RealmName; readonly entry: UserEntry; readonly record: Uint8Array }
  >();
  readonly #births: BirthPlaces;
  readonly #server: ProfileServer;

  constructor(components: DirectoryComponents, init: DirectoryInit) {
    this.#parts = components;
    this.#init = init;
    this.#profiles = new ProfileStore(components.database);
    this.#aliases = new AliasBook(init.house);
    this.#births = new BirthPlaces(init.house);
    const { ledger, clock, log } = components;
    const registrar = { chain: ledger.ownDirectory, book: this.#aliases, clock, log };
    this.#registrar = init.house === init.realm ? new AliasRegistrar(registrar) : undefined;
    const users = {
      list: (home: RealmName, entry: UserEntry, record: Uint8Array) => void this.#list(home, entry, record),
      unlist: (home: RealmName, id: UserId) => {
        const user = this.#index.get(id);
        if (user?.home === home) this.#unlist(user);
      },
      moved: (home: RealmName, id: UserId, to: RealmName) => {
        this.#births.moved(id, home, to);
        if (!this.#index.get(id)) this.#listContested(id);
      },
    };
    this.#intake = new UserIntake({ ...components, profiles: this.#profiles, aliases: this.#aliases, users }, init);
    this.#server = new ProfileServer({
      ...components,
      mayRead: (peer) => components.ledger.isColleague(peer),
      find: async (id) => this.#recordOf(this.#index.get(id)),
    });
  }

  findByAddress(address: UserAddress): UserProfile | undefined {
    return this.#index.find(address);
  }

  findById(id: UserId): UserProfile | undefined {
    return this.#index.get(id);
  }

  /** Whose bare login it is in this house, provisionally or not. */
  findByAlias(login: Login): UserProfile | undefined {
    return this.#aliases.find(login);
  }

  aliasOf(user: UserProfile): AliasState {
    return this.#aliases.stateOf(user);
  }

  /** Own users whose bare login belongs to somebody else, and to whom. */
  lostAliases(): { readonly user: UserProfile; readonly holder: UserProfile | undefined }[] {
    const own = this.#index.list().filter(({ home }) => home === this.#init.realm);
    const lost = own.filter((user) => this.#aliases.stateOf(user) === 'lost');
    return lost.map((user) => ({ user, holder: this.#aliases.find(user.address.login) }));
  }

  search(prefix: string, limit: number): UserProfile[] {
    return this.#index.search(prefix.trim().toLowerCase(), Math.min(limit, MAX_RESULTS));
  }

  list(): UserProfile[] {
    return this.#index.list();
  }

  onChange(listener: (user: UserProfile) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** An id for a new user of this house that nobody known here has. */
  newId(): UserId {
    const id = this.idFrom((this.#parts.randomBytes ?? randomBytes)(OF_CHANCE));
    return this.#index.get(id) ? this.newId() : id;
  }

  /** The id of this realm (src/realm/house-id.ts) that follows from these bytes. */
  idFrom(random: Uint8Array): UserId {
    return userIdOf(this.#init.house, this.#init.realm, random);
  }

  /** Resolves when user, profile and `writes` are on disk, in one commit. The caller has made sure that the login is free. */
  async add(user: OwnUser, writes: readonly Write[]): Promise<UserProfile> {
    const record = encodeProfile({ ...user, salt: (this.#parts.randomBytes ?? randomBytes)(SALT) });
    return this.#write(USER_ADDED, record, user.kind, 'active', [
      ...writes,
      this.#profiles.put(this.#init.realm, user.id, record),
    ]);
  }

  /** As `add`, for the status of an own user. @throws InputError `unknown-user` */
  async setStatus(id: UserId, status: UserStatus, writes: readonly Write[]): Promise<UserProfile> {
    const user = this.#own(id);
    const record = await this.#recordOf(user);
    if (!record) throw noSuchUser(id);
    return this.#write(USER_CHANGED, record, user.kind, status, writes);
  }

  /** As `add`, for the name of an own user; the login never changes. @throws InputError `unknown-user`, `bad-name` */
  async rename(id: UserId, name: string): Promise<UserProfile> {
    const user = this.#own(id);
    const { realm } = this.#init;
    const salt = (this.#parts.randomBytes ?? randomBytes)(SALT);
    const record = encodeProfile({ id, login: user.address.login, name: parseName(name.trim()), salt });
    return this.#write(USER_CHANGED, record, user.kind, user.status, [this.#profiles.put(realm, id, record)]);
  }

  /** Ends an own user: the chain says so, the record with the name is erased here and by all who follow. @throws InputError `unknown-user` */
  async remove(id: UserId, writes: readonly Write[]): Promise<UserProfile> {
    return this.#end(id, { kind: USER_REMOVED, payload: encodeUser(id) }, writes);
  }

  /** As `remove`, of a user for whom another realm vouches from now on. @throws InputError `unknown-user` */
  async moveAway(id: UserId, to: RealmName, writes: readonly Write[]): Promise<void> {
    await this.#end(id, { kind: USER_MOVED, payload: encodeUserMoved({ user: id, to }) }, writes);
  }

  /** The profile record of a known user. */
  recordOf(id: UserId): Promise<Uint8Array | undefined> {
    return this.#recordOf(this.#index.get(id));
  }

  /** Reads chains and records on disk; once, before anything else. */
  load(): Promise<void> {
    return this.#intake.load();
  }

  start(): void {
    this.#server.start();
    this.#registrar?.start();
    this.#intake.start();
  }

  async stop(): Promise<void> {
    await this.#intake.stop();
    await this.#registrar?.stop();
    await this.#server.stop();
  }

  /** An own user is none any more, for the reason that `entry` gives. */
  async #end(
    id: UserId,
    entry: { readonly kind: string; readonly payload: Uint8Array },
    writes: readonly Write[],
  ): Promise<UserProfile> {
    const user = this.#own(id);
    const { realm } = this.#init;
    const erasure = [...writes, this.#profiles.erase(realm, id)];
    await this.#parts.ledger.ownDirectory.append({ ...entry, writes: erasure });
    this.#unlist(user);
    await this.#profiles.compact(realm);
    return user;
  }

  #own(id: UserId): UserProfile {
    const user = this.#index.get(id);
    if (!user || user.home !== this.#init.realm) throw noSuchUser(id);
    return user;
  }

  async #write(
    kind: string,
    record: Uint8Array,
    user: UserKind,
    status: UserStatus,
    writes: readonly Write[],
  ): Promise<UserProfile> {
    const profile = decodeProfile(record);
    const entry = {
      id: profile.id,
      kind: user,
      status,
      loginHash: loginHash(profile.login, profile.salt),
      profileHash: profileHash(record),
    };
    await this.#parts.ledger.ownDirectory.append({ kind, payload: encodeUserEntry(entry), writes });
    const known = this.#list(this.#init.realm, entry, record);
    if (!known) throw new InputError('login-taken', `"${profile.login}" belongs to somebody else`);
    return known;
  }

  #unlist(user: UserProfile): void {
    this.#index.remove(user);
    this.#aliases.remove(user);
    this.#registrar?.wake();
    // The new home may have spoken before the old one let go.
    if (this.#contested.get(user.id)?.home !== user.home && this.#listContested(user.id)) return;
    this.#contested.delete(user.id);
    for (const listener of this.#listeners) listener({ ...user, name: '', status: 'disabled' });
  }

  #listContested(id: UserId): boolean {
    const next = this.#contested.get(id);
    this.#contested.delete(id);
    return next !== undefined && this.#list(next.home, next.entry, next.record) !== undefined;
  }

  /** Nobody has the id of one of our own users, whoever's chain was read first. */
  #giveWay({ id }: UserProfile): void {
    const other = this.#index.get(id);
    if (!other || other.home === this.#init.realm) return;
    this.#parts.log.error({ user: id, realm: other.home }, 'another realm claims the id of a user of this one');
    this.#unlist(other);
  }

  async #recordOf(user: UserProfile | undefined): Promise<Uint8Array | undefined> {
    return user && this.#profiles.get(user.home, user.id);
  }

  /** Puts a user on the list, if the record says what the entry vouches for. */
  #list(home: RealmName, entry: UserEntry, record: Uint8Array): UserProfile | undefined {
    const user = vouchedFor(home, entry, record);
    if (user && home === this.#init.realm) this.#giveWay(user);
    const holder = this.#index.get(entry.id);
    // A realm's word about its own users is for it alone to doubt.
    const mayList = home === this.#init.realm || this.#births.mayList(home, entry.id);
    const isContested = !mayList || (holder !== undefined && holder.home !== home);
    if (user && isContested) this.#contested.set(entry.id, { home, entry, record });
    if (!user || !mayList || !this.#index.put(user)) {
      this.#parts.log.warn({ user: entry.id, realm: home }, 'directory entry contradicts its record or another user');
      return undefined;
    }
    this.#aliases.list(user);
    this.#registrar?.wake();
    for (const listener of this.#listeners) listener(user);
    return user;
  }
}

function noSuchUser(id: UserId): InputError {
  return new InputError('unknown-user', `No user ${id} of this realm`);
}

/** The user that entry and record together speak of; undefined when they do not fit each other. */
function vouchedFor(home: RealmName, entry: UserEntry, record: Uint8Array): UserProfile | undefined {
  try {
    const { id, login, name, salt } = decodeProfile(record);
    if (id !== entry.id || !equals(loginHash(login, salt), entry.loginHash)) return undefined;
    return { id, address: { login, realm: home }, name, kind: entry.kind, home, status: entry.status };
  } catch (error) {
    if (error instanceof CanopyError) return undefined;
    throw error;
  }
}

/** A directory that has read what is on disk; `start` makes it serve and fetch profiles. */
export async function openDirectory(components: DirectoryComponents, init: DirectoryInit): Promise<UserDirectory> {
  const directory = new UserDirectory(components, init);
  await directory.load();
  return directory;
}
