// Streams between nodes over their relays, with real hosts of libp2p.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Stream } from '../../src/overlay/seam.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { startBranches, startNode, startRelay } from './branches.ts';
import { until } from './hosts.ts';
import { Realms } from './realms.ts';

const TIMEOUT = { timeout: 60_000 };
const ua = new Realms('ua');
const KYIV = parseRealmName('kyiv.acme.ua');
const LVIV = parseRealmName('lviv.acme.ua');
const signal = (): AbortSignal => AbortSignal.timeout(20_000);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function pair(t: Parameters<typeof startBranches>[0]) {
  const [kyiv, lviv] = await startBranches(t, ua, [KYIV, LVIV]);
  assert.ok(kyiv && lviv);
  await until(() => kyiv.node.relay.connected && lviv.node.relay.connected);
  return { kyiv, lviv };
}

async function echoAll(stream: Stream): Promise<void> {
  for (let frame = await stream.read(); frame; frame = await stream.read()) await stream.write(frame);
}

test('a stream goes node, relay, relay, node, and both ends know each hop with its process', TIMEOUT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  const seen: Stream[] = [];
  lviv.node.handle('/canopy/test/1', { allow: 'enterprise' }, async (stream) => {
    seen.push(stream);
    await echoAll(stream);
  });
  const stream = await kyiv.node.open(LVIV, '/canopy/test/1', { signal: signal() });
  await stream.write(text('hello'));
  assert.deepEqual(await stream.read(signal()), text('hello'));
  await stream.close();
  assert.equal(await stream.read(signal()), undefined);
  assert.deepEqual([stream.peer.realm, stream.peer.role, stream.peer.tier], [LVIV, 'node', 'branch']);
  assert.equal(stream.path.kind, 'direct-tcp');
  assert.deepEqual(stream.path.hops, [
    { realm: KYIV, role: 'node', pid: process.pid, peerId: kyiv.node.peerId },
    { realm: KYIV, role: 'relay', pid: process.pid, peerId: kyiv.relay.host.libp2p.peerId.toString() },
    { realm: LVIV, role: 'relay', pid: process.pid, peerId: lviv.relay.host.libp2p.peerId.toString() },
    { realm: LVIV, role: 'node', pid: process.pid, peerId: lviv.node.peerId },
  ]);
  assert.deepEqual(seen[0]?.path, stream.path);
  assert.deepEqual([seen[0]?.peer.realm, seen[0]?.peer.peerId], [KYIV, kyiv.node.peerId]);
});

test(
  'ping tells path and round trip, and the answering node reuses the connection with the hops turned round',
  TIMEOUT,
  async (t) => {
    const { kyiv, lviv } = await pair(t);
    const there = await kyiv.node.ping(LVIV, signal());
    assert.ok(there.rtt > 0);
    const back = await lviv.node.ping(KYIV, signal());
    assert.deepEqual(back.path.hops, there.path.hops.toReversed());
    assert.equal(kyiv.relay.forwarder.openStreams, 1);
  },
);

test('interactive and bulk use a connection each', TIMEOUT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  lviv.node.handle('/canopy/test/1', { allow: 'family' }, echoAll);
  await kyiv.node.open(LVIV, '/canopy/test/1', { signal: signal() });
  await kyiv.node.open(LVIV, '/canopy/test/1', { signal: signal(), class: 'bulk' });
  await kyiv.node.open(LVIV, '/canopy/test/1', { signal: signal(), class: 'bulk' });
  assert.equal(kyiv.relay.forwarder.openStreams, 2);
});

test('20 MB arrive whole through a forwarded stream, with bounded memory', TIMEOUT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  const hash = createHash('sha256');
  const arrived = Promise.withResolvers<string>();
  lviv.node.handle('/canopy/test/1', { allow: 'family' }, async (stream) => {
    for (let frame = await stream.read(); frame; frame = await stream.read()) hash.update(frame);
    arrived.resolve(hash.digest('hex'));
  });
  const stream = await kyiv.node.open(LVIV, '/canopy/test/1', { signal: signal(), class: 'bulk' });
  const frame = randomBytes(256 * 1024);
  const expected = createHash('sha256');
  const before = process.memoryUsage();
  let most = 0;
  for (let sent = 0; sent < 80; sent++) {
    expected.update(frame);
    await stream.write(frame);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before.arrayBuffers);
  }
  await stream.close();
  assert.equal(await arrived.promise, expected.digest('hex'));
  t.diagnostic(`at most ${Math.round(most / 1e6)} MB of buffers for four programs in one process`);
});

test('a reader that stops holds back its writer alone', TIMEOUT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  const resume = Promise.withResolvers<void>();
  let taken = 0;
  lviv.node.handle('/canopy/slow/1', { allow: 'family' }, async (stream) => {
    await resume.promise;
    for (let frame = await stream.read(); frame; frame = await stream.read()) taken += frame.length;
  });
  lviv.node.handle('/canopy/test/1', { allow: 'family' }, echoAll);
  const slow = await kyiv.node.open(LVIV, '/canopy/slow/1', { signal: signal() });
  const frame = randomBytes(256 * 1024);
  let sent = 0;
  const writing = (async () => {
    for (; sent < 64 * frame.length; sent += frame.length) await slow.write(frame);
    await slow.close();
  })();
  const quick = await kyiv.node.open(LVIV, '/canopy/test/1', { signal: signal() });
  for (let round = 0; round < 50; round++) {
    await quick.write(text(`round ${round}`));
    assert.deepEqual(await quick.read(signal()), text(`round ${round}`));
  }
  assert.ok(sent < 16 * 1024 * 1024, `${sent} bytes were taken from the writer of a stopped reader`);
  resume.resolve();
  await writing;
  await until(() => taken === 64 * frame.length, 20_000);
});

