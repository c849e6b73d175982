// Peers that break the rules of admission and of forwarding.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { MessageStream, Stream as RawStream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Libp2p } from 'libp2p';
import { encodeHello, encodeVerdict } from '../../src/overlay/admission/codec.ts';
import { decodeReply, encodeHeader } from '../../src/overlay/forward/codec.ts';
import { FORWARD_PROTOCOL, type ForwardHeader, MAX_HEADER } from '../../src/overlay/forward/index.ts';
import type { Identity } from '../../src/overlay/identity.ts';
import { handshakeFrames } from '../../src/overlay/wire.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { type Misbehave, startHostile } from '../faults/hostile-peer.ts';
import { startRelay, type TestRelay } from './branches.ts';
import { until } from './hosts.ts';
import { Realms } from './realms.ts';

const TIMEOUT = { timeout: 60_000 };
const ua = new Realms('ua');
const KYIV = parseRealmName('kyiv.acme.ua');
const LVIV = parseRealmName('lviv.acme.ua');
const signal = (): AbortSignal => AbortSignal.timeout(15_000);

async function hostile(t: TestContext, misbehave: Misbehave, identity?: Identity): Promise<Libp2p> {
  const host = await startHostile({ misbehave, ...(identity ? { seed: identity.privateKey } : {}) });
  t.after(() => host.stop());
  return host;
}

async function dialHostile(t: TestContext, relay: TestRelay, misbehave: Misbehave): Promise<void> {
  const host = await hostile(t, misbehave);
  const begun = Date.now();
  const connection = await host.dial(multiaddr(relay.address)).catch(() => undefined);
  await until(() => connection?.status !== 'open', 10_000);
  assert.ok(Date.now() - begun < 7_000, 'closed at the deadline of admission');
  assert.deepEqual(relay.host.admissions.peers(), []);
  assert.equal(relay.host.libp2p.getConnections().length, 0);
}

test('a peer that goes on without a certificate meets nothing behind Noise', TIMEOUT, async (t) => {
  const relay = await startRelay(t, ua, KYIV);
  await dialHostile(t, relay, async () => {});
});

test('a peer that goes on after its refusal meets nothing', TIMEOUT, async (t) => {
  const relay = await startRelay(t, ua, KYIV);
  const forged = await new Realms('ua').identity(KYIV, 'node');
  await dialHostile(t, relay, async (connection) => {
    const frames = handshakeFrames(connection, 4_096);
    await frames.write(encodeHello({ chain: forged.chain, instance: new Uint8Array(16) }), { signal: signal() });
    await frames.write(encodeVerdict({ kind: 'ok' }), { signal: signal() });
    frames.unwrap();
  });
  assert.equal(relay.events[0]?.reason, 'cert-unknown-root');
});

test('whoever knocks at us and says that we have a twin does not make us the newcomer', TIMEOUT, async (t) => {
  const relay = await startRelay(t, ua, KYIV);
  const identity = await ua.identity(KYIV, 'node');
  const twins: string[] = [];
  relay.host.onTwin(({ we }) => twins.push(we));
  const host = await hostile(
    t,
    async (connection) => {
      const frames = handshakeFrames(connection, 20_000);
      await frames.write(encodeHello({ chain: identity.chain, instance: new Uint8Array(16) }), { signal: signal() });
      await frames.read({ signal: signal() });
      await frames.write(encodeVerdict({ kind: 'refused', code: 'twin-alive' }), { signal: signal() });
    },
    identity,
  );
  const connection = await host.dial(multiaddr(relay.address)).catch(() => undefined);
  await until(() => connection?.status !== 'open', 10_000);
  assert.deepEqual([twins, relay.host.admissions.peers()], [[], []]);
});

test(
  'garbage, a length prefix of 4 GiB and a flood in place of a certificate end the connection',
  TIMEOUT,
  async (t) => {
    const relay = await startRelay(t, ua, KYIV);
    const prefix = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
    for (const bytes of [
      prefix,
      Uint8Array.of(0, 0, 0, 5, 1, 2, 3, 4, 5),
      new Uint8Array(3 * 1024 * 1024).fill(0xff),
    ]) {
      await dialHostile(t, relay, async (connection) => void connection.send(bytes));
    }
    const known = await relay.host.libp2p.peerStore.all();
    assert.deepEqual(
      known.filter(({ id }) => !id.equals(relay.host.libp2p.peerId)),
      [],
    );
  },
);

