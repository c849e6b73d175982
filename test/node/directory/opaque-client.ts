// The client's side of OPAQUE for tests, with cheap stretching so that many logins take little time. The product's is src/crypto/login.ts.
import { randomUUID } from 'node:crypto';
import { client } from '@serenity-kit/opaque';
import type { AccountService } from '../../../node/directory/account-service.ts';
import type { LoggedIn, LoginStarted } from '../../../node/directory/accounts.ts';
import type { UserProfile } from '../../../node/directory/directory.ts';
import { parseDeviceId, type UserId } from '../../../src/realm/ids.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';

const keyStretching = { 'argon2id-custom': { memory: 8, iterations: 1, parallelism: 1 } } as const;

export class OpaqueClient {
  readonly #accounts: AccountService;
  readonly #realm: RealmName;

  constructor(accounts: AccountService, realm: RealmName) {
    this.#accounts = accounts;
    this.#realm = realm;
  }

  async addUser(login: string, password: string, name = 'A Name'): Promise<UserProfile> {
    const record = this.#record(password);
    const begun = await this.#accounts.startRegistration({ login: parseLogin(login), name, request: record.request });
    return this.#accounts.finishRegistration({
      registrationId: begun.registrationId,
      record: record.finish(begun.userId, begun.response),
      by: 'operator',
    });
  }

  async reset(login: string, password: string): Promise<UserProfile> {
    const record = this.#record(password);
    const begun = await this.#accounts.startReset({ login: parseLogin(login), request: record.request });
    return this.#accounts.finishReset({
      registrationId: begun.registrationId,
      record: record.finish(begun.userId, begun.response),
    });
  }

  async change(session: LoggedIn['session'], password: string): Promise<void> {
    const record = this.#record(password);
    const begun = await this.#accounts.startPasswordChange(session, record.request);
    const finish = { changeId: begun.changeId, record: record.finish(begun.userId, begun.response) };
    await this.#accounts.finishPasswordChange(session, finish);
  }

  /** The first message of a guess and what the guesser can compute from its answer: undefined when the password is wrong. */
  async begin(
    login: string,
    password: string,
    from = '192.0.2.1',
  ): Promise<{ begun: LoginStarted; finish: string | undefined }> {
    const { clientLoginState, startLoginRequest } = client.startLogin({ password });
    const begun = await this.#accounts.startLogin({ login, request: startLoginRequest, from });
    const identifiers = this.#identifiers(begun.userId);
    const loginResponse = begun.response;
    const result = client.finishLogin({ clientLoginState, loginResponse, password, identifiers, keyStretching });
    return { begun, finish: result?.finishLoginRequest };
  }

  async login(login: string, password: string, device: string = randomUUID(), from?: string): Promise<LoggedIn> {
    const { begun, finish } = await this.begin(login, password, from);
    return this.#accounts.finishLogin({
      loginId: begun.loginId,
      finish: finish ?? 'AAAA',
      device: { id: parseDeviceId(device), name: 'test' },
    });
  }

  #record(password: string) {
    const { clientRegistrationState, registrationRequest } = client.startRegistration({ password });
    return {
      request: registrationRequest,
      finish: (userId: UserId, registrationResponse: string) =>
        client.finishRegistration({
          clientRegistrationState,
          registrationResponse,
          password,
          identifiers: this.#identifiers(userId),
          keyStretching,
        }).registrationRecord,
    };
  }

  #identifiers(userId: UserId) {
    return { client: userId, server: this.#realm };
  }
}
