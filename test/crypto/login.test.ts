// Login by password against the server's half of the same library.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ready, server } from '@serenity-kit/opaque';
import { proveLogin, registerPassword } from '../../src/crypto/login.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import { parseUserId } from '../../src/realm/ids.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const REALM = parseRealmName('kyiv.acme.ua');
const USER = parseUserId('7d444840-9dc0-41d1-b245-5ffdce74fad2');
const IDENTIFIERS = { client: USER, server: REALM };

async function registered(password: string) {
  await ready;
  const serverSetup = server.createSetup();
  const { record, exportKey } = await registerPassword(password, REALM, async (registrationRequest) => {
    const answer = server.createRegistrationResponse({ serverSetup, userIdentifier: USER, registrationRequest });
    return { response: answer.registrationResponse, userId: USER };
  });
  const states: string[] = [];
  const exchange = async (startLoginRequest: string) => {
    const answer = server.startLogin({
      serverSetup,
      userIdentifier: USER,
      registrationRecord: record,
      startLoginRequest,
      identifiers: IDENTIFIERS,
    });
    states.push(answer.serverLoginState);
    return { response: answer.loginResponse, userId: USER };
  };
  const finish = (finishLoginRequest: string) =>
    server.finishLogin({
      serverLoginState: states.at(-1) ?? '',
      finishLoginRequest,
      identifiers: IDENTIFIERS,
    });
  return { exchange, finish, exportKey };
}

test('the registered password proves the login and yields the same export key', { timeout: 30_000 }, async () => {
  const { exchange, finish, exportKey } = await registered('correct horse');
  const proof = await proveLogin('correct horse', REALM, exchange);
  assert.ok(finish(proof.finish).sessionKey.length > 0);
  assert.equal(proof.exportKey, exportKey);
});

test('another password is refused before anything is sent', { timeout: 30_000 }, async () => {
  const { exchange } = await registered('correct horse');
  await assert.rejects(proveLogin('wrong horse', REALM, exchange), (error: unknown) => {
    assert.ok(error instanceof RefusedError);
    assert.equal(error.code, 'wrong-password');
    return true;
  });
});
