// Which path two relays behind routers end with, by the kinds of their routers and the ways that are allowed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LinkPath, PunchWay } from '../../../src/overlay/links/links.ts';
import { Internet } from '../../lab/internet.ts';
import type { NatType } from '../../lab/nat.ts';
import { LabPair } from './lab-pair.ts';

const ALL: readonly PunchWay[] = ['tcp', 'tcp-punch', 'webrtc'];
/** A round of all ways ends by then; a link that stays relayed is judged after it. */
const SETTLED = 24_000;

const internet = new Internet('links');
const region = internet.publicHost('region');

const CASES: readonly (readonly [NatType, NatType, readonly PunchWay[], LinkPath])[] = [
  ['open', 'port-restricted', ALL, 'direct-tcp'],
  ['full-cone', 'symmetric', ALL, 'direct-tcp'],
  ['port-restricted', 'port-restricted', ALL, 'direct-tcp'],
  ['port-restricted', 'cgnat', ALL, 'direct-tcp'],
  ['cgnat', 'cgnat', ALL, 'direct-tcp'],
  ['udp-blocked', 'udp-blocked', ALL, 'direct-tcp'],
  ['port-restricted', 'port-restricted', ['webrtc'], 'direct-webrtc'],
  ['cgnat', 'cgnat', ['webrtc'], 'direct-webrtc'],
  ['symmetric', 'symmetric', ALL, 'relayed'],
  ['port-restricted', 'tcp-443', ALL, 'relayed'],
];

for (const [a, b, ways, wanted] of CASES) {
  test(`${a} and ${b}, by ${ways.join(', ')}: ${wanted}`, { timeout: 60_000 }, async (t) => {
    const pair = new LabPair(internet, region, [a, b]);
    t.after(() => pair.stop());
    await pair.start(ways);
    // "relayed" is reached long before the other ways have been tried: give them their time.
    await pair.becomes(wanted === 'relayed' ? 'direct-tcp' : wanted, SETTLED);
    t.diagnostic(pair.changes.map(({ kind, ms }) => `${kind} after ${ms} ms`).join(', '));
    assert.equal(pair.changes.at(-1)?.kind, wanted);
  });
}
