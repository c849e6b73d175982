// An enterprise that certifies realms below itself to take everything that the region's relay has to share.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { identify } from '@libp2p/identify';
import { multiaddr } from '@multiformats/multiaddr';
import { LocateServer } from '../../../src/overlay/location/locate/server.ts';
import { RecordStore } from '../../../src/overlay/location/record-store.ts';
import type { Caps } from '../../../src/overlay/shares/shares.ts';
import { Shares } from '../../../src/overlay/shares/shares.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { startHost, type TestHost, until } from '../hosts.ts';
import { Realms } from '../realms.ts';

const TIMEOUT = { timeout: 60_000 };
const HOP = '/libp2p/circuit/relay/0.2.0/hop';
const ua = new Realms('ua');

async function region(t: TestContext, caps: Partial<Caps>): Promise<TestHost> {
  const reservations = { applyDefaultLimit: false, maxReservations: 1_000 };
  const services = { identify: identify(), circuit: circuitRelayServer({ reservations }) };
  return startHost(t, await ua.identity('ua', 'relay'), { caps, services });
}

async function below(t: TestContext, realm: string): Promise<TestHost> {
  const services = { identify: identify() };
  const listen: string[] = [];
  const transports = [circuitRelayTransport()];
  return startHost(t, await ua.identity(realm, 'relay'), { services, transports, listen });
}

const realmsAt = ({ host }: TestHost): string[] =>
  host.admissions
    .peers()
    .map(({ realm }) => realm)
    .toSorted();

test(
  'minted realms find no connection beyond their share, and another enterprise always finds one',
  TIMEOUT,
  async (t) => {
    const relay = await region(t, { connections: 3 });
    for (let at = 0; at < 5; at += 1) {
      const { host } = await below(t, `b${at}.evil.ua`);
      await host.libp2p.dial(multiaddr(relay.address)).catch(() => {});
    }
    await until(() => relay.events.length === 2);
    assert.deepEqual(
      relay.events.map(({ code, reason }) => `${code} ${reason}`),
      ['connection-refused quota', 'connection-refused quota'],
    );
    const acme = await below(t, 'acme.ua');
    const connection = await acme.host.libp2p.dial(multiaddr(relay.address));
    await until(() => realmsAt(relay).includes('acme.ua'));
    assert.equal(connection.status, 'open');
    await until(() => realmsAt(relay).length === 3);
    assert.deepEqual(realmsAt(relay), ['acme.ua', 'b0.evil.ua', 'b1.evil.ua']);
    assert.deepEqual(
      relay.events.slice(2).map(({ code, realm }) => [code, realm]),
      [['session-cut', 'b2.evil.ua']],
    );
    const own = await startHost(t, await ua.identity('ua', 'node'));
    await own.host.libp2p.dial(multiaddr(relay.address));
    await until(() => realmsAt(relay).includes('ua'));
  },
);

test('minted realms take no more requests for circuits than their share', TIMEOUT, async (t) => {
  const relay = await region(t, { circuits: 4 });
  const [evil, acme] = await Promise.all([below(t, 'b0.evil.ua'), below(t, 'acme.ua')]);
  const open = async ({ host }: TestHost): Promise<unknown> =>
    host.libp2p.dialProtocol(multiaddr(relay.address), HOP, { maxOutboundStreams: 100 }).catch(() => {});
  for (let at = 0; at < 6; at += 1) await open(evil);
  await until(() => relay.host.shares.circuits.report.refused === 2);
  for (let at = 0; at < 2; at += 1) await open(acme);
  await until(() => relay.host.shares.circuits.report.ended === 2);
  assert.equal(relay.host.shares.circuits.report.taken, 4);
  assert.deepEqual(
    [...new Set(relay.events.map(({ code, realm }) => `${code} ${realm}`))],
    ['scope-refused b0.evil.ua', 'circuit-cut b0.evil.ua'],
  );
  await evil.host.stop();
  await until(() => relay.host.shares.circuits.report.taken === 2);
});

test('minted realms reserve no more than their share, and who is gone holds no reservation', TIMEOUT, async (t) => {
  const relay = await region(t, { reservations: 2 });
  const { circuit } = relay.host.libp2p.services;
  const reservations = (): number => {
    const held =
      typeof circuit === 'object' && circuit !== null && 'reservations' in circuit ? circuit.reservations : [];
    return held instanceof Object && 'size' in held && typeof held.size === 'number' ? held.size : -1;
  };
  const reserve = async (realm: string): Promise<TestHost> => {
    const one = await below(t, realm);
    await one.host.libp2p.dial(multiaddr(relay.address));
    await one.host.internals.transportManager.listen([multiaddr(`${relay.address}/p2p-circuit`)]).catch(() => {});
    return one;
  };
  for (let at = 0; at < 3; at += 1) await reserve(`b${at}.evil.ua`);
  await until(() => relay.events.some(({ reason, realm }) => reason === 'quota' && realm === 'b2.evil.ua'));
  assert.equal(reservations(), 2);
  const acme = await reserve('acme.ua');
  await until(() => acme.host.libp2p.getMultiaddrs().some((one) => one.toString().includes('p2p-circuit')));
  assert.equal(reservations(), 2);
  assert.equal(relay.host.shares.reservations.report.ended, 1);
  await acme.host.stop();
  await until(() => reservations() === 1);
  assert.equal(relay.host.shares.reservations.report.taken, 1);
});

test(
  'minted realms have a share of the requests to locate, and another enterprise is still answered',
  TIMEOUT,
  async () => {
    const clock = { now: () => 0, monotonic: () => 0, after: () => ({ cancel() {} }) };
    const realm = parseRealmName('ua');
    const checkChain = async (): Promise<never> => Promise.reject(new RefusedError('cert-malformed', 'no chain'));
    const parts = { seen: () => [], checkChain, store: new RecordStore(clock), clock, log: silentLog };
    const shares = new Shares(realm, clock, { locates: 20 });
    const server = new LocateServer({ ...parts, shares }, { realm, stun: () => [], ownRecord: () => undefined });
    const ask = async (name: string, peerId: string): Promise<string> => {
      const asker = { peerId, realm: parseRealmName(name), role: 'relay', host: '127.0.0.1' } as const;
      return new TextDecoder().decode(await server.answer(Uint8Array.of(0), asker));
    };
    const answers: string[] = [];
    for (let at = 0; at < 200; at += 1) answers.push(await ask(`b${at}.evil.ua`, `peer${at}`));
    assert.equal(answers.filter((answer) => !answer.includes('too-often')).length, 80);
    assert.ok(!(await ask('acme.ua', 'honest')).includes('too-often'));
  },
);
