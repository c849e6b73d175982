// How `canopy netcheck` reads, and what it advises.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviceOf, netcheckLines } from '../../cli/commands/netcheck.ts';
import type { Netcheck } from '../../relay/api.ts';

const cone: Netcheck = {
  nat: 'cone',
  udp: 'cone',
  tcp: 'cone',
  udpBlocked: false,
  servers: [{ server: '50.0.0.1:3478', udp: '60.0.0.7:40112', tcp: '60.0.0.7:40113' }],
  ipv6: { hasAddress: false },
  mapping: { allowed: false },
};

test('a router that can be punched needs no advice', () => {
  assert.deepEqual(adviceOf(cone), []);
  assert.deepEqual(netcheckLines(cone), [
    'NAT      cone',
    'UDP      passes',
    'IPv6     no public address',
    'mapping  not allowed by the settings',
    '',
    'STUN SERVER    SEEN AS (UDP)   SEEN AS (TCP)',
    '50.0.0.1:3478  60.0.0.7:40112  60.0.0.7:40113',
  ]);
});

test('a symmetric NAT names the port to forward, unless the router maps one already', () => {
  const symmetric: Netcheck = {
    ...cone,
    nat: 'symmetric',
    tcp: 'symmetric',
    forward: { port: 4443, to: ['10.1.0.2:4443'] },
  };
  assert.match(adviceOf(symmetric).join(), /forward TCP port 4443 to 10\.1\.0\.2:4443/);
  assert.deepEqual(adviceOf({ ...symmetric, mapping: { allowed: true, outer: '60.0.0.7:4443' } }), []);
});

test('no answer at all, blocked UDP and a dead IPv6 are told', () => {
  const dead: Netcheck = {
    ...cone,
    udpBlocked: true,
    servers: [{ server: '50.0.0.1:3478' }],
    ipv6: { hasAddress: true, works: false },
  };
  assert.equal(adviceOf(dead).length, 3);
});
