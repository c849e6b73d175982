// Clients of a branch for tests of accounts: each with a storage of its own, and a way to the server that a test may break or bend.
import type { TestContext } from 'node:test';
import { client as opaque, ready } from '@serenity-kit/opaque';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import type { UserProfile } from '../../../node/directory/directory.ts';
import {
  type Client,
  type ClientInit,
  type ClientStorage,
  createClient,
  type HttpFetch,
} from '../../../src/client/client.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import type { Passwords } from '../../../src/client/surface.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { type Branch, REALM } from '../../node/lan/branch-fixture.ts';

export const PASSWORDS = { first: 'first-clerk', second: 'second-clerk', third: 'third-clerk' } as const;

/** What stands between a client and the server; by default nothing. */
export type Between = (fetch: HttpFetch) => HttpFetch;

export function clientOf(
  t: TestContext,
  branch: Branch,
  storage: ClientStorage = memoryStorage(),
  between: Between = (fetch) => fetch,
  more: Pick<ClientInit, 'root'> = {},
): Client {
  const platform = nodePlatform();
  const client = createClient({
    server: branch.server.url,
    ...platform,
    fetch: between(platform.fetch),
    storage,
    passwords: quickPasswords,
    random: () => 0,
    ...more,
  });
  t.after(async () => {
    client.disconnect();
    await platform.close();
  });
  return client;
}

/** As a process that dies: from the n-th request on nothing comes back; the n-th itself does or does not reach the server. */
export function dyingAt(n: number, reaches: boolean): Between {
  let count = 0;
  return (fetch) => async (url, init) => {
    count += 1;
    if (count < n) return fetch(url, init);
    if (count === n && reaches) await fetch(url, init);
    throw new Error('the process is dead');
  };
}

/** A server that was tampered with: `bend` sees what the real one says of a path, and may say something else. */
export function lying(bend: (path: string, answer: unknown) => unknown): Between {
  return (fetch) => async (url, init) => {
    const answer = await fetch(url, init);
    const path = new URL(url).pathname.replace('/api/v1', '');
    return { ...answer, status: answer.status, json: async () => bend(path, await answer.json()) };
  };
}

const QUICK = { 'argon2id-custom': { memory: 8, iterations: 1, parallelism: 1 } } as const;

/** As src/crypto/login.ts, with next to no stretching: the server can't tell, and a test of many logins is quick. */
export const quickPasswords: Passwords = {
  proveLogin: async (password, realm, exchange) => {
    await ready;
    const { clientLoginState, startLoginRequest } = opaque.startLogin({ password });
    const { response: loginResponse, userId, realm: home = realm } = await exchange(startLoginRequest);
    const identifiers = { client: userId, server: home };
    const result = opaque.finishLogin({ clientLoginState, loginResponse, password, identifiers, keyStretching: QUICK });
    if (!result) throw new RefusedError('wrong-password', 'the username or the password is wrong');
    return { finish: result.finishLoginRequest, exportKey: result.exportKey };
  },
  registerPassword: async (password, realm, exchange) => {
    await ready;
    const { clientRegistrationState, registrationRequest } = opaque.startRegistration({ password });
    const { response: registrationResponse, userId } = await exchange(registrationRequest);
    const identifiers = { client: userId, server: realm };
    const { registrationRecord, exportKey } = opaque.finishRegistration({
      clientRegistrationState,
      registrationResponse,
      password,
      identifiers,
      keyStretching: QUICK,
    });
    return { record: registrationRecord, exportKey };
  },
};

export async function addUser(branch: Branch, login: string, password: string): Promise<UserProfile> {
  let registrationId = '';
  const { record } = await quickPasswords.registerPassword(password, REALM, async (request) => {
    const started = await branch.accounts.startRegistration({ login: parseLogin(login), name: login, request });
    registrationId = started.registrationId;
    return started;
  });
  return branch.accounts.finishRegistration({ registrationId, record });
}
