// Accounts and logins of the realm's own users; registrar.ts registers their passwords.
import { CanopyError, InputError, RefusedError } from '../../src/realm/errors.ts';
import type { DeviceId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { type Login, parseLogin, parseUserAddress } from '../../src/realm/user-address.ts';
import type { Database } from '../../src/store/database.ts';
import { VaultService } from '../vault/vault-service.ts';
import { VaultStore } from '../vault/vault-store.ts';
import type { AccountComponents } from './account-components.ts';
import { type Account, AccountStore } from './account-store.ts';
import type {
  Accounts,
  LoggedIn,
  LoginFinish,
  LoginStart,
  LoginStarted,
  PasswordChangeFinish,
  PasswordChangeStarted,
  RegistrationStart,
  RegistrationStarted,
} from './accounts.ts';
import { DeviceStore } from './device-store.ts';
import type { UserProfile } from './directory.ts';
import type { KeyBook } from './key-book.ts';
import { type Attempt, LoginGuard } from './login-guard.ts';
import { openOpaque } from './opaque-server.ts';
import { Pending } from './pending.ts';
import { Registrar } from './registrar.ts';
import type { SessionStore } from './session-store.ts';
import type { Session } from './sessions.ts';
import type { OwnUser } from './user-directory.ts';

interface StartedLogin {
  readonly attempt: Attempt;
  readonly login: string;
  readonly state: string;
}

const MAX_LOGIN_TYPED = 320;

export class AccountService implements Accounts {
  readonly sessions: SessionStore;
  readonly store: AccountStore;
  readonly vaults: VaultService;
  readonly devices: DeviceStore;
  readonly #parts: AccountComponents;
  readonly #realm: RealmName;
  readonly #registrar: Registrar;
  readonly #logins: Pending<StartedLogin>;

  constructor(components: AccountComponents, realm: RealmName) {
    this.#parts = components;
    this.#realm = realm;
    this.sessions = components.sessions;
    this.store = components.accounts;
    this.vaults = components.vaults;
    this.devices = components.devices;
    this.#registrar = new Registrar(components);
    this.#logins = new Pending(components.clock, 'unknown-login-attempt');
  }

  startRegistration(start: RegistrationStart): Promise<RegistrationStarted> {
    return this.#registrar.start(start);
  }

  finishRegistration(finish: { registrationId: string; record: string; by?: string }): Promise<UserProfile> {
    return this.#registrar.finish(finish);
  }

  startReset(of: { login: Login; request: string }): Promise<RegistrationStarted> {
    return this.#registrar.startReset(of);
  }

  finishReset(finish: { registrationId: string; record: string; by?: string }): Promise<UserProfile> {
    return this.#registrar.finishReset(finish);
  }

  startPasswordChange(session: Session, request: string): Promise<PasswordChangeStarted> {
    return this.#registrar.startChange(session, request);
  }

  finishPasswordChange(session: Session, finish: PasswordChangeFinish): Promise<void> {
    return this.#registrar.finishChange(session, finish);
  }

  async startLogin({ login, request, from }: LoginStart): Promise<LoginStarted> {
    const { guard, lock, opaque, directory } = this.#parts;
    lock.assertOpen();
    const typed = login.trim().toLowerCase().slice(0, MAX_LOGIN_TYPED);
    const account = this.#find(typed);
    // The bare login and the full address give one id, as they do for an account that exists; it looks like a real one.
    const user = account?.id ?? directory.idFrom(opaque.decoySeed(bare(typed, this.#realm)));
    const attempt = { user, exists: account !== undefined, from };
    guard.enter(attempt);
    const { state, response } = opaque.startLogin(user, account?.record, request);
    return { loginId: this.#logins.add({ attempt, login: typed, state }), response, userId: user };
  }

  async finishLogin({ loginId, finish, device }: LoginFinish): Promise<LoggedIn> {
    const { accounts, directory, opaque } = this.#parts;
    const started = this.#logins.take(loginId);
    const { user: id } = started.attempt;
    try {
      opaque.finishLogin(id, started.state, finish);
      const account = accounts.get(id);
      const user = directory.findById(id);
      if (!account || !user) throw new RefusedError('wrong-password', 'The login or the password is wrong');
      if (account.status === 'disabled')
        throw new RefusedError('account-disabled', `The account "${account.login}" is disabled`);
      if (this.#parts.isRemoved(id, device.id))
        throw new RefusedError('device-removed', 'This device was signed out for good; it comes back as a new one');
      const created = await this.sessions.create(id, device, [this.#parts.guard.succeed(started.attempt)]);
      await this.#audit('login', started, { session: created.session.id, device: device.id });
      return { ...created, user, mustChangePassword: account.mustChangePassword };
    } catch (error) {
      if (error instanceof RefusedError) await this.#audit('login-refused', started, { why: error.code });
      throw error;
    }
  }

  async logout(session: Session): Promise<void> {
    await this.sessions.end(session.id, 'logout');
    await this.#parts.audit.record({ code: 'logout', actor: session.user, fields: { session: session.id } });
  }

  /** Ends every session; the same devices may log in again. */
  async signOutAll(user: UserId, by: string): Promise<void> {
    await this.sessions.endAll(user, 'revoked');
    await this.#parts.audit.record({ code: 'signed-out', actor: by, fields: { user } });
  }

  mustChangePassword(user: UserId): boolean {
    return this.#parts.accounts.get(user)?.mustChangePassword ?? false;
  }

  async remove(login: Login, by?: string): Promise<UserProfile> {
    const { accounts, directory, sessions, audit } = this.#parts;
    const account = accounts.find(login);
    // After a restore from a backup there may be a user whose account was lost.
    const id = account?.id ?? directory.findByAddress({ login, realm: this.#realm })?.id;
    if (id === undefined) throw new InputError('unknown-user', `No user "${login}" in this realm`);
    await sessions.endAll(id, 'disabled');
    const { vaults, devices } = this.#parts;
    const erased = [...(await vaults.eraseAll(id)), ...(await devices.eraseAll(id))];
    const profile = await directory.remove(id, [accounts.erase(id), ...erased]);
    if (account) accounts.forget(account);
    await audit.record({
      code: 'user-removed',
      ...(by === undefined ? {} : { actor: by }),
      fields: { user: id },
    });
    return profile;
  }

  /** Another realm vouches for the user from now on; what it needs it holds already. */
  async moveAway(user: UserId, to: RealmName): Promise<void> {
    const { accounts, directory, devices, vaults } = this.#parts;
    const account = accounts.get(user);
    const erased = [...(await vaults.eraseAll(user)), ...(await devices.eraseAll(user)), accounts.erase(user)];
    await directory.moveAway(user, to, erased);
    if (account) accounts.forget(account);
  }

  /** A user of another realm who has moved here; the first password is yet to be given, by a reset. */
  async arrive(user: OwnUser): Promise<UserProfile> {
    const { accounts, directory, opaque } = this.#parts;
    const { id, login } = user;
    const fresh = { mustChangePassword: true, status: 'active', mayRenewIdentity: false } as const;
    const account: Account = { id, login, record: opaque.recordOfNobody, ...fresh };
    const profile = await directory.add(user, [accounts.put(account)]);
    accounts.remember(account);
    return profile;
  }

  async setStatus(user: UserId, status: 'active' | 'disabled', by?: string): Promise<UserProfile> {
    const { accounts, audit, directory } = this.#parts;
    const account = accounts.get(user);
    if (!account) throw new InputError('unknown-user', `No user ${user} in this realm`);
    const changed = { ...account, status };
    const profile = await directory.setStatus(user, status, [accounts.put(changed)]);
    accounts.remember(changed);
    if (status === 'disabled') await this.sessions.endAll(user, 'disabled');
    await audit.record({ code: `user-${status}`, ...(by === undefined ? {} : { actor: by }), fields: { user } });
    return profile;
  }

  /** By an administrator; without one it is erased. @throws InputError `unknown-user`, `bad-photo` */
  async setPhoto(user: UserId, photo: Uint8Array | undefined, by: string): Promise<UserProfile> {
    const { audit, directory } = this.#parts;
    const profile = await directory.setPhoto(user, photo);
    await audit.record({ code: photo ? 'user-photo-set' : 'user-photo-removed', actor: by, fields: { user } });
    return profile;
  }

  /** By an administrator; without one it is erased. @throws InputError `unknown-user`, `bad-department` */
  async setDepartment(user: UserId, department: string | undefined, by: string): Promise<UserProfile> {
    const { audit, directory } = this.#parts;
    const profile = await directory.setDepartment(user, department);
    const code = department === undefined ? 'user-department-removed' : 'user-department-set';
    await audit.record({ code, actor: by, fields: { user } });
    return profile;
  }

  /** By an administrator: whether people without a conversation in common find the user. @throws InputError `unknown-user` */
  async setHidden(user: UserId, isHidden: boolean, by: string): Promise<UserProfile> {
    const { audit, directory } = this.#parts;
    const profile = await directory.setHidden(user, isHidden);
    await audit.record({ code: isHidden ? 'user-hidden' : 'user-unhidden', actor: by, fields: { user } });
    return profile;
  }

  list(): UserProfile[] {
    return this.#parts.accounts.list().flatMap(({ id }) => this.#parts.directory.findById(id) ?? []);
  }

  /** The own account that was typed, with or without the realm. A user of another realm is unknown here like any other name. */
  #find(typed: string): Account | undefined {
    try {
      if (!typed.includes('@')) return this.#parts.accounts.find(parseLogin(typed));
      const { login, realm } = parseUserAddress(typed);
      return realm === this.#realm ? this.#parts.accounts.find(login) : undefined;
    } catch (error) {
      if (error instanceof CanopyError) return undefined;
      throw error;
    }
  }

  #audit(code: string, { attempt, login }: StartedLogin, fields: Record<string, string>): Promise<void> {
    return this.#parts.audit.record({
      code,
      actor: login,
      fields: { user: attempt.user, from: attempt.from, ...fields },
    });
  }
}

function bare(typed: string, realm: RealmName): string {
  return typed.endsWith(`@${realm}`) ? typed.slice(0, -realm.length - 1) : typed;
}

export interface AccountInit {
  readonly realm: RealmName;
}

export interface AccountNeeds extends Pick<AccountComponents, 'clock' | 'audit' | 'sessions' | 'directory' | 'lock'> {
  readonly database: Database;
  readonly log: Log;
  /** What the directory chains say of the keys of this realm's users; without it nobody has any. */
  readonly keys?: Pick<KeyBook, 'keysOf' | 'isRemoved'>;
}

export async function openAccounts(needs: AccountNeeds, { realm }: AccountInit): Promise<AccountService> {
  const { database, keys, lock } = needs;
  const accounts = new AccountStore(database);
  await accounts.load();
  const guard = new LoginGuard(needs);
  await guard.load();
  const opaque = await openOpaque(needs.database, realm);
  const identityOf = (user: UserId) => keys?.keysOf(realm, user).identity?.key;
  const vaults = new VaultService({ store: new VaultStore(database), identityOf });
  const devices = new DeviceStore(database);
  const isRemoved = (user: UserId, device: DeviceId) =>
    lock.mustWipe(user, device) || (keys?.isRemoved(realm, user, device) ?? false);
  return new AccountService({ ...needs, accounts, opaque, guard, vaults, devices, isRemoved }, realm);
}
