// Accounts of the realm's own users and their login by OPAQUE: the server never sees a password (docs/protocols/login.md).
// All OPAQUE messages are the base64url strings of @serenity-kit/opaque. The client uses the identifiers
// {client: userId, server: realm}, with the user id that the first answer gives. What changes something resolves after fsync.
import type { UserId } from '../../src/realm/ids.ts';
import type { Login } from '../../src/realm/user-address.ts';
import type { UserKind, UserProfile } from './directory.ts';
import type { Device, Session, Sessions } from './sessions.ts';

export interface RegistrationStart {
  readonly login: Login;
  readonly name: string;
  readonly department?: string | undefined;
  /** Default `person`. */
  readonly kind?: UserKind;
  readonly request: string;
}

export interface RegistrationStarted {
  readonly registrationId: string;
  readonly userId: UserId;
  readonly response: string;
}

export interface LoginStart {
  /** `clerk` or `clerk@kyiv.acme.ua`, as typed. */
  readonly login: string;
  readonly request: string;
  /** The client's address: guesses are counted for each. */
  readonly from: string;
}

export interface LoginStarted {
  readonly loginId: string;
  readonly response: string;
  /** Made up, but always the same, for a login that does not exist. */
  readonly userId: UserId;
}

export interface LoginFinish {
  readonly loginId: string;
  readonly finish: string;
  readonly device: Device;
}

export interface LoggedIn {
  /** 32 random bytes, base64url. Shown once; only its hash is kept. */
  readonly token: string;
  readonly session: Session;
  readonly user: UserProfile;
  readonly mustChangePassword: boolean;
}

export interface PasswordChangeStarted {
  readonly changeId: string;
  readonly userId: UserId;
  readonly response: string;
}

export interface PasswordChangeFinish {
  readonly changeId: string;
  readonly record: string;
  /** Absent for who has no vault, and for who can't open it after a reset. */
  readonly vault?: { readonly head: Uint8Array; readonly wraps: Uint8Array } | undefined;
}

export interface Accounts {
  readonly sessions: Sessions;

  /** By an administrator. @throws ConflictError `login-taken`, InputError `bad-login`, `bad-name`, `bad-department`, `bad-opaque` */
  startRegistration(start: RegistrationStart): Promise<RegistrationStarted>;
  /** The password must be changed at the first login. `by` goes to the audit log. @throws ConflictError `login-taken`, InputError `unknown-registration` */
  finishRegistration(finish: { registrationId: string; record: string; by?: string }): Promise<UserProfile>;
  /** By an administrator, for a forgotten password; then as finishRegistration. @throws InputError `unknown-user` */
  startReset(of: { login: Login; request: string }): Promise<RegistrationStarted>;
  finishReset(finish: { registrationId: string; record: string; by?: string }): Promise<UserProfile>;

  /** @throws RefusedError `branch-locked`, `login-backoff` (see BackoffError.retryAfter), `login-busy`, InputError `bad-opaque` */
  startLogin(start: LoginStart): Promise<LoginStarted>;
  /** @throws RefusedError `wrong-password`, `account-disabled`, `branch-locked`, InputError `unknown-login-attempt` */
  finishLogin(finish: LoginFinish): Promise<LoggedIn>;
  logout(session: Session): Promise<void>;

  /** @throws RefusedError `login-again` when the session's login is older than 15 minutes and the change is not due */
  startPasswordChange(session: Session, request: string): Promise<PasswordChangeStarted>;
  /**
   * Ends every other session of the user, in one commit with what unlocks the vault by the new password.
   * @throws InputError `unknown-password-change`, `vault-rewrap-missing`; ConflictError `vault-conflict`: then nothing has changed
   */
  finishPasswordChange(session: Session, finish: PasswordChangeFinish): Promise<void>;
  mustChangePassword(user: UserId): boolean;

  /** Disabling ends all sessions. @throws InputError `unknown-user` */
  /** For good: the account and the record with the name are erased here and wherever they went. @throws InputError `unknown-user` */
  remove(login: Login, by?: string): Promise<UserProfile>;
  setStatus(user: UserId, status: 'active' | 'disabled', by?: string): Promise<UserProfile>;
  /** The realm's own users, by login. */
  list(): UserProfile[];
}
