// Somebody who costs the bench next to nothing: OPAQUE with the cheapest stretching, which is the client's own work and of which a server
// sees nothing, and messages that no client seals. What the server does for such a person is what it does for any.
import { client, ready } from '@serenity-kit/opaque';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import type { AdminClient } from '../../node/admin/api.ts';
import { Http } from '../../src/client/http.ts';
import { LiveConnection } from '../../src/client/live.ts';
import { memoryStorage } from '../../src/client/platform.ts';
import { SigningIn } from '../../src/client/signing-in.ts';
import type { OpaqueAnswer } from '../../src/crypto/login.ts';
import type { ServerFrame } from '../../src/protocols/lan/frames.ts';
import { LIVE_VERSION } from '../../src/protocols/lan/limits.ts';
import type { User } from '../../src/protocols/lan/wire.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { parseUserId } from '../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';

type Exchange = (request: string) => Promise<OpaqueAnswer>;

const keyStretching = { 'argon2id-custom': { memory: 8, iterations: 1, parallelism: 1 } } as const;

const lightPasswords = {
  async proveLogin(password: string, realm: RealmName, exchange: Exchange) {
    const { clientLoginState, startLoginRequest } = client.startLogin({ password });
    const { response: loginResponse, userId, realm: home = realm } = await exchange(startLoginRequest);
    const identifiers = { client: userId, server: home };
    const proof = client.finishLogin({ clientLoginState, loginResponse, password, identifiers, keyStretching });
    if (!proof) throw new Error('the password does not fit');
    return { finish: proof.finishLoginRequest, exportKey: proof.exportKey };
  },
  async registerPassword(password: string, realm: RealmName, exchange: Exchange) {
    await ready;
    const { clientRegistrationState, registrationRequest } = client.startRegistration({ password });
    const { response: registrationResponse, userId } = await exchange(registrationRequest);
    const identifiers = { client: userId, server: realm };
    const made = client.finishRegistration({
      clientRegistrationState,
      registrationResponse,
      password,
      identifiers,
      keyStretching,
    });
    return { record: made.registrationRecord, exportKey: made.exportKey };
  },
};

export class LightPerson {
  readonly #server: string;
  readonly #login: string;
  readonly #signingIn: SigningIn;
  #user: User | undefined;

  private constructor(server: string, login: string) {
    const { fetch } = nodePlatform();
    this.#server = server;
    this.#login = login;
    const http: Http = new Http({ server, fetch, clock: systemClock, token: () => this.#signingIn.token });
    this.#signingIn = new SigningIn({
      http,
      storage: memoryStorage(),
      form: 'bearer',
      deviceName: 'bench',
      onChosen: async () => {},
      rewrapped: (_, send) => send(),
      passwords: async () => lightPasswords,
    });
  }

  /** Registered, with a password of their own. */
  static async enter(admin: AdminClient, server: string, login: string): Promise<LightPerson> {
    const realm = parseRealmName((await admin.status()).realm);
    let registrationId = '';
    const { record } = await lightPasswords.registerPassword(`first of ${login}`, realm, async (request) => {
      const started = await admin.startUser({ login, name: `The ${login}`, request });
      registrationId = started.registrationId;
      return { response: started.response, userId: parseUserId(started.userId) };
    });
    await admin.finishUser({ registrationId, record });
    const person = new LightPerson(server, login);
    const { me } = await person.#signingIn.login(login, `first of ${login}`, { newPassword: `second of ${login}` });
    person.#user = me.user;
    return person;
  }

  get user(): User {
    if (!this.#user) throw new Error('nobody has entered');
    return this.#user;
  }

  /** Once more, on the same device. */
  async logIn(): Promise<void> {
    await this.#signingIn.login(this.#login, `second of ${this.#login}`);
  }

  /** Resolves when the server has said hello. */
  connect(onFrame: (frame: ServerFrame) => void): Promise<LiveConnection> {
    const { openSocket } = nodePlatform();
    return new Promise((resolve, reject) => {
      const live: LiveConnection = new LiveConnection(
        { server: this.#server, openSocket, clock: systemClock, random: Math.random },
        {
          hello: async () => ({ kind: 'hello', versions: [LIVE_VERSION], capabilities: [] }),
          headers: () => ({ authorization: `Bearer ${this.#signingIn.token}` }),
          unreadable: () => 0,
          onFrame: (frame) => (frame.kind === 'hello' ? resolve(live) : onFrame(frame)),
          onState: () => {},
          onFinal: (code) => reject(new Error(code)),
          whyOver: async () => undefined,
        },
      );
      live.start();
    });
  }
}
