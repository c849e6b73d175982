// Which way mail to a realm goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ways } from '../../../node/delivery/ways.ts';
import type { TrustDirection } from '../../../src/overlay/charter.ts';
import { parseRealmName, type RealmName, type Tier } from '../../../src/realm/names.ts';

const TIERS: Readonly<Record<string, Tier>> = {
  ua: 'region',
  'acme.ua': 'enterprise',
  'beta.ua': 'enterprise',
  'kyiv.acme.ua': 'branch',
  'kiosk.ua': 'branch',
  'stand.ua': 'branch',
};
const tierOf = (realm: RealmName): Tier | undefined => TIERS[realm];

function way(from: string, to: string, trust?: TrustDirection) {
  const [realm, destination] = [parseRealmName(from), parseRealmName(to)];
  const trustWith = () => (trust ? { realm: destination, direction: trust, since: 0 } : undefined);
  return new Ways({ realm, tier: tierOf(realm) ?? 'branch', tierOf, charter: { trustWith } }).to(destination);
}

test('within a house, and between parent and child, it is direct', () => {
  assert.deepEqual(way('kyiv.acme.ua', 'lviv.acme.ua'), { kind: 'direct', custodian: 'acme.ua' });
  assert.deepEqual(way('kyiv.acme.ua', 'acme.ua'), { kind: 'direct', custodian: undefined });
  assert.deepEqual(way('acme.ua', 'kyiv.acme.ua'), { kind: 'direct', custodian: undefined });
  assert.deepEqual(way('kiosk.ua', 'stand.ua'), { kind: 'direct', custodian: 'ua' });
});

test('between enterprises, and over a tier, it goes along the tree', () => {
  assert.deepEqual(way('kyiv.acme.ua', 'odesa.beta.ua'), { kind: 'tree', next: 'acme.ua' });
  assert.deepEqual(way('acme.ua', 'beta.ua'), { kind: 'tree', next: 'ua' });
  assert.deepEqual(way('acme.ua', 'gamma.ua'), { kind: 'tree', next: 'ua' });
  assert.deepEqual(way('kiosk.ua', 'acme.ua'), { kind: 'tree', next: 'ua' });
  assert.deepEqual(way('kiosk.ua', 'unknown.ua'), { kind: 'tree', next: 'ua' });
  assert.deepEqual(way('kyiv.acme.ua', 'ua'), { kind: 'tree', next: 'acme.ua' });
  assert.deepEqual(way('ua', 'kyiv.acme.ua'), { kind: 'tree', next: 'acme.ua' });
});

test('a trust makes it direct, unless it lets nothing out', () => {
  assert.deepEqual(way('kyiv.acme.ua', 'odesa.beta.ua', 'both'), { kind: 'direct', custodian: 'acme.ua' });
  assert.deepEqual(way('kyiv.acme.ua', 'odesa.beta.ua', 'outward'), { kind: 'direct', custodian: 'acme.ua' });
  assert.deepEqual(way('kyiv.acme.ua', 'odesa.beta.ua', 'inward'), { kind: 'tree', next: 'acme.ua' });
});

test('another root has none', () => {
  assert.deepEqual(way('kyiv.acme.ua', 'warsaw.acme.pl'), { kind: 'none' });
});
