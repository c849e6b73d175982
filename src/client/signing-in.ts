// Login, resume, change of password, logout: the calls and their order. The session itself is a cookie that no script
// sees, or a token that the caller keeps.
import * as v from 'valibot';
import { passwordProblem } from '../crypto/password-rule.ts';
import {
  emptyAnswer,
  loginFinishRequest,
  loginStartAnswer,
  passwordStartAnswer,
  type SessionAnswer,
  type SessionForm,
  serverAnswer,
  sessionAnswer,
} from '../protocols/lan/routes.ts';
import { deviceId, userId } from '../protocols/lan/wire.ts';
import { codeOf, InputError, RefusedError } from '../realm/errors.ts';
import { type DeviceId, parseDeviceId, type UserId } from '../realm/ids.ts';
import type { RealmName } from '../realm/names.ts';
import { failure } from './failure.ts';
import type { Http } from './http.ts';
import type { ClientStorage } from './platform.ts';
import { randomId } from './random-id.ts';
import type { LoginOptions, Me, Passwords } from './surface.ts';

const DEVICE_KEY = 'device';

interface Proven {
  readonly answer: SessionAnswer;
  readonly exportKey: string;
  /** The user's home: the identifier of the server that OPAQUE knows. */
  readonly realm: RealmName;
}

export interface SigningInComponents {
  readonly http: Http;
  readonly storage: ClientStorage;
  readonly form: SessionForm;
  readonly deviceName: string;
  /** The person has chosen this password here; called before the server hears of it. */
  readonly onChosen: (user: UserId, exportKey: string) => Promise<void>;
  /** Sends what ends a change of password, together with what unlocks the vault by the new one. */
  readonly rewrapped: <T>(exportKey: string, send: SendRewrap<T>) => Promise<T>;
  /** Loaded at the first use: it brings some 400 KB of WebAssembly. */
  readonly passwords: () => Promise<Passwords>;
}

/** Sends the request; `vault` is absent where there is none that is open. */
export type SendRewrap<T> = (vault?: { readonly head: string; readonly wraps: string }) => Promise<T>;

/** Who has come in, and what follows from the password that no server knows. */
export interface SignedIn {
  readonly me: Me;
  readonly exportKey: string;
  /** The home, which OPAQUE knows the server by. */
  readonly realm: RealmName;
  /** The password came into being here and now. */
  readonly isNew: boolean;
}

/** Times that another device may change the vault while a password is changed. */
const MAX_RETRIES = 5;
/** What the server says of a session that was, so that the caller does more than forget it. */
const TOLD = new Set(['device-wiped', 'branch-locked']);

export class SigningIn {
  readonly #components: SigningInComponents;
  #token: string | undefined;
  #isGuest = false;
  #wasRemoved = false;

  constructor(components: SigningInComponents) {
    this.#components = components;
  }

  /** The last login was at another branch than the user's own. */
  get isGuest(): boolean {
    return this.#isGuest;
  }

  /** The last login found this device signed out for good, and made it a new one. */
  get wasRemoved(): boolean {
    return this.#wasRemoved;
  }

  /** Of the bearer form. */
  get token(): string | undefined {
    return this.#token;
  }

