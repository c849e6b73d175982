// Accounts and logins by OPAQUE, with the real protocol on both sides.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { proveLogin, registerPassword } from '../../../src/crypto/login.ts';
import { parseDeviceId } from '../../../src/realm/ids.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { kyiv } from '../../protocols/ledger/ledger-realm.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { type Branch, openBranch } from './branch.ts';
import { OpaqueClient } from './opaque-client.ts';

const LIMIT = { timeout: 60_000 };
const MINUTE = 60_000;

async function opened(disk?: ForgetfulDisk): Promise<Branch & { client: OpaqueClient }> {
  const branch = await openBranch(kyiv, disk ? { disk } : {});
  return { ...branch, client: new OpaqueClient(branch.accounts, kyiv) };
}

test('a registered user logs in by login and by address, and must change the first password', LIMIT, async () => {
  const { accounts, client } = await opened();
  const user = await client.addUser('clerk', 'first', 'Олена Коваль');
  const { token, mustChangePassword, user: who, session } = await client.login('clerk', 'first');
  assert.deepEqual(who, user);
  assert.equal(who.name, 'Олена Коваль');
  assert.equal(mustChangePassword, true);
  assert.match(token, /^[\w-]{43}$/);
  assert.deepEqual(accounts.sessions.find(token)?.id, session.id);
  await client.change(session, 'second');
  assert.equal((await client.login('Clerk@kyiv.acme.ua ', 'second')).mustChangePassword, false);
  await assert.rejects(client.login('clerk', 'first'), { code: 'wrong-password' });
});

test("the product's own client registers and logs in", LIMIT, async () => {
  const { accounts } = await opened();
  let registrationId = '';
  const { record } = await registerPassword('correct horse', kyiv, async (request) => {
    const begun = await accounts.startRegistration({ login: parseLogin('clerk'), name: 'Clerk', request });
    registrationId = begun.registrationId;
    return begun;
  });
  await accounts.finishRegistration({ registrationId, record });
  let loginId = '';
  const { finish } = await proveLogin('correct horse', kyiv, async (request) => {
    const begun = await accounts.startLogin({ login: 'clerk', request, from: '192.0.2.1' });
    loginId = begun.loginId;
    return begun;
  });
  const device = { id: parseDeviceId(randomUUID()), name: 'test' };
  assert.equal((await accounts.finishLogin({ loginId, finish, device })).user.address.login, 'clerk');
});

test('an unknown login is answered as a known one: the same shape, the same made-up id each time', LIMIT, async () => {
  const { client } = await opened();
  const user = await client.addUser('clerk', 'pw');
  const known = (await client.begin('clerk', 'guess')).begun;
  const unknown = (await client.begin('nobody', 'guess')).begun;
  assert.equal(known.userId, user.id);
  // All but the last six bytes says of which house it is.
  assert.equal(unknown.userId.slice(0, 24), user.id.slice(0, 24));
  assert.equal(unknown.response.length, known.response.length);
  const ids = await Promise.all(
    ['nobody', 'nobody@kyiv.acme.ua', 'NOBODY'].map(
      async (login) => (await client.begin(login, 'x', '192.0.2.9')).begun.userId,
    ),
  );
  assert.deepEqual(new Set(ids), new Set([unknown.userId]));
  assert.notEqual((await client.begin('nobody@lviv.acme.ua', 'x')).begun.userId, unknown.userId);
  await assert.rejects(client.login('nobody', 'guess'), { code: 'wrong-password' });
  await assert.rejects(client.login('clerk', 'guess'), { code: 'wrong-password' });
});

test('what unknown logins are told survives a restart, and accounts do', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const before = await opened(disk);
  await before.client.addUser('clerk', 'pw');
  const { userId } = (await before.client.begin('nobody', 'x')).begun;
  const { token } = await before.client.login('clerk', 'pw');
  disk.powerCut();
  const after = await opened(disk);
  assert.equal((await after.client.begin('nobody', 'x')).begun.userId, userId);
  assert.equal((await after.client.login('clerk', 'pw')).user.address.login, 'clerk');
  assert.ok(after.accounts.sessions.find(token));
});

