// What becomes of a direct link when the network under it misbehaves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Internet } from '../../lab/internet.ts';
import { LabPair } from './lab-pair.ts';

const internet = new Internet('faults');
const region = internet.publicHost('region');

test('a direct path that turns into a black hole gives way to the relayed one, and comes back', {
  timeout: 90_000,
}, async (t) => {
  const pair = new LabPair(internet, region, ['port-restricted', 'port-restricted']);
  t.after(() => pair.stop());
  await pair.start(['tcp-punch']);
  assert.ok(await pair.becomes('direct-tcp', 20_000));
  const { outer } = pair.second;
  const hole = `table ip hole {
    chain forward {
      type filter hook forward priority -10
      ip daddr ${outer} drop
      ip saddr ${outer} drop
    }
  }`;
  pair.first.router.exec('nft', ['-f', '-'], hole);
  const cut = performance.now();
  assert.ok(await pair.becomes('relayed', 20_000), 'no fall back');
  t.diagnostic(`noticed after ${Math.round(performance.now() - cut)} ms`);
  pair.first.router.exec('nft', ['delete', 'table', 'ip', 'hole']);
  assert.ok(await pair.becomes('direct-tcp', 40_000), 'never direct again');
  t.diagnostic(JSON.stringify(pair.changes));
});

test('when the outer address of a router changes, the link is back', { timeout: 90_000 }, async (t) => {
  const pair = new LabPair(internet, region, ['port-restricted', 'port-restricted']);
  t.after(() => pair.stop());
  await pair.start(['tcp-punch']);
  assert.ok(await pair.becomes('direct-tcp', 20_000));
  const before = pair.changes.length;
  pair.first.router.ip(`addr del ${pair.first.outer}/16 dev wan`);
  pair.first.router.ip('addr add 60.0.200.1/16 dev wan');
  pair.first.router.ip('route replace default via 60.0.0.1');
  const cut = performance.now();
  assert.ok(await pair.becomes('unreachable', 30_000), 'the loss was never noticed');
  t.diagnostic(`noticed after ${Math.round(performance.now() - cut)} ms`);
  assert.ok(await pair.becomes('direct-tcp', 60_000), 'never direct again');
  t.diagnostic(`direct after ${Math.round(performance.now() - cut)} ms: ${JSON.stringify(pair.changes.slice(before))}`);
});
