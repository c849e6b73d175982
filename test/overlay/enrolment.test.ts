// Enrolment over the wire, from the door of a relay to the node that issues.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { enrolOverWire } from '../../src/overlay/enrol/client.ts';
import { callerOf, enrolmentDoor } from '../../src/overlay/enrol/encrypter.ts';
import type { Issuer } from '../../src/overlay/enrol/index.ts';
import { createHost } from '../../src/overlay/host.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import { silentLog } from '../../src/realm/log.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { startHost, type TestHost, until } from './hosts.ts';
import { Realms } from './realms.ts';

const TIMEOUT = { timeout: 60_000 };
const ua = new Realms('ua');
const ACME = parseRealmName('acme.ua');
const request = new TextEncoder().encode('please');
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

async function startDoor(t: Parameters<typeof startHost>[0], issuer: Issuer, realm = 'acme.ua'): Promise<TestHost> {
  const identity = await ua.identity(realm, 'relay');
  const door = enrolmentDoor({ chain: () => identity.chain, issuer, clock: systemClock, audit: () => {} });
  return startHost(t, identity, { encrypters: [door] });
}

/** Takes connections and never says a word. */
async function silentAddress(t: TestContext): Promise<string> {
  const server = createServer((socket) => socket.resume().on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address ? `/ip4/127.0.0.1/tcp/${address.port}` : '';
}

async function call(addresses: readonly string[], rootFingerprint?: string): Promise<Uint8Array> {
  const ways = [{ realm: ACME, relays: addresses }];
  const root = rootFingerprint ?? (await ua.rootFingerprint());
  return enrolOverWire({ ways, rootFingerprint: root, request, clock: systemClock, signal: signal() });
}

test('a newcomer without a certificate gets its answer and no connection', TIMEOUT, async (t) => {
  const asked: Uint8Array[] = [];
  const door = await startDoor(t, async (bytes) => {
    asked.push(bytes);
    return new TextEncoder().encode('granted');
  });
  assert.deepEqual(await call([door.address]), new TextEncoder().encode('granted'));
  assert.deepEqual(asked, [request]);
  assert.equal(door.host.libp2p.getConnections().length, 0);
  assert.deepEqual(door.host.admissions.peers(), []);
});

test('a call that was answered is no security event, and a caller who only hangs up is one', TIMEOUT, async (t) => {
  const door = await startDoor(t, async (bytes) => bytes);
  await call([door.address]);
  await assert.rejects(call([door.address], 'ab'.repeat(32)));
  await until(() => door.events.length > 0);
  assert.deepEqual(
    door.events.map(({ code }) => code),
    ['connection-refused'],
  );
});

test('an answer may take longer than an upgrade may', TIMEOUT, async (t) => {
  const door = await startDoor(t, async (bytes) => {
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    return bytes;
  });
  assert.deepEqual(await call([door.address]), request);
  assert.deepEqual(door.events, []);
});

test('addresses that swallow all they are sent hold up nobody', TIMEOUT, async (t) => {
  const silent = await Promise.all([silentAddress(t), silentAddress(t), silentAddress(t)]);
  const asked: Uint8Array[] = [];
  const door = await startDoor(t, async (bytes) => {
    asked.push(bytes);
    return bytes;
  });
  assert.deepEqual(await call([...silent, door.address]), request);
  assert.deepEqual(asked, [request]);
  await assert.rejects(call(silent.slice(0, 1)), { code: 'no-relay', message: /no answer within 5 s/ });
});

test(
  'of two relays that answer one is given the request, and the other when that one cannot pass it on',
  TIMEOUT,
  async (t) => {
    const asked: string[] = [];
    const away = await startDoor(t, async () => {
      asked.push('away');
      throw new UnreachableError('node-away', 'not now');
    });
    const near = await startDoor(t, async (bytes) => {
      asked.push('near');
      return bytes;
    });
    assert.deepEqual(await call([away.address, near.address]), request);
    assert.deepEqual(asked, ['away', 'near']);
  },
);

test(
  'the next relay is asked when one does not answer, and the answer names those that were tried',
  TIMEOUT,
  async (t) => {
    const door = await startDoor(t, async (bytes) => bytes);
    assert.deepEqual(await call(['/ip4/127.0.0.1/tcp/9', door.address]), request);
    await assert.rejects(call(['/ip4/127.0.0.1/tcp/9']), { code: 'no-relay', message: /127\.0\.0\.1/ });
  },
);

test('the request goes to no relay of another root or another realm', TIMEOUT, async (t) => {
  let asked = 0;
  const door = await startDoor(t, async (bytes) => (asked++, bytes));
  await assert.rejects(call([door.address], 'ab'.repeat(32)), { code: 'cert-unknown-root' });
  const other = await startDoor(t, async (bytes) => (asked++, bytes), 'other.ua');
  await assert.rejects(call([other.address]), { code: 'unexpected-peer' });
  assert.equal(asked, 0);
});

test('a request that the relay cannot bring to its issuer is named', TIMEOUT, async (t) => {
  const door = await startDoor(t, async () => {
    throw new RefusedError('out-of-scope', 'not here');
  });
  await assert.rejects(call([door.address]), { code: 'no-relay', message: /out-of-scope/ });
});

test('one address gets no more than its share', TIMEOUT, async (t) => {
  const door = await startDoor(t, async (bytes) => bytes);
  for (let calls = 0; calls < 10; calls++) await call([door.address]);
  await assert.rejects(call([door.address]), { code: 'no-relay', message: /enrol-busy/ });
});

test('all addresses of one network of IPv6 are one caller', () => {
  const [a, b, c] = ['2001:db8:0:1::1', '2001:db8:0:1:ffff::9', '2001:db8:0:2::1'].map((ip) =>
    callerOf(`/ip6/${ip}/tcp/9`),
  );
  assert.equal(a, b);
  assert.notEqual(a, c);
  assert.equal(callerOf('/ip4/192.0.2.1/tcp/1'), callerOf('/ip4/192.0.2.1/tcp/2'));
  assert.equal(callerOf('/ip6/::ffff:192.0.2.1/tcp/1'), callerOf('/ip4/192.0.2.1/tcp/2'));
});

test('a token leads to TCP of a host and to nothing else', TIMEOUT, async () => {
  for (const address of [
    '/unix/tmp/x',
    '/ip4/127.0.0.1/udp/9',
    '/ip4/127.0.0.1/tcp/9/ws',
    '/ip4/127.0.0.1/tcp/9/p2p/A/p2p-circuit',
  ])
    await assert.rejects(call([address]), { code: 'no-relay', message: /no address is known/ });
});

test('nobody is dialled through the door', TIMEOUT, async (t) => {
  const door = await startDoor(t, async (bytes) => bytes);
  const identity = await ua.identity('acme.ua', 'relay');
  const dialler = await createHost({
    identity,
    clock: systemClock,
    log: silentLog,
    audit: () => {},
    encrypters: [
      enrolmentDoor({ chain: () => identity.chain, issuer: async (b) => b, clock: systemClock, audit: () => {} }),
    ],
  });
  await dialler.start();
  t.after(() => dialler.stop());
  const connection = await dialler.libp2p.dial(multiaddr(door.address));
  assert.equal(connection.encryption, '/canopy/noise/1');
});