test(
  'an endless length before any encrypter, and the wish for a list of them, end the connection at once',
  TIMEOUT,
  async (t) => {
    const relay = await startRelay(t, ua, KYIV);
    const header = Buffer.from('\x13/multistream/1.0.0\n');
    for (const words of [Buffer.alloc(3_000_000, 0xff), Buffer.from('\x03ls\n'), Buffer.alloc(4_000, 0)]) {
      for (const bytes of [words, Buffer.concat([header, words])]) {
        const heard = await hear(Number(relay.address.split('/')[4]), bytes);
        assert.ok(header.toString('latin1').startsWith(heard), `heard ${JSON.stringify(heard)}`);
      }
    }
  },
);

/** What a bare socket gets to hear until it is closed. */
function hear(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setTimeout(2_000, () => reject(new Error('still open')));
    socket.on('data', (data) => (text += data.toString('latin1')));
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });
}

/** An admitted node that writes what it likes on streams of the forward protocol. */
async function admitted(t: TestContext, relay: TestRelay): Promise<{ open(): Promise<RawStream>; peerId: string }> {
  const identity = await ua.identity(KYIV, 'node');
  const host = await hostile(t, (connection) => showChain(connection, identity), identity);
  const connection = await host.dial(multiaddr(relay.address));
  await until(() => relay.host.admissions.peers().length === 1);
  return { open: () => connection.newStream([FORWARD_PROTOCOL]), peerId: host.peerId.toString() };
}

async function showChain(connection: MessageStream, identity: Identity): Promise<void> {
  const frames = handshakeFrames(connection, 20_000);
  await frames.write(encodeHello({ chain: identity.chain, instance: new Uint8Array(16) }), { signal: signal() });
  await frames.read({ signal: signal() });
  await frames.write(encodeVerdict({ kind: 'ok' }), { signal: signal() });
  frames.unwrap();
}

async function ask(stream: RawStream, bytes: Uint8Array): Promise<string> {
  const frames = handshakeFrames(stream, MAX_HEADER);
  await frames.write(bytes, { signal: signal() });
  const reply = decodeReply((await frames.read({ signal: signal() })).subarray());
  return reply.kind === 'ok' ? 'ok' : reply.code;
}

test('forged hops, foreign origins, loops and garbage are refused by code', TIMEOUT, async (t) => {
  const relay = await startRelay(t, ua, KYIV);
  const { open, peerId } = await admitted(t, relay);
  const hop = { realm: KYIV, role: 'node', pid: 1, peerId } as const;
  const header: ForwardHeader = { class: 'bulk', origin: KYIV, destination: LVIV, hops: [hop] };
  const code = async (change: Partial<ForwardHeader>) => ask(await open(), encodeHeader({ ...header, ...change }));
  assert.equal(await code({}), 'no-path');
  assert.equal(await code({ hops: [{ ...hop, peerId: 'somebodyelse' }] }), 'wrong-hop');
  assert.equal(await code({ hops: [{ ...hop, realm: LVIV }] }), 'wrong-hop');
  assert.equal(await code({ origin: LVIV }), 'out-of-scope');
  assert.equal(await code({ destination: KYIV }), 'loop');
  assert.equal(await code({ destination: parseRealmName('lviv.other.ua') }), 'out-of-scope');
  assert.equal(await ask(await open(), new Uint8Array(40).fill(0x81)), 'bad-frame');
  await until(() => relay.forwarder.openStreams === 0);
});

test('a header of 4 GiB, and one that never comes, end the stream alone', TIMEOUT, async (t) => {
  const relay = await startRelay(t, ua, KYIV);
  const { open } = await admitted(t, relay);
  const [long, silent] = [await open(), await open()];
  long.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
  await until(() => relay.forwarder.openStreams === 1);
  await until(() => relay.forwarder.openStreams === 0, 8_000);
  assert.equal(relay.host.admissions.peers().length, 1);
  silent.abort(new Error('done'));
});

test('a flood of streams is capped and leaves the relay to others', TIMEOUT, async (t) => {
  const relay = await startRelay(t, ua, KYIV);
  const { open } = await admitted(t, relay);
  const opened = await Promise.allSettled(Array.from({ length: 1_500 }, () => open()));
  assert.ok(opened.some(({ status }) => status === 'rejected') || relay.forwarder.openStreams <= 1_024);
  assert.ok(relay.forwarder.openStreams <= 1_025, `${relay.forwarder.openStreams} streams`);
  await until(() => relay.forwarder.openStreams === 0, 20_000);
});
