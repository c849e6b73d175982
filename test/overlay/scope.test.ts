// The scope table, where names alone decide.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  houseTable,
  isReachable,
  mayConnect,
  mayReach,
  relationWith,
  Scope,
  type Standing,
  type Trusts,
} from '../../src/overlay/scope.ts';
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

const BETA_KYIV = place('kyiv.beta.ua', 'branch');
const BETA = place('beta.ua', 'enterprise');
const WITH_BETA_KYIV: Trusts = {
  trustWith: (realm) => (realm === BETA_KYIV.realm ? { realm, direction: 'both', since: 0 } : undefined),
};
const asNode = (standing: Standing): Standing => ({ ...standing, role: 'node' });

test('a trust makes a stranger trusted, and nobody else', () => {
  assert.equal(relationWith(KYIV, BETA_KYIV), 'stranger');
  assert.equal(relationWith(KYIV, BETA_KYIV, WITH_BETA_KYIV), 'trusted');
  for (const other of [BETA, place('odesa.beta.ua', 'branch'), ODESA]) {
    assert.equal(relationWith(KYIV, other, WITH_BETA_KYIV), 'stranger', other.realm);
    assert.equal(mayConnect(KYIV, other, WITH_BETA_KYIV), false);
    assert.equal(mayReach(KYIV, other.realm, WITH_BETA_KYIV), false);
  }
  const withKin: Trusts = { trustWith: (realm) => ({ realm, direction: 'both', since: 0 }) };
  assert.equal(relationWith(KYIV, LVIV, withKin), 'sibling', 'kin gain nothing by a trust');
  assert.equal(relationWith(KYIV, UA, withKin), 'ancestor');
});

test('with a trust relay meets relay and node meets node, and never one the other', () => {
  assert.equal(mayConnect(KYIV, BETA_KYIV, WITH_BETA_KYIV), true);
  assert.equal(mayConnect(asNode(KYIV), asNode(BETA_KYIV), WITH_BETA_KYIV), true);
  assert.equal(mayConnect(KYIV, asNode(BETA_KYIV), WITH_BETA_KYIV), false);
  assert.equal(mayConnect(asNode(KYIV), BETA_KYIV, WITH_BETA_KYIV), false);
  assert.equal(isReachable(KYIV, BETA_KYIV, WITH_BETA_KYIV), true);
  assert.equal(isReachable(KYIV, BETA_KYIV), false);
});

test("what a partner's relay may speak: links and forwarding, and nothing of the family's", () => {
  const scope = new Scope(KYIV, WITH_BETA_KYIV);
  const allowed = [
    '/ipfs/id/1.0.0',
    '/ipfs/ping/1.0.0',
    '/webrtc-signaling/0.0.1',
    '/canopy/link-ping/1',
    '/canopy/punch/1',
    '/canopy/forward/1',
  ];
  const refused = [
    '/libp2p/circuit/relay/0.2.0/hop',
    '/libp2p/circuit/relay/0.2.0/stop',
    '/canopy/locate/1',
    '/canopy/enrol-forward/1',
    '/canopy/paths/1',
    '/canopy/echo/1',
    ACME_TABLE,
  ];
  for (const protocol of allowed) {
    assert.equal(scope.mayOpen(BETA_KYIV, protocol), true, protocol);
    assert.equal(new Scope(KYIV).mayOpen(BETA_KYIV, protocol), false, `${protocol} without a trust`);
  }
  for (const protocol of refused) assert.equal(scope.mayOpen(BETA_KYIV, protocol), false, protocol);
});

test("a partner's node speaks what was declared for trusts, and its relay none of it", () => {
  const scope = new Scope(asNode(KYIV), WITH_BETA_KYIV);
  scope.declare('/canopy/deliver/1', 'trusted');
  scope.declare('/canopy/errand/1', 'family');
  scope.declare('/canopy/profile/1', 'enterprise');
  scope.declare('/canopy/charter/1', 'own');
  const may = (peer: Standing): boolean[] =>
    ['/canopy/deliver/1', '/canopy/errand/1', '/canopy/profile/1', '/canopy/charter/1'].map((protocol) =>
      scope.mayOpen(peer, protocol),
    );
  assert.deepEqual(may(asNode(BETA_KYIV)), [true, false, false, false]);
  assert.deepEqual(may(BETA_KYIV), [false, false, false, false]);
  assert.deepEqual(may(asNode(LVIV)), [true, true, true, false]);
  assert.equal(scope.mayOpen(asNode(BETA_KYIV), '/canopy/echo/1'), true);
  assert.equal(scope.mayOpen(asNode(BETA_KYIV), '/canopy/forward/1'), false);
});