test('a length prefix of 4 GiB resets the stream and nothing else', TIMEOUT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  const failure = Promise.withResolvers<unknown>();
  lviv.node.handle('/canopy/test/1', { allow: 'family', maxFrame: 1024 }, async (stream) => {
    await stream.read().catch(failure.resolve);
  });
  const stream = await kyiv.node.open(LVIV, '/canopy/test/1', { signal: signal() });
  await stream.write(new Uint8Array(2048)).catch(() => {});
  assert.equal(codeOf(await failure.promise), 'frame-too-long');
  await assert.rejects(stream.read(signal()), { code: 'stream-reset' });
  await kyiv.node.ping(LVIV, signal());
});

test('own realm, unknown realm and realms outside the family are refused', TIMEOUT, async (t) => {
  const { kyiv } = await pair(t);
  const open = (realm: string) => kyiv.node.open(parseRealmName(realm), '/canopy/test/1', { signal: signal() });
  await assert.rejects(open(KYIV), { code: 'own-realm' });
  await assert.rejects(open('odesa.acme.ua'), { code: 'no-path' });
  await assert.rejects(open('lviv.other.ua'), { code: 'out-of-scope' });
  await assert.rejects(open('ua'), { code: 'out-of-scope' });
});

test('a protocol that the other node does not speak is named', TIMEOUT, async (t) => {
  const { kyiv } = await pair(t);
  await assert.rejects(kyiv.node.open(LVIV, '/canopy/nothing/1', { signal: signal() }), {
    code: 'unsupported-protocol',
  });
});

test('a node whose own relay is away says so', TIMEOUT, async (t) => {
  const { overlay } = await startNode(t, ua, KYIV, ['/ip4/127.0.0.1/tcp/9']);
  await assert.rejects(overlay.open(LVIV, '/canopy/test/1', { signal: signal() }), { code: 'relay-away' });
  await until(() => overlay.relay.error !== undefined);
  assert.equal(overlay.relay.connected, false);
  assert.deepEqual(overlay.paths(), []);
});

test('a destination whose node is away is told by its relay', TIMEOUT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  await lviv.node.stop();
  await until(() => lviv.relay.host.admissions.peers().length === 0);
  await assert.rejects(kyiv.node.open(LVIV, '/canopy/test/1', { signal: signal() }), { code: 'node-away' });
});

test(
  'when a relay dies its forwarded streams are reset at once; when it is back the node reconnects and reaches the other',
  TIMEOUT,
  async (t) => {
    const { kyiv, lviv } = await pair(t);
    lviv.node.handle('/canopy/test/1', { allow: 'family' }, echoAll);
    const stream = await kyiv.node.open(LVIV, '/canopy/test/1', { signal: signal() });
    const broken = assert.rejects(stream.read(signal()), { code: 'stream-reset' });
    const { identity } = lviv.relay.host;
    await lviv.relay.host.stop();
    await broken;
    const listen = [lviv.relay.address.split('/p2p/')[0] ?? ''];
    await startRelay(t, ua, LVIV, { identity, listen });
    await until(() => lviv.node.relay.connected, 15_000);
    const again = await kyiv.node.ping(LVIV, signal());
    assert.equal(again.path.hops.length, 4);
  },
);

test('a better path is taken for new streams, and the old connection is closed when it is idle', TIMEOUT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  kyiv.relay.links.path = 'relayed';
  assert.equal((await kyiv.node.ping(LVIV, signal())).path.kind, 'relayed');
  kyiv.relay.links.path = 'direct-tcp';
  kyiv.relay.links.tell({ realm: LVIV, kind: 'direct-tcp', since: Date.now() });
  await until(() => kyiv.relay.forwarder.openStreams === 2);
  await until(() => kyiv.relay.forwarder.openStreams === 1, 15_000);
  assert.equal((await kyiv.node.ping(LVIV, signal())).path.kind, 'direct-tcp');
  assert.deepEqual(
    kyiv.node.paths().map((report) => report.kind),
    ['direct-tcp'],
  );
  void lviv;
});

test('a better path that is reported while the first connection is being made is taken too', TIMEOUT, async (t) => {
  const { kyiv } = await pair(t);
  kyiv.relay.links.path = 'relayed';
  const first = kyiv.node.ping(LVIV, signal());
  await new Promise<void>((resolve) => setImmediate(resolve));
  kyiv.relay.links.tell({ realm: LVIV, kind: 'direct-tcp', since: Date.now() });
  await first;
  kyiv.relay.links.path = 'direct-tcp';
  await until(async () => (await kyiv.node.ping(LVIV, signal())).path.kind === 'direct-tcp', 15_000);
});

test('a node tells its relay which links to keep, again when the relay is back', TIMEOUT, async (t) => {
  const [kyiv] = await startBranches(t, ua, [KYIV]);
  assert.ok(kyiv);
  kyiv.node.keep([LVIV]);
  await until(() => kyiv.relay.links.kept.includes(LVIV));
  const { identity } = kyiv.relay.host;
  await kyiv.relay.host.stop();
  const again = await startRelay(t, ua, KYIV, { identity, listen: [kyiv.relay.address.split('/p2p/')[0] ?? ''] });
  await until(() => again.links.kept.includes(LVIV), 15_000);
});
