// A home node whose code was changed, and its administrator: they make passwords that they know, and say that nobody has to change them.
// What such a password must not become is a key to the vault.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Account } from '../../../src/client/account/account.ts';
import type { Client } from '../../../src/client/client.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { type Branch, openBranch, REALM } from '../../node/lan/branch-fixture.ts';
import { nextEvent } from '../waiting.ts';
import { addUser, clientOf, PASSWORDS, quickPasswords } from './people.ts';

const LIMIT = { timeout: 60_000 };
const { first, second, third } = PASSWORDS;
const KNOWN = 'known-to-the-administrator';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function accountOf(client: Client): Account {
  return client.account ?? assert.fail(`the account is ${JSON.stringify(client.accountState)}`);
}

/** The node says of every password that it may stay. */
async function keepQuiet(branch: Branch): Promise<void> {
  for (const account of branch.accounts.store.list()) {
    await branch.accounts.store.save({ ...account, mustChangePassword: false });
  }
}

async function resetQuietly(branch: Branch, password: string): Promise<void> {
  let registrationId = '';
  const { record } = await quickPasswords.registerPassword(password, REALM, async (request) => {
    const started = await branch.accounts.startReset({ login: parseLogin('clerk'), request });
    registrationId = started.registrationId;
    return started;
  });
  await branch.accounts.finishReset({ registrationId, record });
  await keepQuiet(branch);
}

/** A clerk with a device and a recovery key, whose password the administrator has then reset without a word. */
async function clerkAfterReset(t: TestContext) {
  const branch = await openBranch(t);
  await addUser(branch, 'clerk', first);
  const storage = memoryStorage();
  const before = clientOf(t, branch, storage);
  await before.login('clerk', first, { newPassword: second });
  await accountOf(before).vault.put('setting', 'theme', bytes('dark'));
  const recoveryKey = await accountOf(before).makeRecoveryKey();
  await resetQuietly(branch, KNOWN);
  const known = clientOf(t, branch, storage);
  const administrator = clientOf(t, branch);
  return { branch, storage, known, administrator, recoveryKey };
}

async function opensFor(client: Client, password: string): Promise<string> {
  await client.login('clerk', password);
  return client.accountState.kind;
}

test('a known device hands the vault to no password that it did not see being chosen', LIMIT, async (t) => {
  const { known, administrator } = await clerkAfterReset(t);
  await known.login('clerk', KNOWN);
  assert.deepEqual(known.accountState, { kind: 'open', password: 'unproven' });
  assert.deepEqual(accountOf(known).vault.get('setting', 'theme'), bytes('dark'));
  assert.equal(await opensFor(administrator, KNOWN), 'locked');
});

test('a new password that is chosen on the device unlocks the vault, and the doubt is over', LIMIT, async (t) => {
  const { branch, known, administrator } = await clerkAfterReset(t);
  await known.login('clerk', KNOWN);
  const told = nextEvent(known, 'account');
  await known.changePassword(KNOWN, third);
  assert.deepEqual(await told, { kind: 'open' });
  await assert.rejects(administrator.login('clerk', KNOWN), { code: 'wrong-password' });
  assert.equal(await opensFor(clientOf(t, branch), third), 'open');
});

test(
  'only when the person says so does the vault open by a password that somebody else may have made',
  LIMIT,
  async (t) => {
    const { branch, known } = await clerkAfterReset(t);
    await known.login('clerk', KNOWN);
    await known.acceptPassword();
    assert.deepEqual(known.accountState, { kind: 'open' });
    assert.equal(await opensFor(clientOf(t, branch), KNOWN), 'open');
  },
);

test('the doubt outlasts the page, and ends with a login by a password that unlocks', LIMIT, async (t) => {
  const { branch, storage, known } = await clerkAfterReset(t);
  const { token } = await known.login('clerk', KNOWN);
  const later = clientOf(t, branch, storage);
  await later.resume(token);
  assert.deepEqual(later.accountState, { kind: 'open', password: 'unproven' });
  await assert.rejects(later.acceptPassword(), { code: 'login-again' });
  await later.changePassword(KNOWN, third);
  const last = clientOf(t, branch, storage);
  await last.login('clerk', third);
  assert.deepEqual(last.accountState, { kind: 'open' });
});

test('a recovery key opens the vault and proves nothing for the password beside it', LIMIT, async (t) => {
  const { branch, administrator, recoveryKey } = await clerkAfterReset(t);
  const fresh = clientOf(t, branch);
  await fresh.login('clerk', KNOWN);
  await fresh.recoverAccount(recoveryKey);
  assert.deepEqual(fresh.accountState, { kind: 'open', password: 'unproven' });
  assert.equal(await opensFor(administrator, KNOWN), 'locked');
});

test('no identity is begun anew for such a password', LIMIT, async (t) => {
  const { branch, administrator } = await clerkAfterReset(t);
  const fresh = clientOf(t, branch);
  await fresh.login('clerk', KNOWN);
  await assert.rejects(fresh.beginAccountAnew(), { code: 'password-change-required' });
  await fresh.changePassword(KNOWN, third);
  await fresh.beginAccountAnew();
  assert.deepEqual(fresh.accountState, { kind: 'open' });
  await assert.rejects(administrator.login('clerk', KNOWN), { code: 'wrong-password' });
});

test('a first password becomes no key either, also when the node asks for no new one', LIMIT, async (t) => {
  const branch = await openBranch(t);
  const { id } = await addUser(branch, 'clerk', first);
  await keepQuiet(branch);
  const client = clientOf(t, branch);
  await assert.rejects(client.login('clerk', first), { code: 'password-change-required' });
  assert.equal(branch.identities.identityOf(id), undefined);
  await client.login('clerk', first, { newPassword: second });
  assert.equal(client.accountState.kind, 'open');
  await assert.rejects(clientOf(t, branch).login('clerk', first), { code: 'wrong-password' });
});
