// Which connections libp2p may make by itself. Real hosts on loopback.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { identify } from '@libp2p/identify';
import { multiaddr } from '@multiformats/multiaddr';
import { webrtcTransport } from '../../src/overlay/links/webrtc.ts';
import { StunServers } from '../../src/overlay/stun/servers.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { startHost } from './hosts.ts';
import { Realms } from './realms.ts';

test('libp2p dials nobody by WebRTC unasked: that way comes after better ones', { timeout: 30_000 }, async (t) => {
  const realms = new Realms('ua');
  const above = await startHost(t, await realms.identity('acme.ua', 'relay'));
  const transports = [circuitRelayTransport(), webrtcTransport(new StunServers(), systemClock)];
  const one = await startHost(t, await realms.identity('kyiv.acme.ua', 'relay'), {
    transports,
    services: { identify: identify() },
  });
  const other = await startHost(t, await realms.identity('lviv.acme.ua', 'relay'));
  const peer = other.host.libp2p.peerId.toString();
  const dial = (...addresses: string[]) =>
    one.host.libp2p.dial(
      addresses.map((address) => multiaddr(address)),
      { signal: AbortSignal.timeout(10_000) },
    );
  const byWebrtc = `${above.address}/p2p-circuit/webrtc/p2p/${peer}`;
  await assert.rejects(dial(byWebrtc), /denied|gater/i);
  assert.equal((await dial(byWebrtc, other.address)).remoteAddr.toString(), other.address);
});
