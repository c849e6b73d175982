// Names of realms and addresses of users.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/realm/errors.ts';
import { ancestorsOf, isRealmName, isWithin, parentOf, parseRealmName } from '../../src/realm/names.ts';
import { formatUserAddress, parseUserAddress } from '../../src/realm/user-address.ts';

test('a realm is lower-case labels joined by dots', () => {
  for (const good of ['ua', 'acme.ua', 'kyiv.acme.ua', 'a-1.b', 'x'.repeat(63)]) assert.ok(isRealmName(good), good);
  for (const bad of [
    '',
    '.',
    'UA',
    'a..b',
    '-a',
    'a-',
    'a_b',
    'a b',
    'київ',
    'x'.repeat(64),
    'a/b',
    'a:1',
    'u@a',
    `${'abc.'.repeat(70)}a`,
  ]) {
    assert.throws(() => parseRealmName(bad), InputError, bad);
  }
});

test('the realms above a branch are its enterprise and its region', () => {
  const kyiv = parseRealmName('kyiv.acme.ua');
  assert.equal(parentOf(kyiv), 'acme.ua');
  assert.deepEqual(ancestorsOf(kyiv), ['acme.ua', 'ua']);
  assert.equal(parentOf(parseRealmName('ua')), undefined);
});

test('a realm is within itself and those above it, not within one whose name merely ends alike', () => {
  const acme = parseRealmName('acme.ua');
  assert.ok(isWithin(acme, acme));
  assert.ok(isWithin(parseRealmName('kyiv.acme.ua'), acme));
  assert.ok(!isWithin(parseRealmName('notacme.ua'), acme));
});

test('an address is a login and a realm', () => {
  assert.equal(formatUserAddress(parseUserAddress('clerk@kyiv.acme.ua')), 'clerk@kyiv.acme.ua');
  for (const bad of ['clerk', '@kyiv', 'clerk@', 'Clerk@kyiv', 'a@b@c', 'clerk@kyiv/x', `${'a'.repeat(65)}@kyiv`]) {
    assert.throws(() => parseUserAddress(bad), InputError, bad);
  }
});
