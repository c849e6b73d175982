// The directory: own users, which it appends to the own directory chain, and those of the followed chains (user-intake.ts). A user is
// listed once both the entry and the profile record with the right hashes are on disk; the home realm is that of the chain, so that no
// realm can speak for another's users.
import { randomBytes } from 'node:crypto';
import type { Network } from '../../src/overlay/seam.ts';
import {
  encodeUser,
  encodeUserEntry,
  USER_ADDED,
  USER_CHANGED,
  USER_REMOVED,
} from '../../src/protocols/ledger/kinds.ts';
import { encodeUserMoved, USER_MOVED } from '../../src/protocols/ledger/people-kinds.ts';
import {
  decodeProfile,
  encodeProfile,
  loginHash,
  type ProfileRecord,
  parseDepartment,
  parseName,
  profileHash,
  SALT,
} from '../../src/protocols/profile/record.ts';
import { ProfileServer } from '../../src/protocols/profile/server.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { InputError } from '../../src/realm/errors.ts';
import { OF_CHANCE, userIdOf } from '../../src/realm/house-id.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { parsePhoto } from '../../src/realm/photo.ts';
import type { Login, UserAddress } from '../../src/realm/user-address.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { Turns } from '../conversations/turns.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { AliasBook, type AliasState } from './alias-book.ts';
import { AliasRegistrar } from './alias-registrar.ts';
import type { Directory, UserKind, UserProfile, UserStatus } from './directory.ts';
import { ProfileStore } from './profile-store.ts';
import { UserIntake } from './user-intake.ts';
import { UserRoll } from './user-roll.ts';

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
  readonly photo?: Uint8Array | undefined;
  readonly department?: string | undefined;
  readonly isHidden?: boolean | undefined;
}

/** What the chain says of a user beside the record. */
interface Stated {
  readonly kind: UserKind;
  readonly status: UserStatus;
  readonly isHidden?: boolean | undefined;
}

const MAX_RESULTS = 100;

export class UserDirectory implements Directory {
  readonly #parts: DirectoryComponents;
  readonly #init: DirectoryInit;
  readonly #profiles: ProfileStore;
  readonly #roll: UserRoll;
  readonly #aliases: AliasBook;
  readonly #registrar: AliasRegistrar | undefined;
  readonly #listeners = new Set<(user: UserProfile) => void>();
  readonly #intake: UserIntake;
  readonly #server: ProfileServer;
  /** A change of the photo and one of the name at the same time must not undo each other. */
  readonly #turns = new Turns();

