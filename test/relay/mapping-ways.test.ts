// Whatever somebody in the network sends a relay that looks for its router, the relay goes on.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
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
