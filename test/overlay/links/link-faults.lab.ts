// What becomes of a link when the network under it misbehaves (fault cases 21, 24 and 40).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Internet } from '../../lab/internet.ts';
import { LabPair } from './lab-pair.ts';

/** Every packet, in and out, as if the host's power were gone. */
const SILENCE = `table inet silence {
  chain input { type filter hook input priority 0; policy drop; }
  chain output { type filter hook output priority 0; policy drop; }
}`;
/** By then the branches know of both relays of the region and have a reservation at each. */
const SETTLED = 4_000;

const internet = new Internet('faults');
const region = internet.publicHost('region');
const second = internet.publicHost('region2');

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

test('when the relay above that carries a link falls silent, the other one does within 10 s', {
  timeout: 90_000,
}, async (t) => {
  const pair = new LabPair(internet, [region, second], ['symmetric', 'symmetric']);
  t.after(() => pair.stop());
  await pair.start([]);
  assert.ok(await pair.becomes('relayed', 20_000));
  await delay(SETTLED);
  const carrier = pair.changes.at(-1)?.at;
  const [lost, left] = carrier === region.address ? [region, second] : [second, region];
  const before = pair.changes.length;
  lost.host.firewall(SILENCE);
  const cut = performance.now();
  t.after(() => lost.host.firewall(''));
  assert.ok(await pair.changed(before, 20_000), 'nobody noticed');
  assert.ok(await pair.becomes('relayed', 20_000), 'the other relay did not take over');
  const took = Math.round(performance.now() - cut);
  t.diagnostic(`carried by the other relay after ${took} ms: ${JSON.stringify(pair.changes.slice(before))}`);
  assert.equal(pair.changes.at(-1)?.at, left.address);
  assert.ok(took <= 10_000, `it took ${took} ms`);
});
