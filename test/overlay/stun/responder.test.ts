// The STUN responder over real sockets.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { askTcp, askUdp } from '../../../src/overlay/stun/client.ts';
import { ownerOfIp } from '../../../src/overlay/stun/ip-address.ts';
import { type Endpoint, encodeBindingRequest } from '../../../src/overlay/stun/message.ts';
import { viewNat } from '../../../src/overlay/stun/nat-detection.ts';
import { RateLimiter } from '../../../src/overlay/stun/rate-limit.ts';
import { StunResponder } from '../../../src/overlay/stun/responder.ts';
import { formatEndpoint, parseEndpoint, StunServers } from '../../../src/overlay/stun/servers.ts';
import { type Clock, systemClock } from '../../../src/realm/clock.ts';
import { silentLog } from '../../../src/realm/log.ts';

const LIMIT = { timeout: 20_000 };
const canForge = process.getuid?.() === 0 && spawnSync('python3', ['-c', '']).status === 0;
const needsRoot = canForge ? {} : { skip: 'only root with Python can forge a packet' };
const responder = new StunResponder({ clock: systemClock, log: silentLog }, [
  { host: '127.0.0.1', port: 0 },
  { host: '127.0.0.1', port: 0 },
]);
let servers: Endpoint[] = [];
const first = (): Endpoint => servers[0] ?? { host: '127.0.0.1', port: 1 };
const soon = () => AbortSignal.timeout(10_000);

before(async () => {
  await responder.start();
  servers = responder.addresses;
});
after(() => responder.stop());

test('a client learns its address over UDP', LIMIT, async () => {
  const { host } = await askUdp(first(), systemClock, soon());
  assert.equal(host, '127.0.0.1');
});

test('a client learns the address of a TCP port, which another connection may then share', LIMIT, async () => {
  const one = await askTcp(first(), 0, soon());
  const other = await askTcp(servers[1] ?? first(), one.localPort, soon());
  assert.deepEqual(one.outer, { host: '127.0.0.1', port: one.localPort });
  assert.deepEqual(other.outer, one.outer);
  one.socket.destroy();
  other.socket.destroy();
});

test('a silent server is given up with a named error', LIMIT, async () => {
  const mute = createSocket('udp4').bind(0, '127.0.0.1');
  await once(mute, 'listening');
  await assert.rejects(
    askUdp({ host: '127.0.0.1', port: mute.address().port }, systemClock, AbortSignal.timeout(600)),
    {
      name: 'TimeoutError',
    },
  );
  mute.close();
});

test('a host that is seen at its own address has no NAT', LIMIT, async () => {
  const view = await viewNat(servers, systemClock, soon());
  assert.deepEqual([view.kind, view.udp, view.tcp, view.isUdpBlocked], ['none', 'none', 'none', false]);
  assert.deepEqual(
    view.servers.map(({ server, tcp }) => [server.port, tcp?.host]),
    servers.map(({ port }) => [port, '127.0.0.1']),
  );
});

test('where UDP is blocked, that is what is found', LIMIT, async () => {
  const onlyTcp = createServer((socket) => {
    const onward = connect(first());
    for (const end of [socket, onward]) end.on('error', () => {});
    socket.pipe(onward).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(onlyTcp, 'listening');
  const address = onlyTcp.address();
  assert.ok(address !== null && typeof address !== 'string');
  const server = { host: '127.0.0.1', port: address.port };
  const view = await viewNat([server], systemClock, AbortSignal.timeout(1_000));
  assert.deepEqual([view.udp, view.isUdpBlocked], ['unknown', true]);
  onlyTcp.close();
});

test('where nobody answers, nothing is claimed', LIMIT, async () => {
  const view = await viewNat([{ host: '127.0.0.1', port: 9 }], systemClock, AbortSignal.timeout(500));
  assert.deepEqual([view.kind, view.isUdpBlocked], ['unknown', undefined]);
});

test('a TCP connection that sends no STUN is closed', LIMIT, async () => {
  const socket = connect(first());
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: example\r\n\r\n');
  await once(socket, 'close');
});

test('a TCP connection is closed after too many requests', LIMIT, async () => {
  const socket = connect(first());
  socket.on('error', () => {}).resume();
  for (let n = 0; n < 20; n++) socket.write(encodeBindingRequest(new Uint8Array(12)));
  await once(socket, 'close');
});

test('one address cannot hold more TCP connections than its share', LIMIT, async () => {
  const sockets = Array.from({ length: 40 }, () => connect(first()).on('error', () => {}));
  await Promise.all(sockets.slice(32).map((socket) => once(socket, 'close')));
  assert.equal(sockets.slice(0, 32).filter((socket) => socket.destroyed).length, 0);
  for (const socket of sockets) socket.destroy();
});

test('a packet from port 0, which nobody can answer, does not end the program', {
  ...LIMIT,
  ...needsRoot,
}, async () => {
  const { port } = first();
  const script = `import socket, struct
payload = bytes.fromhex('${Buffer.from(encodeBindingRequest(new Uint8Array(12))).toString('hex')}')
datagram = struct.pack('>HHHH', 0, ${port}, 8 + len(payload), 0) + payload
socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).sendto(datagram, ('127.0.0.1', 0))`;
  assert.equal(spawnSync('python3', ['-c', script]).status, 0);
  const { host } = await askUdp(first(), systemClock, soon());
  assert.equal(host, '127.0.0.1');
});

test('one customer of IPv6 counts as one, and each address of IPv4 by itself', () => {
  assert.equal(ownerOfIp('2a00:1:2:3::1'), ownerOfIp('2a00:1:2:3:ffff::9'));
  assert.notEqual(ownerOfIp('2a00:1:2:3::1'), ownerOfIp('2a00:1:2:4::1'));
  assert.equal(ownerOfIp('::ffff:60.0.0.1'), '60.0.0.1');
  assert.notEqual(ownerOfIp('60.0.0.1'), ownerOfIp('60.0.0.2'));
});

test('a port in use is a local error that says what to change', LIMIT, async () => {
  const second = new StunResponder({ clock: systemClock, log: silentLog }, [first()]);
  await assert.rejects(second.start(), { code: 'stun-listen' });
});

test('a source that asks too often is passed over and comes back with time', () => {
  let now = 0;
  const clock: Clock = { now: () => now, monotonic: () => now, after: () => ({ cancel() {} }) };
  const limiter = new RateLimiter(clock, { perSecond: 1, burst: 2 }, { perSecond: 100, burst: 100 });
  assert.deepEqual(
    [limiter.take('a'), limiter.take('a'), limiter.take('a'), limiter.take('b')],
    [true, true, false, true],
  );
  now = 1_000;
  assert.deepEqual([limiter.take('a'), limiter.take('a')], [true, false]);
});

test('servers are written as ICE wants them and each is named once', () => {
  const list = new StunServers();
  list.set('ua', [{ host: '60.0.1.1', port: 3478 }]);
  list.set('acme.ua', [
    { host: '60.0.1.1', port: 3478 },
    { host: '2001:db8::1', port: 3479 },
  ]);
  assert.deepEqual(list.iceServers(), [{ urls: ['stun:60.0.1.1:3478'] }, { urls: ['stun:[2001:db8::1]:3479'] }]);
  for (const one of list.list()) assert.deepEqual(parseEndpoint(formatEndpoint(one)), one);
  for (const bad of ['host:1', '1.2.3.4', '1.2.3.4:0', '1.2.3.4:70000', ':3478'])
    assert.equal(parseEndpoint(bad), undefined);
});
