// The account beside a session: opened after each login and each resume, and what stands in the way when it is not.
import { ACCOUNT } from '../../protocols/lan/limits.ts';
import { serverAnswer } from '../../protocols/lan/routes.ts';
import { CanopyError, codeOf, PeerError, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import { failure } from '../failure.ts';
import type { Http } from '../http.ts';
import type { Account } from './account.ts';
import type { Opening, Owner } from './opening.ts';

/**
 * `none`: nobody is signed in, or the server keeps no accounts. `open`, `password: 'unproven'`: the password of the login does not unlock
 * the vault; let the person choose a new one, or accept it (`acceptPassword`). `locked`: neither the password nor this device unlocks
 * the vault: a recovery key does, or after a reset a new identity. `refused`: what the server shows is not the vault that this client knows.
 */
export type AccountState =
  | { readonly kind: 'none' }
  | { readonly kind: 'open'; readonly password?: 'unproven' }
  | { readonly kind: 'locked'; readonly why: 'no-device' | 'other-password' | 'password-not-chosen' }
  | { readonly kind: 'refused'; readonly code: string };

export interface AccountGateComponents {
  readonly http: Http;
  readonly opening: Opening;
  readonly onState: (state: AccountState) => void;
}

export class AccountGate {
  readonly #parts: AccountGateComponents;
  #account: Account | undefined;
  #state: AccountState = { kind: 'none' };
  /** Only while the vault is locked, or the password does not unlock it: what makes it do so again. */
  #exportKey: string | undefined;
  #owner: Owner | undefined;
  /** It was opened while the server was away. */
  #unsettled = false;

  constructor(components: AccountGateComponents) {
    this.#parts = components;
  }

  get account(): Account | undefined {
    return this.#account;
  }

  get state(): AccountState {
    return this.#state;
  }

  /**
   * Never rejects for what a hostile server shows: that is a state. While the server is away, a known device opens by what it keeps.
   * @throws UnreachableError, RefusedError
   */
  async enter(owner: Owner, exportKey?: string): Promise<void> {
    try {
      await this.#enterBy(owner, exportKey);
    } catch (error) {
      const isAway = error instanceof UnreachableError && exportKey === undefined;
      const opened = isAway ? await this.#parts.opening.openKept(owner) : undefined;
      if (!opened) throw error;
      this.#owner = owner;
      this.#unsettled = true;
      this.#opened(opened.account, opened.unproven);
    }
  }

  /**
   * The server is there: one that was away when the account opened hears what it has missed, and shows what it has. One that was there
   * may have been put back to an older copy since: it gets the newer state back before anybody writes on the older one. Resolves to
   * whether the account may stay open.
   */
  async settle(): Promise<boolean> {
    const [owner, account] = [this.#owner, this.#account];
    if (!owner || !account) return true;
    try {
      if (this.#unsettled) await this.#parts.opening.settle(owner, account);
      else await account.vault.refresh();
      this.#unsettled = false;
      return true;
    } catch (error) {
      // Not now: it is tried again with the next connection.
      if (error instanceof CanopyError && !(error instanceof PeerError)) return true;
      if (!(error instanceof PeerError)) throw error;
      this.#account = undefined;
      this.#become({ kind: 'refused', code: codeOf(error) });
      return false;
    }
  }

  async #enterBy(owner: Owner, exportKey: string | undefined): Promise<void> {
    const { http, opening } = this.#parts;
    const { capabilities } = await http.get('/server', serverAnswer);
    if (!capabilities.includes(ACCOUNT)) return;
    this.#owner = owner;
    this.#exportKey = exportKey;
    try {
      const opened = await opening.open(owner, exportKey);
      if ('account' in opened) return this.#opened(opened.account, opened.unproven);
      this.#become({ kind: 'locked', why: opened.locked });
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      this.#become({ kind: 'refused', code: codeOf(error) });
    }
  }

  /** @throws InputError `recovery-key-…`; RefusedError `vault-secret-wrong`, `login-again` when this needs a login by password */
  async recover(typed: string): Promise<void> {
    const { owner, exportKey } = this.#locked();
    const { account, unproven } = await this.#parts.opening.recover(owner, typed, exportKey);
    this.#opened(account, unproven);
  }

  /** @throws as Opening.giveUp; RefusedError `login-again` when this needs a login by password, `vault-not-refused` when it is needless */
  async giveUp(typed: string): Promise<void> {
    if (this.#state.kind !== 'refused') throw new RefusedError('vault-not-refused', 'nothing has to be given up');
    const { owner, exportKey } = this.#locked();
    const { account, unproven } = await this.#parts.opening.giveUp(owner, typed, exportKey);
    this.#opened(account, unproven);
  }

  /**
   * A new identity and an empty vault, after a reset by an administrator. Contacts are told.
   * @throws ConflictError `identity-exists`; RefusedError `password-change-required` unless the password was chosen here
   */
  async beginAnew(): Promise<void> {
    const { owner, exportKey } = this.#locked();
    this.#opened(await this.#parts.opening.begin(owner, exportKey), false);
  }

  /** The person says that the password of this login is their own. @throws RefusedError `account-locked`, `login-again` */
  async acceptPassword(): Promise<void> {
    const account = this.#account;
    if (!account) throw failure(RefusedError, 'account-locked');
    if (this.#state.kind === 'open' && this.#state.password === undefined) return;
    const { exportKey } = this.#locked();
    await this.#parts.opening.acceptPassword(account, exportKey);
    this.#opened(account, false);
  }

  /** The vault was wrapped for a password that the person has just chosen. */
  async passwordChanged(): Promise<void> {
    const account = this.#account;
    if (!account) return;
    await this.#parts.opening.passwordChanged(account.user);
    if (this.#state.kind === 'open' && this.#state.password) this.#opened(account, false);
  }

  leave(): void {
    this.#account = undefined;
    this.#exportKey = undefined;
    this.#owner = undefined;
    this.#unsettled = false;
    this.#become({ kind: 'none' });
  }

  /** This device was signed out for good: its keys go. */
  async wipe(user: UserId): Promise<void> {
    this.leave();
    await this.#parts.opening.wipe(user);
  }

  #opened(account: Account, unproven: boolean): void {
    this.#account = account;
    if (!unproven) this.#exportKey = undefined;
    this.#become({ kind: 'open', ...(unproven && { password: 'unproven' }) });
  }

  #become(state: AccountState): void {
    this.#state = state;
    this.#parts.onState(state);
  }

  #locked(): { readonly owner: Owner; readonly exportKey: string } {
    const [owner, exportKey] = [this.#owner, this.#exportKey];
    if (!owner || exportKey === undefined) throw failure(RefusedError, 'login-again');
    return { owner, exportKey };
  }
}
