// Which realm of a house may list which user.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BirthPlaces } from '../../../node/directory/birth-places.ts';
import { userIdOf } from '../../../src/realm/house-id.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

const [ACME, BETA] = [parseRealmName('acme.ua'), parseRealmName('beta.ua')];
const [KYIV, LVIV, ODESA] = ['kyiv', 'lviv', 'odesa'].map((label) => parseRealmName(`${label}.acme.ua`));
const bytes = Uint8Array.of(1, 2, 3, 4);

test('the realm that gave the id lists the user, and no other branch of the house', () => {
  assert.ok(KYIV && LVIV && ODESA);
  const places = new BirthPlaces(ACME);
  const id = userIdOf(ACME, KYIV, bytes);
  assert.deepEqual(
    [KYIV, LVIV, ODESA, ACME].map((realm) => places.mayList(realm, id)),
    [true, false, false, false],
  );
  assert.equal(places.mayList(KYIV, userIdOf(BETA, KYIV, bytes)), false, 'of another house');
  assert.equal(places.mayList(LVIV, parseUserId('10000000-0000-4000-8000-000000000001')), true, 'it names none');
});

test('who was handed on is listed by whom the chains lead to, in whichever order they were read', () => {
  assert.ok(KYIV && LVIV && ODESA);
  const places = new BirthPlaces(ACME);
  const id = userIdOf(ACME, KYIV, bytes);
  places.moved(id, LVIV, ODESA);
  assert.equal(places.mayList(ODESA, id), false, 'nobody handed the user to lviv yet');
  places.moved(id, KYIV, LVIV);
  assert.deepEqual(
    [LVIV, ODESA].map((realm) => places.mayList(realm, id)),
    [true, true],
  );
  places.moved(id, ODESA, KYIV);
  places.moved(id, ODESA, LVIV);
  assert.equal(places.mayList(ODESA, id), true);
});

test('a branch hands no colleague of another branch to itself', () => {
  assert.ok(KYIV && LVIV && ODESA);
  const places = new BirthPlaces(ACME);
  const id = userIdOf(ACME, KYIV, bytes);
  places.moved(id, LVIV, LVIV);
  places.moved(id, LVIV, ODESA);
  places.moved(id, ODESA, LVIV);
  assert.deepEqual(
    [LVIV, ODESA].map((realm) => places.mayList(realm, id)),
    [false, false],
  );
});
