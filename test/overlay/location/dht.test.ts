// The private table of a house's relays.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { KadDHT } from '@libp2p/kad-dht';
import { multiaddr } from '@multiformats/multiaddr';
import { fromString } from 'uint8arrays/from-string';
import { enterpriseDht, locationDht } from '../../../src/overlay/location/dht.ts';
import { type RealmRecord, signRecord } from '../../../src/overlay/location/record.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { checkTestChain, type RelayHost, startRelay, TestRegistry, testChain } from '../links/relay-host.ts';

const LIMIT = { timeout: 40_000 };
const running: RelayHost[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((host) => host.stop()));
});

async function start(realm: string, registry: TestRegistry): Promise<RelayHost & { dht: KadDHT }> {
  const tables: KadDHT[] = [];
  const service = enterpriseDht({
    enterprise: parseRealmName('acme.ua'),
    mayHold: () => true,
    checkChain: checkTestChain,
    clock: systemClock,
  });
  const host = await startRelay({
    realm,
    registry,
    dht: (components) => {
      const dht = service(components);
      tables.push(dht);
      return dht;
    },
  });
  running.push(host);
  const [dht] = tables;
  assert.ok(dht);
  return { ...host, dht };
}

async function recordOf(host: RelayHost, realm: RealmName = host.realm, sequence = 1): Promise<Uint8Array> {
  const relays = [{ peerId: host.peerId, addrs: ['/ip4/60.0.2.1/tcp/4443'] }];
  const record: RealmRecord = { realm, relays, incarnation: 1, sequence, expires: Date.now() + 600_000 };
  return signRecord(record, { privateKey: host.key.raw.subarray(0, 32), chain: testChain(realm, host.key) });
}

async function three() {
  const registry = new TestRegistry();
  const [acme, kyiv, lviv] = [
    await start('acme.ua', registry),
    await start('kyiv.acme.ua', registry),
    await start('lviv.acme.ua', registry),
  ];
  for (const host of [kyiv, lviv]) await host.libp2p.dial(acme.addresses.map((one) => multiaddr(one)));
  await kyiv.libp2p.dial(lviv.addresses.map((one) => multiaddr(one)));
  return { acme, kyiv, lviv };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(100);
}

test('a realm is found by its siblings when the ancestors that know it are gone', LIMIT, async () => {
  const { acme, kyiv, lviv } = await three();
  const record = await recordOf(kyiv);
  const [ours, theirs] = [
    locationDht(() => kyiv.dht, kyiv.realm, { clock: systemClock, log: silentLog }),
    locationDht(() => lviv.dht, lviv.realm, { clock: systemClock, log: silentLog }),
  ];
  const found = async () => (await theirs.find(kyiv.realm, AbortSignal.timeout(5_000)).catch(() => [])).at(-1);
  await until(async () => {
    ours.publish(record);
    return (await found()) !== undefined;
  });
  await acme.libp2p.stop();
  assert.deepEqual(Buffer.from((await found()) ?? []), Buffer.from(record));
});

test("a value that is no record of the key's realm is stored nowhere", LIMIT, async () => {
  const { kyiv, lviv } = await three();
  const { validators } = lviv.dht;
  const check = async (key: string, value: Uint8Array) => validators['canopy']?.(fromString(key), value);
  const record = await recordOf(kyiv);
  await check('/canopy/kyiv.acme.ua', record);
  await assert.rejects(check('/canopy/lviv.acme.ua', record), { code: 'dht-key' });
  await assert.rejects(check('/canopy/kyiv.beta.ua', record), { code: 'dht-key' });
  await assert.rejects(check('/canopy/kyiv.acme.ua', await recordOf(lviv)), { code: 'dht-key' });
  await assert.rejects(check('/canopy/kyiv.acme.ua', record.subarray(1)), { code: 'record-malformed' });
  assert.throws(() => validators['pk']?.(fromString('/pk/x'), record), { code: 'dht-kind' });
});

test('of two records of one realm the newer is selected', LIMIT, async () => {
  const { kyiv } = await three();
  const records = [
    await recordOf(kyiv, kyiv.realm, 1),
    await recordOf(kyiv, kyiv.realm, 9),
    await recordOf(kyiv, kyiv.realm, 5),
  ];
  assert.equal(await kyiv.dht.selectors['canopy']?.(fromString('/canopy/kyiv.acme.ua'), records), 1);
});
