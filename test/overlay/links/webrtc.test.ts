// What WebRTC leaves behind: nothing that keeps memory, and nothing that keeps the process from ending.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { multiaddr } from '@multiformats/multiaddr';
import type { PeerConnection } from 'node-datachannel';
import { dial } from '../../../src/overlay/links/dial.ts';
import { openPeerConnection } from '../../../src/overlay/links/native-peer-connection.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { type RelayHost, startRelay, TestRegistry } from './relay-host.ts';

const LIMIT = { timeout: 60_000 };
/** What is left of a channel that was not shown keeps the process until it is collected. The library's own `cleanup` would
    then use what has been collected, and crash. */
after(collectGarbage);

/** Long for two ends on loopback. */
const NATIVE_THREADS = 300;

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

/** Nothing of this thread runs meanwhile; the native threads do. */
function standStill(): void {
  const end = performance.now() + NATIVE_THREADS;
  while (performance.now() < end);
}

/** Tells one what the other is: how it speaks before where it is, in whatever order the native threads call back. */
function introduce(from: PeerConnection, to: PeerConnection): void {
  const places: [string, string][] = [];
  let isDescribed = false;
  from.onLocalDescription((sdp, type) => {
    to.setRemoteDescription(sdp, type);
    isDescribed = true;
    for (const place of places) to.addRemoteCandidate(...place);
  });
  from.onLocalCandidate((candidate, mid) => {
    if (isDescribed) to.addRemoteCandidate(candidate, mid);
    else places.push([candidate, mid]);
  });
}

async function pair(): Promise<readonly [PeerConnection, PeerConnection]> {
  const [a, b] = [openPeerConnection([], systemClock), openPeerConnection([], systemClock)];
  introduce(a, b);
  introduce(b, a);
  const first = a.createDataChannel('first');
  await new Promise<void>((resolve) => first.onOpen(resolve));
  return [a, b];
}

test('a channel that was never opened ends with its peer connection', LIMIT, async () => {
  const native = openPeerConnection([], systemClock);
  const channel = native.createDataChannel('init');
  const closed = new Promise<void>((resolve) => channel.onClosed(resolve));
  native.close();
  await closed;
});

test('a channel that the other end has closed before it is heard of is not shown', LIMIT, async () => {
  const [a, b] = await pair();
  const shown: string[] = [];
  const last = new Promise<void>((resolve) =>
    b.onDataChannel((channel) => {
      shown.push(channel.getLabel());
      if (channel.getLabel() === 'second') resolve();
    }),
  );
  const brief = a.createDataChannel('brief');
  standStill();
  brief.close();
  standStill();
  a.createDataChannel('second');
  await last;
  assert.ok(!shown.includes('brief'), shown.join(', '));
  a.close();
  b.close();
});

test('the transport does not keep a connection that is over', LIMIT, async () => {
  const registry = new TestRegistry();
  const region = await startRelay({ realm: 'ua', registry });
  const [kyiv, lviv] = await Promise.all(
    ['kyiv.ua', 'lviv.ua'].map((realm) => startRelay({ realm, registry, ancestors: [region], webrtc: true })),
  );
  assert.ok(kyiv && lviv);
  try {
    await kyiv.links.get(lviv.realm, AbortSignal.timeout(20_000));
    const address = multiaddr(`${region.addresses[0]}/p2p-circuit/webrtc/p2p/${lviv.peerId}`);
    const before = [keptBy(kyiv), keptBy(lviv)];
    const opened = new Promise<void>((resolve) =>
      lviv.libp2p.addEventListener('connection:open', () => resolve(), { once: true }),
    );
    const closed = new Promise<void>((resolve) =>
      lviv.libp2p.addEventListener('connection:close', () => resolve(), { once: true }),
    );
    const connection = await dial(
      kyiv.libp2p.services.internals,
      address,
      { timeout: 15_000, clock: systemClock },
      new AbortController().signal,
    );
    await opened;
    assert.equal(keptBy(kyiv), (before[0] ?? 0) + 1, 'the transport closes open connections when it stops');
    await connection.close();
    await closed;
    assert.deepEqual([keptBy(kyiv), keptBy(lviv)], before);
  } finally {
    await Promise.all([region, kyiv, lviv].map((host) => host.stop()));
  }
});

/** Connections that the WebRTC transport would close when it stops. */
function keptBy({ libp2p }: RelayHost): number {
  const transports = libp2p.services.internals.transportManager.getTransports();
  const webrtc = transports.find((one) => one[Symbol.toStringTag] === '@libp2p/webrtc');
  assert.ok(webrtc);
  const controller: unknown = Reflect.get(webrtc, 'shutdownController');
  assert.ok(controller instanceof AbortController);
  return getEventListeners(controller.signal, 'abort').length;
}
