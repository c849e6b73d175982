// The scope table, where names alone decide.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { houseTable, Scope, type Standing } from '../../src/overlay/scope.ts';
import { parseRealmName, type Role, type Tier } from '../../src/realm/names.ts';

const place = (realm: string, tier: Tier, role: Role = 'relay'): Standing => ({
  realm: parseRealmName(realm),
  tier,
  role,
});
const [UA, ACME, KYIV, LVIV, ODESA, SUMY] = [
  place('ua', 'region'),
  place('acme.ua', 'enterprise'),
  place('kyiv.acme.ua', 'branch'),
  place('lviv.acme.ua', 'branch'),
  place('odesa.ua', 'branch'),
  place('sumy.ua', 'branch'),
];
const ACME_TABLE = houseTable(parseRealmName('acme.ua'));
const UA_TABLE = houseTable(parseRealmName('ua'));

test('the table of an enterprise is spoken by its relays and those of its branches alone', () => {
  const kyiv = new Scope(KYIV);
  assert.deepEqual(
    [ACME, LVIV, place('kyiv.acme.ua', 'branch')].map((peer) => kyiv.mayOpen(peer, ACME_TABLE)),
    [true, true, true],
  );
  const others = [UA, ODESA, place('beta.ua', 'enterprise'), place('kyiv.acme.ua', 'branch', 'node')];
  assert.deepEqual(
    others.map((peer) => kyiv.mayOpen(peer, ACME_TABLE)),
    [false, false, false, false],
  );
  assert.equal(new Scope(ACME).mayOpen(UA, ACME_TABLE), false);
  assert.equal(new Scope(ACME).mayOpen(UA, UA_TABLE), false);
  assert.equal(kyiv.mayOpen(LVIV, UA_TABLE), false);
});

test('branches right below a region share its table', () => {
  assert.equal(new Scope(ODESA).mayOpen(SUMY, UA_TABLE), true);
  assert.equal(new Scope(ODESA).mayOpen(UA, UA_TABLE), true);
  assert.equal(new Scope(UA).mayOpen(ODESA, UA_TABLE), true);
  assert.equal(new Scope(UA).mayOpen(ACME, UA_TABLE), false);
  assert.equal(new Scope(ODESA).mayOpen(KYIV, UA_TABLE), false);
});
