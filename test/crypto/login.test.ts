// Login by password against the server's half of the same library.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ready, server } from '@serenity-kit/opaque';
import { opaqueIdentifiers, proveLogin, registerPassword } from '../../src/crypto/login.ts';
import { RefusedError } from '../../src/realm/errors.ts';

const ADDRESS = 'clerk@kyiv.acme.ua';
const USER = 'a-user-id';

async function registered(password: string) {
  await ready;
  const serverSetup = server.createSetup();
  const { record, exportKey } = await registerPassword(
    ADDRESS,
    password,
    async (registrationRequest) =>
      server.createRegistrationResponse({ serverSetup, userIdentifier: USER, registrationRequest })
        .registrationResponse,
  );
  const states: string[] = [];
  const exchange = async (startLoginRequest: string) => {
    const identifiers = opaqueIdentifiers(ADDRESS);
    const answer = server.startLogin({
      serverSetup,
      userIdentifier: USER,
      registrationRecord: record,
      startLoginRequest,
      identifiers,
    });
    states.push(answer.serverLoginState);
    return answer.loginResponse;
  };
  const finish = (finishLoginRequest: string) =>
    server.finishLogin({
      serverLoginState: states.at(-1) ?? '',
      finishLoginRequest,
      identifiers: opaqueIdentifiers(ADDRESS),
    });
  return { exchange, finish, exportKey };
}

test('the registered password proves the login and yields the same export key', { timeout: 30_000 }, async () => {
  const { exchange, finish, exportKey } = await registered('correct horse');
  const proof = await proveLogin(ADDRESS, 'correct horse', exchange);
  assert.ok(finish(proof.finish).sessionKey.length > 0);
  assert.equal(proof.exportKey, exportKey);
});

test('another password is refused before anything is sent', { timeout: 30_000 }, async () => {
  const { exchange } = await registered('correct horse');
  await assert.rejects(proveLogin(ADDRESS, 'wrong horse', exchange), (error: unknown) => {
    assert.ok(error instanceof RefusedError);
    assert.equal(error.code, 'login-refused');
    return true;
  });
});
