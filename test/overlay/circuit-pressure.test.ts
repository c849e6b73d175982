// Fault case 14 at a carrier: one relay sends into a circuit without end, the other never reads; both are certified, and both
// leave libp2p's own windows between them aside.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { circuitRelayServer } from '@libp2p/circuit-relay-v2';
import { identify } from '@libp2p/identify';
import type { Connection, Stream } from '@libp2p/interface';
import { lpStream } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import { settled, startHost, type TestHost, until } from './hosts.ts';
import { Realms } from './realms.ts';

const LIMIT = { timeout: 60_000 };
const HOP = '/libp2p/circuit/relay/0.2.0/hop';
const STOP = '/libp2p/circuit/relay/0.2.0/stop';
const MIB = 1024 * 1024;
/** Windows of both streams, and what the carrier holds. */
const MOST = 6 * MIB;
const WHOLE = 32 * MIB;
const signal = (): AbortSignal => AbortSignal.timeout(10_000);
const ua = new Realms('ua');

// The messages of https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md, in the fields that are needed here.
const RESERVE = Uint8Array.of(0x08, 0);
const STOP_OK = Uint8Array.of(0x08, 1, 0x20, 100);
const connectTo = (peerId: Uint8Array): Uint8Array =>
  Uint8Array.of(0x08, 1, 0x12, peerId.length + 2, 0x0a, peerId.length, ...peerId);

async function relayBelow(t: Parameters<typeof startHost>[0], realm: string, carrier: TestHost) {
  const { host } = await startHost(t, await ua.identity(realm, 'relay'), { listen: [] });
  const connection = await host.libp2p.dial(multiaddr(carrier.address), { signal: signal() });
  return { host, connection };
}

async function ask(connection: Connection, message: Uint8Array): Promise<Stream> {
  const stream = await connection.newStream([HOP], { signal: signal() });
  const frames = lpStream(stream);
  await frames.write(message, { signal: signal() });
  await frames.read({ signal: signal() });
  return frames.unwrap();
}

test('a carrier takes from a circuit what its other end takes, and a little ahead', LIMIT, async (t) => {
  const services = {
    identify: identify(),
    circuit: circuitRelayServer({ reservations: { applyDefaultLimit: false } }),
  };
  const carrier = await startHost(t, await ua.identity('acme.ua', 'relay'), { services });
  const kyiv = await relayBelow(t, 'kyiv.acme.ua', carrier);
  const lviv = await relayBelow(t, 'lviv.acme.ua', carrier);
  const arrived = Promise.withResolvers<Stream>();
  await lviv.host.libp2p.handle(STOP, async (stream) => {
    const frames = lpStream(stream);
    await frames.read({ signal: signal() });
    await frames.write(STOP_OK, { signal: signal() });
    const raw = frames.unwrap();
    raw.pause();
    arrived.resolve(raw);
  });
  await ask(lviv.connection, RESERVE);
  const near = await ask(kyiv.connection, connectTo(lviv.host.libp2p.peerId.toMultihash().bytes));
  const far = await arrived.promise;

  let sent = 0;
  const fill = (): void => {
    for (; sent < WHOLE && !near.writableNeedsDrain; sent += 64 * 1024) near.send(new Uint8Array(64 * 1024));
  };
  near.addEventListener('drain', fill);
  fill();
  await settled(() => sent, 500);
  assert.ok(sent < MOST, `${sent} bytes were taken by the carrier`);

  let taken = 0;
  far.addEventListener('message', ({ data }) => (taken += data.byteLength));
  far.resume();
  await until(() => taken === WHOLE, 20_000);
});
