// Who is admitted and who is not, between real hosts of libp2p.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { identify } from '@libp2p/identify';
import { peerIdFromString } from '@libp2p/peer-id';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { MAX_RELAYS_OF_REALM } from '../../src/overlay/admission/admissions.ts';
import { type Charter, EMPTY_CHARTER } from '../../src/overlay/charter.ts';
import { FramedStream } from '../../src/overlay/framed-stream.ts';
import { generateLeafKey } from '../../src/pki/keys.ts';
import { startHost, until } from './hosts.ts';
import { Realms } from './realms.ts';

const TIMEOUT = { timeout: 30_000 };
const ua = new Realms('ua');

test('a node and its relay admit each other and know the other by its certificate', TIMEOUT, async (t) => {
  const relay = await startHost(t, await ua.identity('kyiv.acme.ua', 'relay'));
  const node = await startHost(t, await ua.identity('kyiv.acme.ua', 'node'));
  const connection = await node.host.libp2p.dial(multiaddr(relay.address));
  assert.equal(connection.encryption, '/canopy/noise/1');
  const seen = node.host.admissions.get(connection.remotePeer.toString());
  assert.deepEqual([seen?.realm, seen?.tier, seen?.role], ['kyiv.acme.ua', 'branch', 'relay']);
  await until(() => relay.host.admissions.peers().length === 1);
  assert.equal(relay.host.admissions.peers()[0]?.role, 'node');
  await connection.close();
  await until(() => relay.host.admissions.peers().length === 0);
});

test(
  'relays of siblings, parents and ancestors admit each other, strangers below the same root do not',
  TIMEOUT,
  async (t) => {
    const kyiv = await startHost(t, await ua.identity('kyiv.acme.ua', 'relay'));
    for (const [realm, admitted] of [
      ['lviv.acme.ua', true],
      ['acme.ua', true],
      ['ua', true],
      ['lviv.other.ua', false],
      ['other.ua', false],
    ] as const) {
      const { host, events } = await startHost(t, await ua.identity(realm, 'relay'));
      const dialled = host.libp2p.dial(multiaddr(kyiv.address));
      if (admitted) await dialled;
      else await assert.rejects(dialled);
      if (!admitted) assert.deepEqual(events, [], 'the dialler is told, it refuses nobody');
    }
    assert.deepEqual(
      kyiv.events.map((event) => event.reason),
      ['no-relation', 'no-relation'],
    );
  },
);

test('one realm has so many relays connected at once and no more, and others still get in', TIMEOUT, async (t) => {
  const kyiv = await startHost(t, await ua.identity('kyiv.acme.ua', 'relay'));
  const { admissions } = kyiv.host;
  for (let count = 0; count < MAX_RELAYS_OF_REALM + 2; count += 1) {
    const { host } = await startHost(t, await ua.identity('lviv.acme.ua', 'relay'));
    await host.libp2p.dial(multiaddr(kyiv.address)).catch(() => {});
  }
  await until(() => kyiv.events.length === 2);
  assert.equal(admissions.peers().length, MAX_RELAYS_OF_REALM);
  assert.equal(kyiv.events[0]?.reason, 'too-many-relays');
  const { host } = await startHost(t, await ua.identity('odesa.acme.ua', 'relay'));
  await host.libp2p.dial(multiaddr(kyiv.address));
  await until(() => admissions.peers().some(({ realm }) => realm === 'odesa.acme.ua'));
});

test('a node of another realm is refused by a relay', TIMEOUT, async (t) => {
  const kyiv = await startHost(t, await ua.identity('kyiv.acme.ua', 'relay'));
  const { host } = await startHost(t, await ua.identity('lviv.acme.ua', 'node'));
  await assert.rejects(host.libp2p.dial(multiaddr(kyiv.address)));
  assert.equal(kyiv.events[0]?.reason, 'no-relation');
});

test('a self-made hierarchy of the same names is refused', TIMEOUT, async (t) => {
  const relay = await startHost(t, await ua.identity('kyiv.acme.ua', 'relay'));
  const forged = new Realms('ua');
  const identity = await forged.identity('kyiv.acme.ua', 'node');
  const { host } = await startHost(t, { ...identity, rootFingerprint: await ua.rootFingerprint() });
  await assert.rejects(host.libp2p.dial(multiaddr(relay.address)));
  assert.equal(relay.events[0]?.reason, 'cert-unknown-root');
  assert.deepEqual(relay.host.admissions.peers(), []);
});

test('a stolen certificate is refused, since its key is not the key of the connection', TIMEOUT, async (t) => {
  const relay = await startHost(t, await ua.identity('kyiv.acme.ua', 'relay'));
  const stolen = await ua.identity('kyiv.acme.ua', 'node');
  const thief = await generateLeafKey();
  const { host } = await startHost(t, { ...stolen, privateKey: thief.seed });
  await assert.rejects(host.libp2p.dial(multiaddr(relay.address)));
  assert.equal(relay.events[0]?.reason, 'cert-key-mismatch');
});

