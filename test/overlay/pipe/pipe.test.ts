// Pipes: who may begin one, what ends one, and that bulk goes on without.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { MAGIC, MAX_TICKETS_OF_PEER, TICKET_BYTES, TICKET_TTL } from '../../../src/overlay/pipe/index.ts';
import { RelayPipes } from '../../../src/overlay/pipe/relay-pipes.ts';
import { Tickets } from '../../../src/overlay/pipe/tickets.ts';
import type { Stream } from '../../../src/overlay/seam.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { startBranches, type TestBranch } from '../branches.ts';
import { startHost, until } from '../hosts.ts';
import { Realms } from '../realms.ts';

const TIMEOUT = { timeout: 60_000 };
const ua = new Realms('ua');
const KYIV = parseRealmName('kyiv.acme.ua');
const LVIV = parseRealmName('lviv.acme.ua');
const PROTOCOL = '/canopy/test/1';
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

async function pair(t: TestContext): Promise<{ kyiv: TestBranch; lviv: TestBranch }> {
  const [kyiv, lviv] = await startBranches(t, ua, [KYIV, LVIV]);
  assert.ok(kyiv && lviv);
  for (const { node } of [kyiv, lviv]) node.handle(PROTOCOL, { allow: 'family' }, echoAll);
  await until(() => kyiv.node.relay.connected && lviv.node.relay.connected);
  return { kyiv, lviv };
}

async function echoAll(stream: Stream): Promise<void> {
  for (let frame = await stream.read(); frame; frame = await stream.read()) await stream.write(frame);
}

async function echoed(stream: Stream, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  await stream.write(bytes, signal());
  return stream.read(signal());
}

/** A link as the side sees it that was dialled. */
async function inbound(t: TestContext, realm: string): Promise<Connection> {
  const relay = await startHost(t, await ua.identity(KYIV, 'relay'));
  const { host } = await startHost(t, await ua.identity(realm, 'relay'));
  await host.libp2p.dial(multiaddr(relay.address));
  await until(() => relay.host.libp2p.getConnections().length === 1);
  const [connection] = relay.host.libp2p.getConnections();
  assert.ok(connection);
  return connection;
}

const portOf = (branch: TestBranch): number => Number(/tcp\/(\d+)/.exec(branch.relay.address)?.[1]);

/** Milliseconds until the other side closes. */
async function untilClosed(socket: Socket): Promise<number> {
  const begun = performance.now();
  socket.on('error', () => {});
  socket.resume();
  await new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  return performance.now() - begun;
}

test('bulk takes a pipe and interactive streams do not', TIMEOUT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  const bulk = await kyiv.node.open(LVIV, PROTOCOL, { signal: signal(), class: 'bulk' });
  const before = kyiv.relay.pipes.open;
  const text = await kyiv.node.open(LVIV, PROTOCOL, { signal: signal() });
  assert.deepEqual(await echoed(bulk, Uint8Array.of(1)), Uint8Array.of(1));
  assert.deepEqual(await echoed(text, Uint8Array.of(2)), Uint8Array.of(2));
  assert.deepEqual([before, kyiv.relay.pipes.open, lviv.relay.pipes.open], [1, 1, 1]);
  assert.equal(bulk.path.hops.length, 4);
  assert.deepEqual([...kyiv.relay.events, ...lviv.relay.events], []);
});

test('a pipe ends at once when a relay goes, and both ends are told', TIMEOUT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  const bulk = await kyiv.node.open(LVIV, PROTOCOL, { signal: signal(), class: 'bulk' });
  await echoed(bulk, Uint8Array.of(1));
  const broken = assert.rejects(bulk.read(signal()), { code: 'stream-reset' });
  await lviv.relay.host.stop();
  await broken;
  await until(() => kyiv.relay.pipes.open === 0);
});

test('a pipe is cut when the peer that it goes to is no longer admitted', TIMEOUT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  const bulk = await kyiv.node.open(LVIV, PROTOCOL, { signal: signal(), class: 'bulk' });
  await echoed(bulk, Uint8Array.of(1));
  const broken = assert.rejects(bulk.read(signal()), { code: 'stream-reset' });
  const other = lviv.relay.host.libp2p.peerId.toString();
  for (const connection of kyiv.relay.host.admissions.connections(other)) connection.abort(new Error('revoked'));
  await broken;
});

