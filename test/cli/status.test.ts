// How `canopy status` and `canopy ping` read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusLines } from '../../cli/commands/status.ts';
import type { Status } from '../../node/admin/api.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

const status: Status = {
  realm: parseRealmName('kyiv.acme.ua'),
  tier: 'branch',
  version: '0.1.0',
  pid: 1,
  peerId: 'x',
  startedAt: NOW - 3 * DAY,
  lan: 'https://10.0.0.5:8443',
  users: 20,
  online: 12,
  relay: { connected: true, addresses: [] },
  certificate: { notAfter: NOW + 6 * DAY },
  realms: [
    {
      realm: parseRealmName('lviv.acme.ua'),
      tier: 'branch',
      path: 'direct-tcp',
      rtt: 21,
      queued: 0,
      clockSkew: 100,
      release: '0.1.0',
      certificateEnds: NOW + 25 * DAY,
    },
    {
      realm: parseRealmName('rivne.beta.ua'),
      tier: 'branch',
      path: 'unreachable',
      queued: 1,
      oldest: NOW - 5000,
      queueState: 'custody',
      custodian: parseRealmName('acme.ua'),
    },
    {
      realm: parseRealmName('odesa.acme.ua'),
      tier: 'branch',
      path: 'relayed',
      via: parseRealmName('acme.ua'),
      queued: 12,
      oldest: NOW - 3 * MINUTE,
      clockSkew: -20,
    },
  ],
  warnings: ['certificate of kyiv.acme.ua ends in 6 days'],
};

test('warnings come first, then this realm, then the ways to others, aligned', () => {
  assert.deepEqual(
    statusLines(status, NOW, (text) => text),
    [
      '! certificate of kyiv.acme.ua ends in 6 days',
      'kyiv.acme.ua  branch  up 3 d  12 online  13 queued  certificate 6 d  canopy 0.1.0',
      '  REALM          TIER    PATH                RTT    QUEUE                      CERT  CLOCK   RELEASE',
      '  lviv.acme.ua   branch  direct-tcp          21 ms  0                          25 d  +0.1 s  0.1.0',
      '  rivne.beta.ua  branch  by the tiers above         1, 5 s, a copy at acme.ua',
      '  odesa.acme.ua  branch  relayed by acme.ua         12, 3 min                        +0.0 s',
    ],
  );
});

test('a realm two tiers up has a link, and the line says who carries messages to it, as `canopy reach` does', () => {
  const region = { realm: parseRealmName('ua'), tier: 'region', path: 'direct-tcp', rtt: 21, queued: 0 } as const;
  const enterprise = { ...region, realm: parseRealmName('acme.ua'), tier: 'enterprise' } as const;
  const lines = statusLines({ ...status, warnings: [], realms: [enterprise, region] }, NOW, (text) => text);
  assert.deepEqual(lines.slice(2), [
    '  acme.ua  enterprise  direct-tcp                       21 ms  0',
    '  ua       region      direct-tcp, messages by acme.ua  21 ms  0',
  ]);
  const above = { ...status, realm: region.realm, tier: region.tier, warnings: [] };
  const branch = { ...region, realm: status.realm, tier: 'branch' } as const;
  assert.match(statusLines({ ...above, realms: [branch] }, NOW, String)[2] ?? '', /direct-tcp, messages by acme\.ua/);
  const away = { ...region, path: 'unreachable' } as const;
  assert.match(statusLines({ ...status, realms: [away] }, NOW, String).at(-1) ?? '', /region +unreachable +21 ms/);
});
