// The private table of an enterprise, between whole relays with real certificates.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createRelay } from '../../relay/create-relay.ts';
import type { Relay } from '../../relay/relay.ts';
import type { OverlayEvent } from '../../src/overlay/audit.ts';
import { createNodeOverlay, type NodeOverlay } from '../../src/overlay/node-overlay.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { silentLog } from '../../src/realm/log.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { until } from '../overlay/hosts.ts';
import { Realms } from '../overlay/realms.ts';

const TIMEOUT = { timeout: 90_000 };
const ua = new Realms('ua');
const LVIV = parseRealmName('lviv.acme.ua');
const PATIENCE = 30_000;

async function startRelay(
  t: TestContext,
  realm: string,
  above: readonly Relay[],
  audit: (event: OverlayEvent) => void = () => {},
): Promise<Relay> {
  const relay = await createRelay({
    identity: await ua.identity(realm, 'relay'),
    settings: { listen: [{ host: '127.0.0.1', port: 0 }], announce: [], stun: [], punch: ['tcp'] },
    ancestors: above.map((one) => ({ realm: one.status().realm, relays: one.addresses })),
    clock: systemClock,
    log: silentLog,
    audit,
  });
  await relay.start();
  t.after(() => relay.stop());
  return relay;
}

async function startNode(t: TestContext, realm: string, relay: Relay): Promise<NodeOverlay> {
  const identity = await ua.identity(realm, 'node');
  const shared = { clock: systemClock, log: silentLog, audit: () => {} };
  const node = await createNodeOverlay({ ...shared, identity, relays: relay.addresses });
  await node.start();
  t.after(() => node.stop());
  await until(() => node.relay.connected);
  return node;
}

test('branches whose nodes never spoke reach each other while all relays above them are gone', TIMEOUT, async (t) => {
  const region = await startRelay(t, 'ua', []);
  const enterprise = await startRelay(t, 'acme.ua', [region]);
  const kyiv = await startRelay(t, 'kyiv.acme.ua', [enterprise, region]);
  const lviv = await startRelay(t, 'lviv.acme.ua', [enterprise, region]);
  const [clerk] = [await startNode(t, 'kyiv.acme.ua', kyiv), await startNode(t, 'lviv.acme.ua', lviv)];
  await until(() => [enterprise, kyiv, lviv].every((relay) => relay.status().table === 2), PATIENCE);
  await enterprise.stop();
  await region.stop();
  const { path } = await clerk.ping(LVIV, AbortSignal.timeout(PATIENCE));
  assert.deepEqual([path.kind, path.hops.length], ['direct-tcp', 4]);
});

test('a relay of another enterprise has no place in the table, nor has the region', TIMEOUT, async (t) => {
  const refused: OverlayEvent[] = [];
  const note = (event: OverlayEvent): void => void refused.push(event);
  const region = await startRelay(t, 'ua', []);
  const enterprise = await startRelay(t, 'acme.ua', [region], note);
  const kyiv = await startRelay(t, 'kyiv.acme.ua', [enterprise, region], note);
  const other = await startRelay(t, 'beta.ua', [region, enterprise]);
  await until(() => enterprise.status().table === 1 && kyiv.status().table === 1, PATIENCE);
  await until(() => refused.some(({ code }) => code === 'admission-refused'), PATIENCE);
  assert.deepEqual([region.status().table, other.status().table], [0, 0]);
  assert.deepEqual([enterprise.status().table, kyiv.status().table], [1, 1]);
  assert.deepEqual(
    refused.filter(({ code }) => code === 'scope-refused'),
    [],
  );
});
