// Whole relays with nodes behind them, on loopback.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { RelayClient } from '../../relay/api.ts';
import { RelayCertificate } from '../../relay/certificate.ts';
import { ControlServer } from '../../relay/control.ts';
import { createRelay } from '../../relay/create-relay.ts';
import type { Relay, RelayInit } from '../../relay/relay.ts';
import { enrolOverWire } from '../../src/overlay/enrol/client.ts';
import type { Issuer } from '../../src/overlay/enrol/index.ts';
import { createNodeOverlay, type NodeOverlay } from '../../src/overlay/node-overlay.ts';
import { readChainPem } from '../../src/pki/chain.ts';
import { encodeEnrolReply, encodeEnrolRequest } from '../../src/pki/enrolment.ts';
import { generateLeafKey } from '../../src/pki/keys.ts';
import { checkRenewRequest } from '../../src/pki/renewal.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { silentLog } from '../../src/realm/log.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import { until } from '../overlay/hosts.ts';
import { Realms } from '../overlay/realms.ts';

const TIMEOUT = { timeout: 90_000 };
const ua = new Realms('ua');
const [UA, ACME, KYIV, LVIV] = ['ua', 'acme.ua', 'kyiv.acme.ua', 'lviv.acme.ua'].map(parseRealmName);
const signal = (): AbortSignal => AbortSignal.timeout(30_000);

interface Place {
  readonly relay: Relay;
  readonly node: NodeOverlay;
}

async function startRelay(
  t: TestContext,
  realm: RealmName | undefined,
  above: readonly Relay[],
  more: Partial<RelayInit['settings']> = {},
): Promise<Relay> {
  assert.ok(realm);
  const ancestors = above.map((relay) => ({ realm: relay.status().realm, relays: relay.addresses }));
  const relay = await createRelay({
    identity: await ua.identity(realm, 'relay'),
    settings: { listen: [{ host: '127.0.0.1', port: 0 }], announce: [], stun: [], punch: ['tcp'], ...more },
    ancestors,
    clock: systemClock,
    log: silentLog,
    audit: () => {},
  });
  await relay.start();
  t.after(() => relay.stop());
  return relay;
}

async function startPlace(
  t: TestContext,
  realm: RealmName | undefined,
  above: readonly Relay[],
  enrol?: Issuer,
): Promise<Place> {
  const relay = await startRelay(t, realm, above);
  const identity = await ua.identity(realm ?? '', 'node');
  const audit = (): void => {};
  const init = { identity, relays: relay.addresses, clock: systemClock, log: silentLog, audit };
  const node = await createNodeOverlay({ ...init, ...(enrol ? { enrol } : {}) });
  await node.start();
  t.after(() => node.stop());
  await until(() => node.relay.connected);
  return { relay, node };
}

test('relays find each other through their ancestors, and their nodes reach each other', TIMEOUT, async (t) => {
  const region = await startRelay(t, UA, []);
  const enterprise = await startRelay(t, ACME, [region]);
  const kyiv = await startPlace(t, KYIV, [enterprise, region]);
  const lviv = await startPlace(t, LVIV, [enterprise, region]);
  assert.ok(LVIV && KYIV);
  const answer = await kyiv.node.ping(LVIV, signal());
  t.diagnostic(`${answer.path.kind} via ${answer.path.via ?? 'nobody'} in ${answer.rtt} ms`);
  assert.deepEqual(
    answer.path.hops.map(({ realm, role }) => `${role} ${realm}`),
    ['node kyiv.acme.ua', 'relay kyiv.acme.ua', 'relay lviv.acme.ua', 'node lviv.acme.ua'],
  );
  await until(
    () => kyiv.relay.status().links.some(({ realm, kind }) => realm === LVIV && kind === 'direct-tcp'),
    20_000,
  );
  const paths = kyiv.node.paths();
  assert.equal(paths.find(({ realm }) => realm === LVIV)?.kind, 'direct-tcp');
  assert.equal(kyiv.relay.status().node, true);
  void lviv;
});

