// What one realm may take of a relay's places for forwarded streams.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUOTA, Quotas } from '../../src/overlay/forward/quotas.ts';
import type { Peer } from '../../src/overlay/seam.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const relay = (realm: string, peerId: string): Peer => {
  return { realm: parseRealmName(realm), tier: 'branch', role: 'relay', peerId, instance: '' };
};

test('a realm with many relays takes no more places than one with a single relay, whether it speaks or not', () => {
  const quotas = new Quotas(systemClock);
  const entered = Array.from({ length: QUOTA.total + 1 }, (_, at) => quotas.enter(relay('lviv.acme.ua', `relay${at}`)));
  assert.equal(entered.filter(Boolean).length, QUOTA.relay);
  assert.equal(quotas.total, QUOTA.relay);
  const honest = relay('odesa.acme.ua', 'one');
  assert.equal(quotas.enter(honest), true);
  quotas.check(honest);
  quotas.leave(honest);
  for (let at = 0; at < QUOTA.relay; at += 1) quotas.leave(relay('lviv.acme.ua', 'any'));
  assert.equal(quotas.total, 0);
});
