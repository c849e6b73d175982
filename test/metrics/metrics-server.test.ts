import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { freePorts } from '../../cli/demo/free-ports.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { MetricsServer, type ReadinessCheck } from '../../src/metrics/metrics-server.ts';
import { silentLog } from '../../src/realm/log.ts';

const HOST = '127.0.0.1';

async function serve(metrics: Metrics, checks: readonly ReadinessCheck[] = []) {
  const [port = 0] = await freePorts(1);
  const server = new MetricsServer({
    listen: { host: HOST, port },
    metrics,
    checks: async () => checks,
    log: silentLog,
  });
  await server.start();
  const get = (path: string, method = 'GET') => fetch(`http://${HOST}:${port}${path}`, { method });
  return { server, get, port };
}

test('values are read when somebody asks, with their labels', async () => {
  const metrics = new Metrics({ realm: 'kyiv.acme.ua' });
  let waiting = 3;
  metrics.add([
    {
      name: 'outbox_messages',
      help: 'Messages that wait.',
      kind: 'gauge',
      labels: ['realm'],
      read: () => [{ labels: { realm: 'lviv.acme.ua' }, value: waiting }],
    },
  ]);
  const tally = { sent: 7, setAside: 1 };
  metrics.addCounters('delivery', () => tally);
  metrics.addGauges('trusts', () => ({ inForce: 2 }));
  const { server, get } = await serve(metrics);
  try {
    const first = await (await get('/metrics')).text();
    assert.match(first, /^canopy_outbox_messages\{realm="lviv\.acme\.ua"\} 3$/m);
    assert.match(first, /^# TYPE canopy_delivery_sent_total counter$/m);
    assert.match(first, /^canopy_trusts_in_force\{realm="kyiv\.acme\.ua"\} 2$/m);
    assert.match(first, /^canopy_delivery_set_aside_total\{realm="kyiv\.acme\.ua"\} 1$/m);
    waiting = 0;
    tally.sent = 9;
    const second = await (await get('/metrics')).text();
    assert.match(second, /^canopy_outbox_messages\{realm="lviv\.acme\.ua"\} 0$/m);
    assert.match(second, /^canopy_delivery_sent_total\{realm="kyiv\.acme\.ua"\} 9$/m);
  } finally {
    await server.stop();
  }
});

test('/readyz names each check and fails when one does', async () => {
  const { server, get } = await serve(new Metrics({}), [
    { name: 'store', ok: true },
    { name: 'uplink', ok: false },
  ]);
  try {
    const answer = await get('/readyz');
    assert.equal(answer.status, 503);
    assert.deepEqual(await answer.json(), {
      schemaVersion: 1,
      ok: false,
      checks: [
        { name: 'store', ok: true },
        { name: 'uplink', ok: false },
      ],
    });
    assert.equal((await get('/healthz')).status, 200);
  } finally {
    await server.stop();
  }
});

test('nothing but reading is answered', async () => {
  const { server, get } = await serve(new Metrics({}));
  try {
    assert.equal((await get('/metrics', 'POST')).status, 405);
    assert.equal((await get('/v1/status')).status, 404);
  } finally {
    await server.stop();
  }
});

test('a port that is taken costs the metrics and not the program', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => {
    other.listen(0, HOST, resolve);
  });
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const listen = { host: HOST, port };
  const server = new MetricsServer({ listen, metrics: new Metrics({}), checks: async () => [], log: silentLog });
  try {
    await server.start();
    assert.match(server.problem ?? '', /EADDRINUSE/);
    await server.stop();
  } finally {
    other.close();
  }
});
