// What one realm may take of a relay's places for forwarded streams.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUOTA, Quotas } from '../../src/overlay/forward/quotas.ts';
import type { Peer } from '../../src/overlay/seam.ts';
import { Shares } from '../../src/overlay/shares/shares.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const ACME = parseRealmName('acme.ua');
const relay = (realm: string, peerId: string): Peer => {
  return { realm: parseRealmName(realm), tier: 'branch', role: 'relay', peerId, instance: '' };
};
const never = (): void => assert.fail('a stream was ended');

test('a realm with many relays takes no more places than one with a single relay, whether it speaks or not', () => {
  const quotas = new Quotas(systemClock, new Shares(ACME, systemClock));
  const many = Array.from({ length: 2_000 }, (_, at) => quotas.enter(relay('lviv.acme.ua', `relay${at}`), never));
  const entered = many.filter((place) => place !== undefined);
  assert.equal(entered.length, QUOTA.relay);
  assert.equal(quotas.total, QUOTA.relay);
  const honest = relay('odesa.acme.ua', 'one');
  const place = quotas.enter(honest, never);
  assert.ok(place);
  quotas.check(honest);
  for (const one of [place, ...entered]) one.leave();
  assert.equal(quotas.total, 0);
});

test('the own node has its streams, and another branch its own, when one branch had all there are', () => {
  const quotas = new Quotas(systemClock, new Shares(ACME, systemClock, { streams: 100 }));
  const ended: string[] = [];
  const enter = (peer: Peer) => quotas.enter(peer, () => void ended.push(peer.realm));
  for (let at = 0; at < 100; at += 1) assert.ok(enter(relay('lviv.acme.ua', 'one')));
  assert.equal(enter(relay('lviv.acme.ua', 'one')), undefined);
  assert.ok(enter({ ...relay('acme.ua', 'own'), role: 'node' }));
  assert.ok(enter(relay('odesa.acme.ua', 'one')));
  assert.deepEqual(ended, ['lviv.acme.ua', 'lviv.acme.ua']);
  assert.equal(quotas.total, 100);
});
