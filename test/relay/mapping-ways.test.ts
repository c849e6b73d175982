// Whatever somebody in the network sends a relay that looks for its router, the relay goes on.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { mappingWays } from '../../relay/mapping-ways.ts';

const SSDP = 1_900;
const own = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const needsNetwork = own === undefined ? { skip: 'this host has no network' } : {};

test('a packet over which the library falls ends the search and not the program', {
  timeout: 20_000,
  ...needsNetwork,
}, async (t) => {
  const [way] = mappingWays(['upnp']);
  const anybody = createSocket('udp4');
  const sending = setInterval(() => anybody.send('X * HTTP/1.1\r\n', SSDP, own), 50);
  t.after(() => {
    clearInterval(sending);
    anybody.close();
  });
  await assert.rejects(async () => way?.map(4_443, 3_600_000, AbortSignal.timeout(15_000)), { code: 'bad-router' });
});

test('a question that is given up ends its thread', { timeout: 20_000 }, async () => {
  const [way] = mappingWays(['upnp']);
  const signal = AbortSignal.abort(new Error('given up'));
  await assert.rejects(async () => way?.map(4_443, 3_600_000, signal), { message: 'given up' });
  await way?.unmap(4_443, AbortSignal.timeout(5_000));
});

/** Counts who comes. */
async function startServer(t: TestContext): Promise<{ readonly port: number; hits: number }> {
  const seen = { port: 0, hits: 0 };
  const server = createServer(({ url }, response) => {
    seen.hits += 1;
    if (url === '/elsewhere') response.writeHead(302, { location: `http://127.0.0.1:${seen.port}/` });
    response.end();
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  seen.port = (server.address() as AddressInfo).port;
  t.after(() => (server.closeAllConnections(), server.close()));
  return seen;
}

test('an answer to the search that names another host than the router makes us fetch nothing', {
  timeout: 20_000,
  ...needsNetwork,
}, async (t) => {
  const trap = await startServer(t);
  const [way] = mappingWays(['upnp']);
  const anybody = createSocket('udp4');
  const answer = [
    'HTTP/1.1 200 OK',
    'CACHE-CONTROL: max-age=120',
    'ST: urn:schemas-upnp-org:device:InternetGatewayDevice:2',
    'USN: uuid:1::urn:schemas-upnp-org:device:InternetGatewayDevice:2',
    `LOCATION: http://127.0.0.1:${trap.port}/description.xml`,
    '\r\n',
  ].join('\r\n');
  let sent = 0;
  const sending = setInterval(() => anybody.send(answer, SSDP, own, () => (sent += 1)), 50);
  t.after(() => {
    clearInterval(sending);
    anybody.close();
  });
  await assert.rejects(async () => way?.map(4_443, 3_600_000, AbortSignal.timeout(6_000)));
  assert.ok(sent > 0);
  assert.equal(trap.hits, 0);
});

test('a confined thread reaches the one host and no other, by whatever way, nor where that one sends it', {
  timeout: 20_000,
}, async (t) => {
  const { port } = await startServer(t);
  const paths = ['127.0.0.1', 'localhost', '127.0.0.2'].map((host) => `http://${host}:${port}/`);
  const program = new URL('./confined-program.ts', import.meta.url);
  const workerData = { allowed: '127.0.0.2', port, paths: [...paths, `http://127.0.0.2:${port}/elsewhere`] };
  const [said] = await once(new Worker(program, { workerData }), 'message');
  const [refused, reached] = [Array.from({ length: 6 }, () => 'refused'), Array.from({ length: 3 }, () => 'reached')];
  assert.deepEqual(said, [...refused, ...reached, 'refused', 'reached', 'reached']);
});
