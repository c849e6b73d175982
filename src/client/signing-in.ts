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
import { deviceId } from '../protocols/lan/wire.ts';
import { codeOf, InputError, RefusedError } from '../realm/errors.ts';
import { type DeviceId, idText, parseDeviceId } from '../realm/ids.ts';
import type { RealmName } from '../realm/names.ts';
import { failure } from './failure.ts';
import type { Http } from './http.ts';
import type { ClientStorage } from './platform.ts';
import type { LoginOptions, Me, Passwords } from './surface.ts';

const DEVICE_KEY = 'device';

export interface SigningInComponents {
  readonly http: Http;
  readonly storage: ClientStorage;
  readonly form: SessionForm;
  readonly deviceName: string;
  /** Loaded at the first use: it brings some 400 KB of WebAssembly. */
  readonly passwords: () => Promise<Passwords>;
}

export class SigningIn {
  readonly #components: SigningInComponents;
  #token: string | undefined;

  constructor(components: SigningInComponents) {
    this.#components = components;
  }

  /** Of the bearer form. */
  get token(): string | undefined {
    return this.#token;
  }

  /** @throws RefusedError `wrong-password`, `login-backoff`, `password-change-required`; what {@link checkNewPassword} throws */
  async login(login: string, password: string, options: LoginOptions = {}): Promise<Me> {
    this.#token = undefined;
    const { realm } = await this.#components.http.get('/server', serverAnswer, options.signal);
    const answer = this.#accept(await this.#prove(login, password, realm, options.signal));
    if (!answer.mustChangePassword) return this.#me(answer);
    if (options.newPassword === undefined) throw failure(RefusedError, 'password-change-required');
    checkNewPassword(options.newPassword, password);
    return this.#renewPassword(options.newPassword, realm, options.signal);
  }

  /** The present password is proven anew, by a login. @throws what {@link checkNewPassword} throws */
  async changePassword(login: string, password: string, newPassword: string): Promise<Me> {
    checkNewPassword(newPassword, password);
    const { realm } = await this.#components.http.get('/server', serverAnswer);
    this.#accept(await this.#prove(login, password, realm));
    return this.#renewPassword(newPassword, realm);
  }

  async resume(token?: string): Promise<Me | undefined> {
    if (token !== undefined) this.#token = token;
    try {
      const answer = await this.#components.http.get('/me', sessionAnswer);
      return answer.mustChangePassword ? undefined : this.#me(answer);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#token = undefined;
      return undefined;
    }
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

  async #prove(login: string, password: string, realm: RealmName, signal?: AbortSignal): Promise<SessionAnswer> {
    const { http, form, deviceName } = this.#components;
    const { proveLogin } = await this.#components.passwords();
    let loginId = '';
    const proof = await proveLogin(password, realm, async (request) => {
      const started = await http.post('/login/start', { login, request }, loginStartAnswer, signal);
      loginId = started.loginId;
      return started;
    }).catch(rephrase);
    const device = { id: await this.#device(), name: deviceName };
    const request: v.InferOutput<typeof loginFinishRequest> = { loginId, finish: proof.finish, device, session: form };
    return http.post('/login/finish', request, sessionAnswer, signal);
  }

  async #renewPassword(newPassword: string, realm: RealmName, signal?: AbortSignal): Promise<Me> {
    const { http, form } = this.#components;
    const { registerPassword } = await this.#components.passwords();
    let changeId = '';
    const { userId } = await this.#whose(signal);
    const { record } = await registerPassword(newPassword, realm, async (request) => {
      const started = await http.post('/password/start', { request }, passwordStartAnswer, signal);
      changeId = started.changeId;
      return { response: started.response, userId };
    });
    const finish = { changeId, record, session: form };
    return this.#me(this.#accept(await http.post('/password/finish', finish, sessionAnswer, signal)));
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

/** A UUID of version 4 (RFC 9562 section 5.4); `crypto.randomUUID` is missing where a page is not secure. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return idText(bytes);
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