  constructor(components: DirectoryComponents, init: DirectoryInit) {
    this.#parts = components;
    this.#init = init;
    this.#profiles = new ProfileStore(components.database);
    this.#aliases = new AliasBook(init.house);
    const { ledger, clock, log } = components;
    const registrar = { chain: ledger.ownDirectory, book: this.#aliases, clock, log };
    this.#registrar = init.house === init.realm ? new AliasRegistrar(registrar) : undefined;
    this.#roll = new UserRoll({
      ...init,
      log,
      onListed: (user) => this.#changed(user, () => this.#aliases.list(user)),
      onRemoved: (user) =>
        this.#changed({ ...user, name: '', department: undefined, status: 'disabled' }, () =>
          this.#aliases.remove(user),
        ),
    });
    const users = this.#roll;
    this.#intake = new UserIntake({ ...components, profiles: this.#profiles, aliases: this.#aliases, users }, init);
    this.#server = new ProfileServer({
      ...components,
      mayRead: (peer) => components.ledger.isColleague(peer),
      find: async (id) => this.#recordOf(this.#roll.index.get(id)),
    });
  }

  findByAddress(address: UserAddress): UserProfile | undefined {
    return this.#roll.index.find(address);
  }

  findById(id: UserId): UserProfile | undefined {
    return this.#roll.index.get(id);
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
    const own = this.#roll.index.list().filter(({ home }) => home === this.#init.realm);
    const lost = own.filter((user) => this.#aliases.stateOf(user) === 'lost');
    return lost.map((user) => ({ user, holder: this.#aliases.find(user.address.login) }));
  }

  search(prefix: string, limit: number, mayShow?: (user: UserProfile) => boolean): UserProfile[] {
    return this.#roll.index.search(prefix.trim().toLowerCase(), Math.min(limit, MAX_RESULTS), mayShow);
  }

  /** Who is hidden, here and in the other realms of the house. */
  get hidden(): ReadonlySet<UserId> {
    return this.#roll.index.hidden;
  }

  list(): UserProfile[] {
    return this.#roll.index.list();
  }

  onChange(listener: (user: UserProfile) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** An id for a new user of this house that nobody known here has. */
  newId(): UserId {
    const id = this.idFrom((this.#parts.randomBytes ?? randomBytes)(OF_CHANCE));
    return this.#roll.index.get(id) ? this.newId() : id;
  }

  /** The id of this realm (src/realm/house-id.ts) that follows from these bytes. */
  idFrom(random: Uint8Array): UserId {
    return userIdOf(this.#init.house, this.#init.realm, random);
  }

  /** Resolves when user, profile and `writes` are on disk, in one commit. The caller has made sure that the login is free. */
  async add(user: OwnUser, writes: readonly Write[]): Promise<UserProfile> {
    const record = encodeProfile({ ...user, salt: (this.#parts.randomBytes ?? randomBytes)(SALT) });
    return this.#write(USER_ADDED, record, { ...user, status: 'active' }, [
      ...writes,
      this.#profiles.put(this.#init.realm, user.id, record),
    ]);
  }

  /** As `add`, for the status of an own user. @throws InputError `unknown-user` */
  setStatus(id: UserId, status: UserStatus, writes: readonly Write[]): Promise<UserProfile> {
    return this.#restate(id, { status }, writes);
  }

  /** As `setStatus`, for whether an own user is found by people without a conversation in common. */
  setHidden(id: UserId, isHidden: boolean): Promise<UserProfile> {
    return this.#restate(id, { isHidden }, []);
  }

  /** As `add`, for the name of an own user; the login never changes. @throws InputError `unknown-user`, `bad-name` */
  async rename(id: UserId, name: string): Promise<UserProfile> {
    return this.#alter(id, { name: parseName(name.trim()) });
  }

  /** As `rename`, for the photo; without one it is erased. @throws InputError `unknown-user`, `bad-photo` */
  async setPhoto(id: UserId, photo: Uint8Array | undefined): Promise<UserProfile> {
    const user = await this.#alter(id, { photo: photo && parsePhoto(photo) });
    if (!photo) await this.#profiles.compact(this.#init.realm);
    return user;
  }

  /** As `rename`, for the department; without one it is erased. @throws InputError `unknown-user`, `bad-department` */
  async setDepartment(id: UserId, department: string | undefined): Promise<UserProfile> {
    const user = await this.#alter(id, {
      department: department === undefined ? undefined : parseDepartment(department.trim()),
    });
    if (department === undefined) await this.#profiles.compact(this.#init.realm);
    return user;
  }

  /** The bytes that `photo` of a known user names. */
  async photoOf(id: UserId): Promise<Uint8Array | undefined> {
    const record = await this.recordOf(id);
    return record && decodeProfile(record).photo;
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
    return this.#recordOf(this.#roll.index.get(id));
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

  /** A new entry for the same record. */
  #restate(id: UserId, change: Partial<Stated>, writes: readonly Write[]): Promise<UserProfile> {
    return this.#turns.run(id, async () => {
      const user = this.#own(id);
      const record = await this.#recordOf(user);
      if (!record) throw noSuchUser(id);
      return this.#write(USER_CHANGED, record, { ...user, ...change }, writes);
    });
  }

  /** A new salt each time: nobody who keeps hashes sees that a name or a photo has come back. */
  #alter(id: UserId, change: Partial<Pick<ProfileRecord, 'name' | 'photo' | 'department'>>): Promise<UserProfile> {
    return this.#turns.run(id, async () => {
      const user = this.#own(id);
      const before = await this.#recordOf(user);
      if (!before) throw noSuchUser(id);
      const salt = (this.#parts.randomBytes ?? randomBytes)(SALT);
      const record = encodeProfile({ ...decodeProfile(before), ...change, salt });
      const write = this.#profiles.put(this.#init.realm, id, record);
      return this.#write(USER_CHANGED, record, user, [write]);
    });
  }

  /** An own user is none any more, for the reason that `entry` gives. */
  async #end(
    id: UserId,
    entry: { readonly kind: string; readonly payload: Uint8Array },
    writes: readonly Write[],
  ): Promise<UserProfile> {
    const { realm } = this.#init;
    // In the turns of changes: one that is under way would bring back what is erased here.
    const user = await this.#turns.run(id, async () => {
      const own = this.#own(id);
      const erasure = [...writes, this.#profiles.erase(realm, id)];
      await this.#parts.ledger.ownDirectory.append({ ...entry, writes: erasure });
      this.#roll.remove(own);
      return own;
    });
    await this.#profiles.compact(realm);
    return user;
  }

  #own(id: UserId): UserProfile {
    const user = this.#roll.index.get(id);
    if (!user || user.home !== this.#init.realm) throw noSuchUser(id);
    return user;
  }

  async #write(
    kind: string,
    record: Uint8Array,
    { kind: user, status, isHidden }: Stated,
    writes: readonly Write[],
  ): Promise<UserProfile> {
    const profile = decodeProfile(record);
    const entry = {
      id: profile.id,
      kind: user,
      status,
      isHidden,
      loginHash: loginHash(profile.login, profile.salt),
      profileHash: profileHash(record),
    };
    await this.#parts.ledger.ownDirectory.append({ kind, payload: encodeUserEntry(entry), writes });
    const known = this.#roll.list(this.#init.realm, entry, record);
    if (!known) throw new InputError('login-taken', `"${profile.login}" belongs to somebody else`);
    return known;
  }

  #changed(user: UserProfile, note: () => void): void {
    note();
    this.#registrar?.wake();
    for (const listener of this.#listeners) listener(user);
  }

  async #recordOf(user: UserProfile | undefined): Promise<Uint8Array | undefined> {
    return user && this.#profiles.get(user.home, user.id);
  }
}

function noSuchUser(id: UserId): InputError {
  return new InputError('unknown-user', `No user ${id} of this realm`);
}

/** A directory that has read what is on disk; `start` makes it serve and fetch profiles. */
export async function openDirectory(components: DirectoryComponents, init: DirectoryInit): Promise<UserDirectory> {
  const directory = new UserDirectory(components, init);
  await directory.load();
  return directory;
}