test('guesses count when they begin, for each account and address, known or not', LIMIT, async () => {
  const { accounts, advance, audit, client } = await opened();
  await client.addUser('clerk', 'pw');
  for (const login of ['clerk', 'nobody']) {
    for (let guess = 0; guess < 5; guess++) await client.begin(login, 'guess', '192.0.2.7');
    const refused = accounts.startLogin({ login, request: 'AAAA', from: '192.0.2.7' });
    await assert.rejects(refused, (error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error && 'retryAfter' in error);
      assert.equal(error.code, 'login-backoff');
      assert.ok(Number(error.retryAfter) > 0 && Number(error.retryAfter) <= 1000);
      return true;
    });
  }
  assert.equal((await client.login('clerk', 'pw', undefined, '192.0.2.8')).user.address.login, 'clerk');
  advance(2 * MINUTE);
  await client.begin('nobody', 'guess', '192.0.2.7');
  const records = await audit.tail(100);
  assert.ok(records.some(({ code, actor }) => code === 'login-guessing' && actor === '192.0.2.7'));
});

test('the waits grow with further guesses', LIMIT, async () => {
  const { advance, client } = await opened();
  for (let guess = 0; guess < 5; guess++) await client.begin('clerk', 'guess');
  for (const wait of [1, 2, 4, 8, 16]) {
    advance((wait - 0.5) * 1000);
    await assert.rejects(client.begin('clerk', 'guess'), { code: 'login-backoff' });
    advance(500);
    await client.begin('clerk', 'guess');
  }
});

test('many successful logins from one address are not held back', LIMIT, async () => {
  const { client } = await opened();
  await client.addUser('clerk', 'pw');
  for (let i = 0; i < 120; i++) await client.login('clerk', 'pw', '11111111-1111-4111-8111-111111111111');
});

test('a login taken is refused, also for two registrations at once', LIMIT, async () => {
  const { accounts, client } = await opened();
  const both = await Promise.allSettled([client.addUser('clerk', 'a'), client.addUser('clerk', 'b')]);
  const rejected = both.filter((one) => one.status === 'rejected');
  assert.equal(rejected.length, 1);
  assert.equal(rejected[0]?.reason.code, 'login-taken');
  await assert.rejects(client.addUser('clerk', 'c'), { code: 'login-taken' });
  assert.equal(accounts.list().length, 1);
});

test('malformed names, logins and messages are refused', LIMIT, async () => {
  const { accounts, client } = await opened();
  await assert.rejects(client.addUser('clerk', 'pw', ' '), { code: 'bad-name' });
  await assert.rejects(client.addUser('clerk', 'pw', 'line\nbreak'), { code: 'bad-name' });
  await assert.rejects(client.addUser('clerk', 'pw', 'x'.repeat(101)), { code: 'bad-name' });
  for (const request of ['', 'AAAA', '<script>', 'A'.repeat(5000)]) {
    const start = accounts.startLogin({ login: 'clerk', request, from: `192.0.2.${request.length % 200}` });
    await assert.rejects(start, { code: 'bad-opaque' });
    const login = parseLogin('clerk');
    await assert.rejects(accounts.startRegistration({ login, name: 'C', request }), { code: 'bad-opaque' });
  }
  const device = { id: parseDeviceId(randomUUID()), name: 'test' };
  const unknown = accounts.finishLogin({ loginId: 'nothing', finish: 'AAAA', device });
  await assert.rejects(unknown, { code: 'unknown-login-attempt' });
  await assert.rejects(accounts.finishRegistration({ registrationId: 'x', record: '' }), {
    code: 'unknown-registration',
  });
});

test('a proof is good for one login', LIMIT, async () => {
  const { accounts, client } = await opened();
  await client.addUser('clerk', 'pw');
  const { begun, finish } = await client.begin('clerk', 'pw');
  const proof = {
    loginId: begun.loginId,
    finish: finish ?? '',
    device: { id: parseDeviceId(randomUUID()), name: 'test' },
  };
  await accounts.finishLogin(proof);
  await assert.rejects(accounts.finishLogin(proof), { code: 'unknown-login-attempt' });
});

