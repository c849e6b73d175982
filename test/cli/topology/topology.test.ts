// How `canopy topology` reads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topologyOf, walk } from '../../../cli/topology/topology.ts';
import { topologySvg } from '../../../cli/topology/topology-svg.ts';
import { topologyLines } from '../../../cli/topology/topology-text.ts';
import type { Neighbour, Status } from '../../../node/admin/api.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

const realm = parseRealmName;
const branch = (name: string, fields: Partial<Neighbour>): Neighbour => ({
  realm: realm(name),
  tier: 'branch',
  path: 'unreachable',
  queued: 0,
  ...fields,
});

const status: Status = {
  realm: realm('kyiv.acme.ua'),
  tier: 'branch',
  version: '0.1.0',
  pid: 1,
  peerId: 'x',
  startedAt: 0,
  lan: '',
  users: 0,
  online: 0,
  relay: { connected: true, addresses: [] },
  certificate: { notAfter: 0 },
  realms: [
    { realm: realm('acme.ua'), tier: 'enterprise', path: 'direct-tcp', rtt: 8.2, queued: 0 },
    branch('lviv.acme.ua', { path: 'relayed', via: realm('acme.ua') }),
    branch('odesa.acme.ua', { queued: 12 }),
    branch('rivne.beta.ua', {}),
  ],
  warnings: [],
};

test('realms stand below the realm that their name says, and each tells the way to it', () => {
  assert.deepEqual(topologyLines(topologyOf(status)), [
    'REALM                TIER        WAY FROM HERE',
    'ua                               unreachable',
    '├─ acme.ua           enterprise  direct-tcp 8 ms',
    '│  ├─ kyiv.acme.ua   branch      this realm',
    '│  ├─ lviv.acme.ua   branch      relayed by acme.ua',
    '│  └─ odesa.acme.ua  branch      unreachable, 12 queued',
    '└─ beta.ua                       unreachable',
    '   └─ rivne.beta.ua  branch      unreachable',
  ]);
});

test('the picture names every realm once, and draws an arc for each way that there is', () => {
  const roots = topologyOf(status);
  const svg = topologySvg(roots, 'Ways from <kyiv>');
  for (const { place } of walk(roots)) assert.equal(svg.split(`>${place.realm}<`).length, 2, place.realm);
  const drawn = svg.slice(0, svg.indexOf('direct by TCP'));
  assert.equal(drawn.match(/class="arc direct-tcp" d="M\d+ \d+H/g)?.length, 1);
  assert.equal(drawn.match(/class="arc relayed" d="M\d+ \d+H/g)?.length, 1);
  assert.ok(svg.includes('Ways from &#60;kyiv&#62;'));
});

test('a link to the region is told beside who carries messages to it', () => {
  const region = { realm: realm('ua'), tier: 'region', path: 'direct-tcp', rtt: 21, queued: 0 } as const;
  const [line] = topologyLines(topologyOf({ ...status, realms: [region] })).slice(1);
  assert.match(line ?? '', /region +direct-tcp 21 ms, messages by acme\.ua$/);
});
