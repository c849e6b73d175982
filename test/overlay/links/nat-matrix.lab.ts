// Which path two relays behind routers end with, by the kinds of their routers and the ways that are allowed.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LinkPath, PunchWay } from '../../../src/overlay/links/links.ts';
import { Internet } from '../../lab/internet.ts';
import type { Namespace } from '../../lab/namespace.ts';
import type { NatType } from '../../lab/nat.ts';
import type { LabRelay } from './lab-relay.ts';

const PROGRAM = fileURLToPath(new URL('./lab-relay.ts', import.meta.url));
const ALL: readonly PunchWay[] = ['tcp', 'tcp-punch', 'webrtc'];
/** A round of all ways ends by then; a link that stays relayed is judged after it. */
const SETTLED = 24_000;

const internet = new Internet('links');
const region = internet.publicHost('region');
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill();
});

interface Line {
  readonly ms: number;
  readonly ready?: boolean;
  readonly to?: string;
  readonly kind?: string;
}

function start(host: Namespace, init: LabRelay, onLine: (line: Line) => void): Promise<void> {
  const argument = JSON.stringify({ ...init, loud: process.env['LOUD'] !== undefined });
  const child = host.spawn(process.execPath, [PROGRAM, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  return new Promise((resolve) => {
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line: Line = JSON.parse(text);
      if (line.ready) resolve();
      onLine(line);
    });
  });
}

let pairs = 0;

/** @returns the last path of the first relay to the second, and when it came, in ms since its start */
async function meet(natA: NatType, natB: NatType, ways: readonly PunchWay[], wanted: LinkPath) {
  const number = pairs++;
  const [a, b] = [`a${number}.ua`, `b${number}.ua`];
  const [siteA, siteB] = [internet.site(`a${number}`, natA), internet.site(`b${number}`, natB)];
  const all = ['ua', a, b];
  const port = 443;
  const ancestor = { realm: 'ua', addresses: [`/ip4/${region.address}/tcp/${port}`] };
  const own: Promise<ChildProcess[]>[] = [];
  const before = new Set(children);
  const seen: { kind: string; ms: number }[] = [];
  const reached = Promise.withResolvers<void>();
  const onLine = (line: Line) => {
    if (line.to !== b || line.kind === undefined) return;
    seen.push({ kind: line.kind, ms: line.ms });
    if (line.kind === wanted && wanted !== 'relayed') reached.resolve();
  };
  const stun = [
    { host: region.address, port: 3478 },
    { host: region.address, port: 3479 },
  ];
  await start(region.host, { realm: 'ua', all, listen: [`/ip4/${region.address}/tcp/${port}`], ways, stun }, () => {});
  const listen = ['/ip4/0.0.0.0/tcp/4443'];
  await start(siteB.dmz, { realm: b, all, listen, ancestor, ways, stun: [] }, () => {});
  await start(siteA.dmz, { realm: a, all, listen, ancestor, ways, stun: [], wants: b }, onLine);
  await Promise.race([reached.promise, new Promise((resolve) => setTimeout(resolve, SETTLED))]);
  for (const child of children) if (!before.has(child)) child.kill();
  await Promise.all(own);
  return seen;
}

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
    const seen = await meet(a, b, ways, wanted);
    t.diagnostic(seen.map(({ kind, ms }) => `${kind} after ${ms} ms`).join(', '));
    assert.equal(seen.at(-1)?.kind, wanted);
  });
}