test('a change of password ends the other sessions and none else', LIMIT, async () => {
  const { accounts, client } = await opened();
  await client.addUser('clerk', 'pw');
  await client.addUser('other', 'pw');
  const mine = await client.login('clerk', 'pw');
  const elsewhere = await client.login('clerk', 'pw');
  const colleague = await client.login('other', 'pw');
  const ended: string[] = [];
  accounts.sessions.onEnd(({ id }, why) => ended.push(`${id} ${why}`));
  await client.change(mine.session, 'new');
  assert.deepEqual(ended, [`${elsewhere.session.id} password-changed`]);
  assert.ok(accounts.sessions.find(mine.token));
  assert.equal(accounts.sessions.find(elsewhere.token), undefined);
  assert.ok(accounts.sessions.find(colleague.token));
});

test('a change of password that is not due needs a fresh login', LIMIT, async () => {
  const { advance, client } = await opened();
  await client.addUser('clerk', 'pw');
  const { session } = await client.login('clerk', 'pw');
  advance(20 * MINUTE);
  await client.change(session, 'due, so taken');
  await assert.rejects(client.change(session, 'again'), { code: 'login-again' });
});

test("one user's change can't be finished by another", LIMIT, async () => {
  const { accounts, client } = await opened();
  await client.addUser('clerk', 'pw');
  await client.addUser('other', 'pw');
  const mine = await client.login('clerk', 'pw');
  const theirs = await client.login('other', 'pw');
  const { begun } = await client.begin('clerk', 'pw');
  assert.ok(begun);
  const { client: opaque } = await import('@serenity-kit/opaque');
  const { registrationRequest } = opaque.startRegistration({ password: 'x' });
  const { changeId } = await accounts.startPasswordChange(mine.session, registrationRequest);
  await assert.rejects(accounts.finishPasswordChange(theirs.session, { changeId, record: 'AAAA' }), {
    code: 'unknown-password-change',
  });
});

test('a reset ends all sessions and makes a change due', LIMIT, async () => {
  const { accounts, client } = await opened();
  const user = await client.addUser('clerk', 'pw');
  const { session, token } = await client.login('clerk', 'pw');
  await client.change(session, 'own');
  assert.equal(accounts.mustChangePassword(user.id), false);
  await client.reset('clerk', 'given');
  assert.equal(accounts.sessions.find(token), undefined);
  assert.equal((await client.login('clerk', 'given')).mustChangePassword, true);
  await assert.rejects(client.reset('nobody', 'x'), { code: 'unknown-user' });
});

test('a disabled account is told so only after the right password; its sessions end', LIMIT, async () => {
  const { accounts, client, directory } = await opened();
  const user = await client.addUser('clerk', 'pw');
  const { token } = await client.login('clerk', 'pw');
  await accounts.setStatus(user.id, 'disabled', 'operator');
  assert.equal(accounts.sessions.find(token), undefined);
  assert.equal(directory.findById(user.id)?.status, 'disabled');
  await assert.rejects(client.login('clerk', 'wrong'), { code: 'wrong-password' });
  await assert.rejects(client.login('clerk', 'pw'), { code: 'account-disabled' });
  await accounts.setStatus(user.id, 'active');
  await client.login('clerk', 'pw');
});

test('the audit log has who, what and from where, and no token or password', LIMIT, async () => {
  const { audit, client } = await opened();
  await client.addUser('clerk', 'very secret');
  const { token } = await client.login('clerk', 'very secret', undefined, '192.0.2.33');
  await assert.rejects(client.login('clerk', 'wrong', undefined, '192.0.2.34'));
  const records = await audit.tail(100);
  assert.deepEqual(
    records.map(({ code }) => code),
    ['user-added', 'login', 'login-refused'],
  );
  assert.equal(records[2]?.fields?.['from'], '192.0.2.34');
  const all = JSON.stringify(records);
  assert.ok(!all.includes(token) && !all.includes('very secret'));
});