  /** @throws RefusedError `wrong-password`, `login-backoff`, `password-change-required`; what {@link checkNewPassword} throws */
  async login(login: string, password: string, options: LoginOptions = {}): Promise<SignedIn> {
    this.#token = undefined;
    const proven = await this.#proveAsSome(login, password, options.signal);
    const answer = this.#accept(proven.answer);
    const { exportKey, realm } = proven;
    if (!answer.mustChangePassword) return { me: this.#me(answer), exportKey, realm, isNew: false };
    return this.choose(password, realm, options);
  }

  /** For one that somebody else made: there is no vault yet, or it is opened by what comes after a reset. */
  async choose(password: string, realm: RealmName, { newPassword, signal }: LoginOptions): Promise<SignedIn> {
    if (newPassword === undefined) throw failure(RefusedError, 'password-change-required');
    checkNewPassword(newPassword, password);
    return this.#renewPassword(newPassword, realm, (_, send) => send(), signal);
  }

  /** The present password is proven anew, by a login. @throws what {@link checkNewPassword} throws */
  async changePassword(login: string, password: string, newPassword: string): Promise<SignedIn> {
    checkNewPassword(newPassword, password);
    const { answer, realm } = await this.#proveAsSome(login, password);
    this.#accept(answer);
    for (let tries = 0; ; tries++) {
      try {
        return await this.#renewPassword(newPassword, realm, this.#components.rewrapped);
      } catch (error) {
        if (codeOf(error) !== 'vault-conflict' || tries === MAX_RETRIES) throw error;
      }
    }
  }

  async resume(token?: string): Promise<Me | undefined> {
    if (token !== undefined) this.#token = token;
    try {
      const answer = await this.#components.http.get('/me', sessionAnswer);
      return answer.mustChangePassword ? undefined : this.#me(answer);
    } catch (error) {
      // a locked branch may say later that this token's device is to be wiped: it is kept
      if (!(error instanceof RefusedError) || TOLD.has(error.code)) throw error;
      this.#token = undefined;
      return undefined;
    }
  }

  /** Users of whom something is kept here. */
  async usersHere(): Promise<UserId[]> {
    const prefixes = (await this.#components.storage.keys('')).map((key) => key.split('/')[0]);
    return [...new Set(prefixes)].flatMap((prefix) => {
      const read = v.safeParse(userId, prefix);
      return read.success ? [read.output] : [];
    });
  }

  /** Whoever signs in here next is another device. */
  async forgetDevice(): Promise<void> {
    this.#token = undefined;
    await this.#components.storage.delete(DEVICE_KEY);
  }

  async logout(): Promise<void> {
    try {
      await this.#components.http.post('/logout', {}, emptyAnswer);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
    } finally {
      this.#token = undefined;
    }
  }

  /** A device that was signed out for good comes back as a new one: it knows nothing of what it was. */
  async #proveAsSome(login: string, password: string, signal?: AbortSignal): Promise<Proven> {
    this.#wasRemoved = false;
    const { realm } = await this.#components.http.get('/server', serverAnswer, signal);
    try {
      return await this.#prove(login, password, realm, signal);
    } catch (error) {
      if (codeOf(error) !== 'device-removed') throw error;
      await this.#components.storage.delete(DEVICE_KEY);
      this.#wasRemoved = true;
      return this.#prove(login, password, realm, signal);
    }
  }

  async #prove(login: string, password: string, server: RealmName, signal?: AbortSignal): Promise<Proven> {
    const { http, form, deviceName } = this.#components;
    const { proveLogin } = await this.#components.passwords();
    let loginId = '';
    let realm = server;
    const proof = await proveLogin(password, server, async (request) => {
      const started = await http.post('/login/start', { login, request }, loginStartAnswer, signal);
      loginId = started.loginId;
      realm = started.realm ?? server;
      return started;
    }).catch(rephrase);
    const device = { id: await this.#device(), name: deviceName };
    const request: v.InferOutput<typeof loginFinishRequest> = { loginId, finish: proof.finish, device, session: form };
    const answer = await http.post('/login/finish', request, sessionAnswer, signal);
    this.#isGuest = realm !== server;
    return { answer, exportKey: proof.exportKey, realm };
  }

  async #renewPassword(
    newPassword: string,
    realm: RealmName,
    rewrapped: SigningInComponents['rewrapped'],
    signal?: AbortSignal,
  ): Promise<SignedIn> {
    const { http, form } = this.#components;
    const { registerPassword } = await this.#components.passwords();
    let changeId = '';
    const { userId } = await this.#whose(signal);
    const { record, exportKey } = await registerPassword(newPassword, realm, async (request) => {
      const started = await http.post('/password/start', { request }, passwordStartAnswer, signal);
      changeId = started.changeId;
      return { response: started.response, userId };
    });
    await this.#components.onChosen(userId, exportKey);
    const answer = await rewrapped(exportKey, (vault) => {
      const finish = { changeId, record, session: form, ...(vault && { vault }) };
      return http.post('/password/finish', finish, sessionAnswer, signal);
    });
    return { me: this.#me(this.#accept(answer)), exportKey, realm, isNew: true };
  }

  async #whose(signal?: AbortSignal) {
    const { user } = await this.#components.http.get('/me', sessionAnswer, signal);
    return { userId: user.id };
  }

  #accept(answer: SessionAnswer): SessionAnswer {
    if (answer.token !== undefined) this.#token = answer.token;
    return answer;
  }

  #me({ user, device }: SessionAnswer): Me {
    return this.#token === undefined ? { user, device } : { user, device, token: this.#token };
  }

  /** Made once for each storage, so that the server knows the device again. */
  async #device(): Promise<DeviceId> {
    const { storage } = this.#components;
    const kept = v.safeParse(deviceId, await storage.get(DEVICE_KEY));
    if (kept.success) return kept.output;
    const made = parseDeviceId(randomId());
    await storage.set(DEVICE_KEY, made);
    return made;
  }
}

/** @throws RefusedError `password-unchanged`; InputError `password-too-short`, `password-too-long` */
function checkNewPassword(newPassword: string, password: string): void {
  if (newPassword === password) throw failure(RefusedError, 'password-unchanged');
  const problem = passwordProblem(newPassword);
  if (problem) throw failure(InputError, problem.code, { count: problem.count });
}

/** The sentence of a wrong password is the catalogue's, whoever noticed it. */
function rephrase(error: unknown): never {
  if (codeOf(error) === 'wrong-password') throw failure(RefusedError, 'wrong-password', {}, error);
  throw error;
}
