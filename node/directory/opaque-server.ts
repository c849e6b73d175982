// The server's side of OPAQUE (RFC 9807). Two secrets are made once and never leave the database: the server setup, and a key from
// which the made-up user ids of unknown logins follow. Unknown logins run the very same code as known ones, with a registration record of
// a password that nobody knows, so that neither the answer nor its time tells them apart.
//
//   ('opaque')  [version 1, server setup, decoy record, decoy key]
import { createHmac, randomBytes } from 'node:crypto';
import { client, ready, server } from '@serenity-kit/opaque';
import { InputError, RefusedError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import { key } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';

interface Secrets {
  readonly setup: string;
  readonly decoyRecord: string;
  readonly decoyKey: Uint8Array;
}

const VERSION = 1;
const SECRETS = key('opaque');
const MAX_SETUP = 1024;
/** A registration record has 192 bytes, 256 characters of base64url. */
export const MAX_RECORD = 512;
/** The longest message, an answer to a login, has 320 bytes. */
const MAX_MESSAGE = 1024;
const DECOY_KEY = 32;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const CHEAP = { 'argon2id-custom': { memory: 8, iterations: 1, parallelism: 1 } } as const;

function makeSecrets(): Secrets {
  const setup = server.createSetup();
  const password = randomBytes(32).toString('base64url');
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password });
  const { registrationResponse } = server.createRegistrationResponse({
    serverSetup: setup,
    userIdentifier: '',
    registrationRequest,
  });
  const { registrationRecord } = client.finishRegistration({
    clientRegistrationState,
    registrationResponse,
    password,
    keyStretching: CHEAP,
  });
  return { setup, decoyRecord: registrationRecord, decoyKey: randomBytes(DECOY_KEY) };
}

function decodeSecrets(bytes: Uint8Array): Secrets {
  return decodeFields(bytes, 'opaque setup', (reader) => {
    reader.version(VERSION);
    const setup = reader.text(MAX_SETUP);
    return { setup, decoyRecord: reader.text(MAX_RECORD), decoyKey: reader.bytes(DECOY_KEY, DECOY_KEY) };
  });
}

function assertMessage(text: string, most: number): void {
  if (text.length > most || !BASE64URL.test(text))
    throw new InputError('bad-opaque', 'This is not a message of OPAQUE');
}

/** The library throws plain errors at what does not parse. */
function parsing<T>(step: () => T): T {
  try {
    return step();
  } catch (cause) {
    throw new InputError('bad-opaque', 'This is not a message of OPAQUE', { cause });
  }
}

export class OpaqueServer {
  readonly #secrets: Secrets;
  readonly #realm: RealmName;

  constructor(secrets: Secrets, realm: RealmName) {
    this.#secrets = secrets;
    this.#realm = realm;
  }

  /** A registration record whose password nobody knows. */
  get recordOfNobody(): string {
    return this.#secrets.decoyRecord;
  }

  /** @throws InputError `bad-opaque` */
  register(user: UserId, registrationRequest: string): string {
    assertMessage(registrationRequest, MAX_MESSAGE);
    const params = { serverSetup: this.#secrets.setup, userIdentifier: user, registrationRequest };
    return parsing(() => server.createRegistrationResponse(params).registrationResponse);
  }

  /** @throws InputError `bad-opaque` when the record could not be used for a login */
  assertRecord(user: UserId, record: string): void {
    assertMessage(record, MAX_RECORD);
    const { startLoginRequest } = client.startLogin({ password: '' });
    this.startLogin(user, record, startLoginRequest);
  }

  /** With no record, the decoy's. @throws InputError `bad-opaque` */
  startLogin(user: UserId, record: string | undefined, startLoginRequest: string): { state: string; response: string } {
    assertMessage(startLoginRequest, MAX_MESSAGE);
    const registrationRecord = record ?? this.#secrets.decoyRecord;
    const identifiers = this.#identifiers(user);
    const params = {
      serverSetup: this.#secrets.setup,
      userIdentifier: user,
      registrationRecord,
      startLoginRequest,
      identifiers,
    };
    const { serverLoginState, loginResponse } = parsing(() => server.startLogin(params));
    return { state: serverLoginState, response: loginResponse };
  }

  /** Returns when the client has proved that it knows the password. @throws RefusedError `wrong-password` */
  finishLogin(user: UserId, serverLoginState: string, finishLoginRequest: string): void {
    try {
      assertMessage(finishLoginRequest, MAX_MESSAGE);
      server.finishLogin({ serverLoginState, finishLoginRequest, identifiers: this.#identifiers(user) });
    } catch (cause) {
      throw new RefusedError('wrong-password', 'The login or the password is wrong', { cause });
    }
  }

  /** What takes the place of chance in the id that a login without an account always gets. */
  decoySeed(login: string): Uint8Array {
    return new Uint8Array(createHmac('sha256', this.#secrets.decoyKey).update(login).digest());
  }

  #identifiers(user: UserId) {
    return { client: user, server: this.#realm };
  }
}

export async function openOpaque(database: Database, realm: RealmName): Promise<OpaqueServer> {
  await ready;
  const stored = await database.get(SECRETS);
  if (stored) return new OpaqueServer(decodeSecrets(stored), realm);
  const secrets = makeSecrets();
  const value = encodeFields([VERSION, secrets.setup, secrets.decoyRecord, secrets.decoyKey]);
  await database.commit([{ type: 'put', key: SECRETS, value }]);
  return new OpaqueServer(secrets, realm);
}