test('an enrolment request that enters at any relay of the line reaches the node that issues', TIMEOUT, async (t) => {
  const asked: Uint8Array[] = [];
  const region = await startRelay(t, UA, []);
  const enterprise = await startPlace(t, ACME, [region], async (bytes) => {
    asked.push(bytes);
    return new TextEncoder().encode('granted');
  });
  const branch = await startRelay(t, KYIV, [enterprise.relay, region]);
  const key = await generateLeafKey();
  assert.ok(LVIV && ACME && UA && KYIV);
  const slot = { slot: 'authority', tokenId: '00'.repeat(16), csr: key.publicKey, mac: new Uint8Array(32) } as const;
  for (const [relay, realm] of [
    [enterprise.relay, ACME],
    [region, UA],
    [branch, KYIV],
  ] as const) {
    const reply = await enrolOverWire({
      ways: [{ realm, relays: relay.addresses }],
      rootFingerprint: await ua.rootFingerprint(),
      request: encodeEnrolRequest({ realm: LVIV, ...slot }),
      clock: systemClock,
      signal: signal(),
    });
    assert.deepEqual(reply, new TextEncoder().encode('granted'), realm);
  }
  assert.equal(asked.length, 3);
});

test('a relay on a host of its own has its node renew its certificate when it is due', TIMEOUT, async (t) => {
  assert.ok(KYIV);
  const key = await generateLeafKey();
  const held = await ua.identity(KYIV, 'relay', { key, lifetime: 300_000 });
  // More than two thirds of that later.
  const clock = { ...systemClock, now: () => Date.now() + 250_000 };
  let chain = held.chain;
  const identity = {
    realm: held.realm,
    tier: held.tier,
    role: held.role,
    privateKey: held.privateKey,
    publicKey: key.publicKey,
    rootFingerprint: held.rootFingerprint,
    get chain() {
      return chain;
    },
    refresh: async () => true,
  };
  const settings = { listen: [{ host: '127.0.0.1', port: 0 }], announce: [], stun: [], punch: ['tcp'] } as const;
  const shared = { clock, log: silentLog, audit: () => {} };
  const relay = await createRelay({ ...shared, identity, settings, ancestors: [] });
  await relay.start();
  t.after(() => relay.stop());
  const renewed = (await ua.identity(KYIV, 'relay', { key })).chain;
  const renew: Issuer = async (request) => {
    const { rootFingerprint } = held;
    const asked = await checkRenewRequest(request, { rootFingerprint, now: Date.now() });
    assert.equal(asked.subject.kind, 'relay');
    return encodeEnrolReply({ kind: 'ok', time: Date.now(), chain: renewed });
  };
  const node = await createNodeOverlay({
    ...shared,
    identity: await ua.identity(KYIV, 'node'),
    relays: relay.addresses,
    renew,
  });
  await node.start();
  t.after(() => node.stop());
  await until(() => relay.status().node);
  const byDoor = async (): Promise<Uint8Array> => assert.fail('the own node was asked first');
  const write = async (pem: string): Promise<void> => {
    chain = readChainPem(pem);
  };
  const charter = { newestChainOf: () => undefined, isRevoked: () => false, onChange: () => () => {} };
  const certificate = new RelayCertificate({
    ...shared,
    identity,
    relay,
    charter,
    byDoor,
    write,
    isRenewedHere: false,
  });
  await certificate.look();
  assert.deepEqual(chain, renewed);
});

test('a port that is taken is said in words', TIMEOUT, async (t) => {
  const first = await startRelay(t, UA, []);
  const port = Number(first.addresses[0]?.split('/')[4]);
  const second = await createRelay({
    identity: await ua.identity('ua', 'relay'),
    settings: { listen: [{ host: '127.0.0.1', port }], announce: [], stun: [], punch: ['tcp'] },
    ancestors: [],
    clock: systemClock,
    log: silentLog,
    audit: () => {},
  });
  await assert.rejects(second.start(), { code: 'port-in-use' });
});

test('a relay tells its operator over the control socket how its links and its network are', TIMEOUT, async (t) => {
  const region = await startRelay(t, UA, [], { stun: [{ host: '127.0.0.1', port: 0 }] });
  const enterprise = await startRelay(t, ACME, [region]);
  const folder = await mkdtemp(join(tmpdir(), 'canopy-relay-'));
  t.after(() => rm(folder, { recursive: true }));
  const socket = join(folder, 'relay.sock');
  const control = new ControlServer(socket, {
    'GET /v1/status': () => enterprise.status(),
    'GET /v1/netcheck': () => enterprise.netcheck(),
  });
  await control.start();
  t.after(() => control.stop());
  const client = new RelayClient(socket);
  await until(() => enterprise.status().relays.some(({ phase }) => phase === 'direct'));
  const { relays } = await client.status();
  assert.deepEqual(
    relays.map(({ realm, peerId, path }) => [realm, peerId, path]),
    [[UA, region.peerId, 'direct-tcp']],
  );
  const { nat, mapping, forward } = await client.netcheck();
  assert.deepEqual([mapping, forward], [{ allowed: false }, undefined]);
  assert.notEqual(nat, 'symmetric');
});
