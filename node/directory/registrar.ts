// Registers passwords: of a new account, of one that an administrator resets, and of a user who changes the own one.
import { parseDepartment, parseName } from '../../src/protocols/profile/record.ts';
import { ConflictError, InputError, RefusedError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Login } from '../../src/realm/user-address.ts';
import { parseLogin } from '../../src/realm/user-address.ts';
import type { Write } from '../../src/store/engine.ts';
import type { AccountComponents } from './account-components.ts';
import type { Account } from './account-store.ts';
import type {
  PasswordChangeFinish,
  PasswordChangeStarted,
  RegistrationStart,
  RegistrationStarted,
} from './accounts.ts';
import type { UserKind, UserProfile } from './directory.ts';
import { Pending } from './pending.ts';
import type { Session } from './sessions.ts';

interface NewUser {
  readonly id: UserId;
  readonly login: Login;
  readonly name: string;
  readonly department?: string | undefined;
  readonly kind: UserKind;
}

const MINUTE = 60_000;
/** A stolen session alone must not be enough to take over an account: a change asks for a fresh login. */
const FRESH_LOGIN = 15 * MINUTE;

export class Registrar {
  readonly #parts: AccountComponents;
  readonly #newUsers: Pending<NewUser>;
  readonly #resets: Pending<UserId>;
  readonly #changes: Pending<UserId>;
  /** Logins that are being written, so that two registrations of one login don't both pass. */
  readonly #reserved = new Set<Login>();

  constructor(components: AccountComponents) {
    this.#parts = components;
    this.#newUsers = new Pending(components.clock, 'unknown-registration');
    this.#resets = new Pending(components.clock, 'unknown-registration');
    this.#changes = new Pending(components.clock, 'unknown-password-change');
  }

  async start({ login, name, department, kind = 'person', request }: RegistrationStart): Promise<RegistrationStarted> {
    const user = {
      id: this.#parts.directory.newId(),
      login: parseLogin(login),
      name: parseName(name.trim()),
      kind,
      ...(department !== undefined && { department: parseDepartment(department.trim()) }),
    };
    this.#assertFree(user.login);
    const response = this.#parts.opaque.register(user.id, request);
    return { registrationId: this.#newUsers.add(user), userId: user.id, response };
  }

  async finish({
    registrationId,
    record,
    by,
  }: {
    registrationId: string;
    record: string;
    by?: string;
  }): Promise<UserProfile> {
    const { accounts, directory, opaque } = this.#parts;
    const user = this.#newUsers.take(registrationId);
    this.#assertFree(user.login);
    opaque.assertRecord(user.id, record);
    this.#reserved.add(user.login);
    try {
      const { id, login } = user;
      const fresh = { mustChangePassword: true, status: 'active', mayRenewIdentity: false } as const;
      const account: Account = { id, login, record, ...fresh };
      const profile = await directory.add(user, [accounts.put(account)]);
      accounts.remember(account);
      await this.#audit('user-added', user.id, by, { login: user.login });
      return profile;
    } finally {
      this.#reserved.delete(user.login);
    }
  }

  async startReset({ login, request }: { login: Login; request: string }): Promise<RegistrationStarted> {
    const account = this.#parts.accounts.find(login);
    if (!account) throw new InputError('unknown-user', `No user "${login}" in this realm`);
    const response = this.#parts.opaque.register(account.id, request);
    return { registrationId: this.#resets.add(account.id), userId: account.id, response };
  }

  async finishReset({
    registrationId,
    record,
    by,
  }: {
    registrationId: string;
    record: string;
    by?: string;
  }): Promise<UserProfile> {
    const user = this.#resets.take(registrationId);
    const mayRenewIdentity = await this.#parts.vaults.has(user);
    await this.#setRecord(user, { record, mustChangePassword: true, mayRenewIdentity }, undefined);
    await this.#audit('password-reset', user, by);
    const profile = this.#parts.directory.findById(user);
    if (!profile) throw new InputError('unknown-user', `No user ${user} in this realm`);
    return profile;
  }

  async startChange(session: Session, request: string): Promise<PasswordChangeStarted> {
    const { accounts, clock, opaque } = this.#parts;
    const due = accounts.get(session.user)?.mustChangePassword ?? false;
    if (!due && clock.now() - session.created > FRESH_LOGIN) {
      throw new RefusedError('login-again', 'A change of password needs a login of the last 15 minutes');
    }
    const response = opaque.register(session.user, request);
    return { changeId: this.#changes.add(session.user), userId: session.user, response };
  }

  async finishChange(session: Session, { changeId, record, vault }: PasswordChangeFinish): Promise<void> {
    const { user, id } = session;
    if (this.#changes.take(changeId) !== user) {
      throw new InputError('unknown-password-change', 'This change was begun by another user');
    }
    const { accounts, vaults } = this.#parts;
    const mayRenewIdentity = accounts.get(user)?.mayRenewIdentity ?? false;
    if (vault) {
      // One commit: either the old password logs in and opens the vault, or the new one does both.
      const changed = { record, mustChangePassword: false, mayRenewIdentity: false };
      await vaults.during(user, { ...vault, records: [] }, (writes) => this.#setRecord(user, changed, id, writes));
    } else {
      if (!mayRenewIdentity && (await vaults.has(user))) {
        throw new InputError('vault-rewrap-missing', 'a new password comes with what it unlocks the vault by');
      }
      await this.#setRecord(user, { record, mustChangePassword: false, mayRenewIdentity }, id);
    }
    await this.#audit('password-changed', user, user);
  }

  async #setRecord(
    user: UserId,
    change: Pick<Account, 'record' | 'mustChangePassword' | 'mayRenewIdentity'>,
    except: string | undefined,
    writes: readonly Write[] = [],
  ): Promise<void> {
    const { accounts, opaque, sessions } = this.#parts;
    const account = accounts.get(user);
    if (!account) throw new InputError('unknown-user', `No user ${user} in this realm`);
    opaque.assertRecord(user, change.record);
    const changed = { ...account, ...change };
    await sessions.endAll(user, 'password-changed', except, [...writes, accounts.put(changed)]);
    accounts.remember(changed);
  }

  #assertFree(login: Login): void {
    if (this.#parts.accounts.find(login) || this.#reserved.has(login)) {
      throw new ConflictError('login-taken', `The login "${login}" is taken`, { hint: 'Choose another login.' });
    }
  }

  #audit(code: string, user: UserId, by: string | undefined, fields: Record<string, string> = {}): Promise<void> {
    return this.#parts.audit.record({ code, ...(by === undefined ? {} : { actor: by }), fields: { user, ...fields } });
  }
}