test('a dialler refuses a relay of an unknown root', TIMEOUT, async (t) => {
  const forged = await startHost(t, await new Realms('ua').identity('kyiv.acme.ua', 'relay'));
  const node = await startHost(t, await ua.identity('kyiv.acme.ua', 'node'));
  await assert.rejects(node.host.libp2p.dial(multiaddr(forged.address)));
  assert.deepEqual(node.host.admissions.peers(), []);
});

test('an expired certificate is refused, and cuts the open session when it expires', TIMEOUT, async (t) => {
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead, monotonic: () => performance.now(), after: () => ({ cancel() {} }) };
  const relay = await startHost(t, await ua.identity('kyiv.acme.ua', 'relay'), { clock });
  const { host } = await startHost(t, await ua.identity('kyiv.acme.ua', 'node', { lifetime: 3_600_000 }));
  const connection = await host.libp2p.dial(multiaddr(relay.address));
  await until(() => relay.host.admissions.peers().length === 1);
  await relay.host.recheck();
  assert.equal(connection.status, 'open');
  ahead = 7_200_000;
  await relay.host.recheck();
  await until(() => connection.status !== 'open');
  assert.deepEqual([relay.events[0]?.code, relay.events[0]?.reason], ['session-cut', 'cert-expired']);
  await assert.rejects(host.libp2p.dial(multiaddr(relay.address)));
  assert.equal(relay.events[1]?.reason, 'cert-expired');
});

test('a revocation cuts the open session', TIMEOUT, async (t) => {
  const revoked = new Set<string>();
  let changed = (): void => {};
  const charter: Charter = {
    ...EMPTY_CHARTER,
    isRevoked: (serial) => revoked.has(serial),
    onChange: (listener) => {
      changed = listener;
      return () => {};
    },
  };
  const relay = await startHost(t, await ua.identity('kyiv.acme.ua', 'relay'), { charter });
  const { host } = await startHost(t, await ua.identity('kyiv.acme.ua', 'node'));
  const connection = await host.libp2p.dial(multiaddr(relay.address));
  await until(() => relay.host.admissions.peers().length === 1);
  revoked.add(relay.host.admissions.peers()[0]?.leaf.serial ?? '');
  changed();
  await until(() => connection.status !== 'open');
  assert.equal(relay.events[0]?.reason, 'cert-revoked');
});

test(
  'a stranger learns nothing: no encrypter, no identify, no place among the peers, and is closed within 5 s',
  TIMEOUT,
  async (t) => {
    const relay = await startHost(t, await ua.identity('kyiv.acme.ua', 'relay'), {
      services: { identify: identify() },
    });
    const stranger = await createLibp2p({
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify() },
    });
    t.after(() => stranger.stop());
    const [address, peerId = ''] = relay.address.split('/p2p/');
    await assert.rejects(stranger.dial(multiaddr(relay.address)), /Protocol selection failed|protocol/i);
    const known = await stranger.peerStore
      .get(peerIdFromString(peerId))
      .catch(() => ({ protocols: [], metadata: new Map() }));
    assert.deepEqual(known.protocols, []);
    assert.equal(relay.host.libp2p.getConnections().length, 0);
    assert.equal(
      (await relay.host.libp2p.peerStore.all()).filter(
        (peer) => peer.protocols.length > 0 && !peer.id.equals(relay.host.libp2p.peerId),
      ).length,
      0,
    );
    const port = Number(address?.split('/').at(-1));
    const heard = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.setTimeout(6_000, () => reject(new Error('still open after 6 s')));
      socket.on('data', (data) => (text += data.toString('latin1')));
      socket.on('error', () => resolve(text));
      socket.on('close', () => resolve(text));
    });
    assert.equal(heard, '');
    await until(() => relay.events.filter((event) => event.code === 'connection-refused').length >= 2);
  },
);

test('an admitted peer is refused protocols outside its scope, and those that nobody declared', TIMEOUT, async (t) => {
  const relay = await startHost(t, await ua.identity('kyiv.acme.ua', 'relay'));
  await relay.host.libp2p.handle(['/canopy/forward/1', '/canopy/forgotten/1'], (stream, connection) => {
    const peer = relay.host.admissions.get(connection.remotePeer.toString());
    assert.ok(peer);
    void new FramedStream(stream, { peer, path: { kind: 'local', hops: [] } }).write(new Uint8Array(1));
  });
  const region = await startHost(t, await ua.identity('ua', 'relay'));
  const node = await startHost(t, await ua.identity('kyiv.acme.ua', 'node'));
  const closed = async (host: typeof region, protocol: string): Promise<boolean> => {
    const connection = await host.host.libp2p.dial(multiaddr(relay.address));
    const stream = await connection.newStream([protocol]);
    return new Promise((resolve) => {
      if (stream.status !== 'open') resolve(true);
      stream.addEventListener('close', () => resolve(true));
      stream.addEventListener('message', () => resolve(false));
    });
  };
  assert.equal(await closed(region, '/canopy/forward/1'), true);
  assert.equal(await closed(node, '/canopy/forgotten/1'), true);
  assert.equal(await closed(node, '/canopy/forward/1'), false);
  assert.deepEqual(
    relay.events.map((event) => [event.code, event.protocol]),
    [
      ['scope-refused', '/canopy/forward/1'],
      ['scope-refused', '/canopy/forgotten/1'],
    ],
  );
});