test('where a section cannot be dialled, bulk takes the stream', TIMEOUT, async (t) => {
  const { kyiv, lviv } = await pair(t);
  // As a punched hole: connected, and nobody listens where the connection seems to lead.
  const link = await kyiv.relay.links.get(LVIV, signal());
  const nowhere = link.connection.remoteAddr.toString().replace(/tcp\/\d+/, 'tcp/9');
  Object.defineProperty(link.connection, 'remoteAddr', { value: multiaddr(nowhere) });
  kyiv.relay.links.get = async () => link;
  const bulk = await kyiv.node.open(LVIV, PROTOCOL, { signal: signal(), class: 'bulk' });
  assert.deepEqual(await echoed(bulk, Uint8Array.of(1)), Uint8Array.of(1));
  assert.deepEqual([kyiv.relay.pipes.open, lviv.relay.pipes.open], [0, 0]);
});

test(
  'a pipe that the other side claims to have dialled, and did not, costs a moment, and none is tried there again',
  TIMEOUT,
  async (t) => {
    const timers: { delay: number; callback: () => void }[] = [];
    let now = 0;
    const clock = {
      monotonic: () => now,
      after: (delay: number, callback: () => void) => {
        timers.push({ delay, callback });
        return { cancel: () => {} };
      },
    };
    const carrier = { start: async () => {}, stop: async () => {}, carried: 0 };
    const admissions = { peers: () => [], connections: () => [] };
    const pipes = new RelayPipes({ admissions, tickets: new Tickets(clock), carrier, clock });
    for (const [realm, took, most] of [
      ['lviv.acme.ua', 20, 560],
      ['odesa.acme.ua', 5_000, 1_500],
    ] as const) {
      const connection = await inbound(t, realm);
      const offer = await pipes.offer({ connection }, signal());
      now += took;
      const socket = offer?.socket({ kind: 'joined' }, signal());
      const last = timers.at(-1);
      assert.equal(last?.delay, most);
      last?.callback();
      await assert.rejects(async () => socket, { code: 'pipe-failed' });
      assert.equal(await pipes.offer({ connection }, signal()), undefined);
    }
  },
);

test('an unknown ticket, a wrong hello and one of a byte a minute are closed without a word', TIMEOUT, async (t) => {
  const { kyiv } = await pair(t);
  const hello = Buffer.concat([MAGIC, Buffer.alloc(TICKET_BYTES)]);
  for (const said of [hello, Buffer.alloc(hello.length), hello.subarray(0, 1)]) {
    const socket = connect(portOf(kyiv), '127.0.0.1');
    const heard: Buffer[] = [];
    socket.on('data', (data) => heard.push(data));
    socket.write(said);
    assert.ok((await untilClosed(socket)) < 8_000);
    assert.equal(Buffer.concat(heard).length, 0);
  }
  assert.equal(kyiv.relay.pipes.open, 0);
});

test('a ticket is good once and for a while, and a peer has so many', () => {
  const due: (() => void)[] = [];
  const delays: number[] = [];
  const tickets = new Tickets({
    after: (delay, callback) => {
      delays.push(delay);
      due.push(callback);
      return { cancel: () => {} };
    },
  });
  const issued = Array.from({ length: MAX_TICKETS_OF_PEER }, () => tickets.issue('peer'));
  assert.throws(() => tickets.issue('peer'), { code: 'quota' });
  tickets.issue('other');
  const first = issued[0];
  assert.ok(first);
  const socket = connect(9, '127.0.0.1').on('error', () => {});
  assert.equal(tickets.redeem(first.ticket, socket), true);
  assert.equal(tickets.redeem(first.ticket, socket), false);
  assert.equal(tickets.redeem(new Uint8Array(TICKET_BYTES), socket), false);
  assert.ok(delays.every((delay) => delay === TICKET_TTL));
  for (const end of due) end();
  assert.equal(tickets.waiting, 0);
  socket.destroy();
});
