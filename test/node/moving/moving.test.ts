// A user moves from Kyiv to Lviv: the same person with the same keys, known everywhere under the new address, and never of two realms.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { eventually, kyiv, lviv } from '../../protocols/ledger/ledger-realm.ts';
import { OpaqueClient } from '../directory/opaque-client.ts';
import { company, settledUser } from './company.ts';

const LIMIT = { timeout: 60_000 };
const CLERK = parseLogin('clerk');

test('identities and devices are known at every node of the house', LIMIT, async (t) => {
  const { kyiv: home, acme, lviv: other } = await company(t);
  const { user, identity, certificate } = await settledUser(home, 'clerk');
  for (const { keys } of [acme, other, home]) {
    await eventually(() => keys.keysOf(kyiv, user.id).devices.length === 1);
    const known = keys.keysOf(kyiv, user.id);
    assert.deepEqual(known.identity?.key, identity.publicKey);
    assert.deepEqual(known.devices[0]?.bytes, certificate.bytes);
    // No other realm speaks for the user.
    assert.deepEqual(keys.keysOf(lviv, user.id).devices, []);
  }
  await home.identities.removeDevice(user.id, certificate.device, undefined);
  for (const { keys } of [acme, other, home]) {
    await eventually(() => keys.isRemoved(kyiv, user.id, certificate.device));
    assert.deepEqual(keys.keysOf(kyiv, user.id).devices, []);
  }
});

test('a user who moves keeps the id, the identity, the devices and the vault', LIMIT, async (t) => {
  const { kyiv: old, lviv: next, acme } = await company(t);
  const { user, session, identity, certificate, head, records } = await settledUser(old, 'clerk');
  await eventually(() => next.directory.findById(user.id)?.home === kyiv);
  await old.accounts.setDepartment(user.id, 'Accounts', 'operator');
  await old.moving.move(CLERK, lviv, 'operator');
  assert.equal(old.accounts.sessions.list(session.user).length, 0);
  for (const { directory, keys } of [old, next, acme]) {
    await eventually(() => directory.findById(user.id)?.home === lviv);
    assert.equal(directory.findById(user.id)?.department, 'Accounts');
    assert.equal(directory.findByAddress({ login: CLERK, realm: kyiv }), undefined);
    await eventually(() => keys.keysOf(lviv, user.id).devices.length === 1);
    assert.deepEqual(keys.keysOf(lviv, user.id).identity?.key, identity.publicKey);
    assert.deepEqual(keys.keysOf(lviv, user.id).devices[0]?.bytes, certificate.bytes);
    assert.equal(keys.keysOf(kyiv, user.id).identity, undefined);
  }
  assert.deepEqual((await next.accounts.vaults.state(user.id)).head, head);
  assert.deepEqual(await next.accounts.vaults.records(user.id, 1, 0), records);
  await assert.rejects(old.accounts.vaults.state(user.id), { code: 'vault-none' });
  const there = new OpaqueClient(next.accounts, lviv);
  await assert.rejects(there.login('clerk', 'password'), { code: 'wrong-password' });
  await there.reset('clerk', 'new first password');
  assert.equal((await there.login('clerk', 'new first password')).user.id, user.id);
  await assert.rejects(new OpaqueClient(old.accounts, kyiv).login('clerk', 'password'), { code: 'wrong-password' });
});

test('a login that is taken there, or a branch out of reach, leaves the user where the user is', LIMIT, async (t) => {
  const { kyiv: old, lviv: next, networks } = await company(t);
  const { user } = await settledUser(old, 'clerk');
  await eventually(() => next.directory.findById(user.id) !== undefined);
  await new OpaqueClient(next.accounts, lviv).addUser('clerk', 'password');
  await assert.rejects(old.moving.move(CLERK, lviv, 'operator'), { code: 'login-taken' });
  networks.cut(lviv);
  await assert.rejects(old.moving.move(CLERK, lviv, 'operator'), { name: 'UnreachableError' });
  await assert.rejects(old.moving.move(CLERK, kyiv, 'operator'), { code: 'bad-destination' });
  assert.equal((await new OpaqueClient(old.accounts, kyiv).login('clerk', 'password')).user.id, user.id);
});

test('a realm that claims a user whom the home has not let go is believed by nobody else', LIMIT, async (t) => {
  const { kyiv: home, lviv: other, acme } = await company(t);
  const { user } = await settledUser(home, 'clerk');
  for (const { directory } of [other, acme]) await eventually(() => directory.findById(user.id)?.home === kyiv);
  await other.directory.add({ id: user.id, login: CLERK, name: 'Impostor', kind: 'person' }, []);
  const later = await new OpaqueClient(other.accounts, lviv).addUser('engineer', 'password');
  for (const { directory } of [home, acme]) {
    await eventually(() => directory.findById(later.id) !== undefined);
    assert.equal(directory.findById(user.id)?.home, kyiv);
    assert.equal(directory.findById(user.id)?.name, user.name);
  }
});

test('what is held counts only once the old home has let go', LIMIT, async (t) => {
  const { kyiv: old, lviv: next } = await company(t);
  const { user } = await settledUser(old, 'clerk');
  await eventually(() => next.directory.findById(user.id) !== undefined);
  // The old home dies between the hand-over and its own entry.
  const away = old.accounts.moveAway.bind(old.accounts);
  old.accounts.moveAway = () => Promise.reject(new Error('the process is dead'));
  await assert.rejects(old.moving.move(CLERK, lviv, 'operator'));
  assert.equal(next.directory.findById(user.id)?.home, kyiv);
  assert.equal(next.accounts.store.find(CLERK), undefined);
  old.accounts.moveAway = away;
  await old.moving.move(CLERK, lviv, 'operator');
  await eventually(() => next.accounts.store.find(CLERK) !== undefined);
  assert.equal(next.directory.findById(user.id)?.home, lviv);
});
