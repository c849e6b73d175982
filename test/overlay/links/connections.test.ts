// Which of several connections with one relay carries the next stream, judged on real connections between two hosts; their
// ages and answers are set by the test.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { Connections, type TrackedConnection } from '../../../src/overlay/links/connections.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { HandClock } from '../../node/hand-clock.ts';
import { type RelayHost, startRelay, TestRegistry } from './relay-host.ts';

const LIMIT = { timeout: 20_000 };
const REALM = parseRealmName('lviv.ua');
const running: RelayHost[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((host) => host.stop()));
});

/** Two connections on the same path, the older one first. */
async function two(): Promise<{
  connections: Connections;
  clock: HandClock;
  all: [TrackedConnection, TrackedConnection];
}> {
  const registry = new TestRegistry();
  const kyiv = await startRelay({ realm: 'kyiv.ua', registry });
  const lviv = await startRelay({ realm: 'lviv.ua', registry });
  running.push(kyiv, lviv);
  const clock = new HandClock(0);
  const connections = new Connections(kyiv.peerId, clock);
  const dial = async (): Promise<TrackedConnection> => {
    const connection = await kyiv.libp2p.services.internals.transportManager.dial(multiaddr(lviv.addresses[0]), {
      signal: AbortSignal.timeout(5_000),
    });
    const openedAt = clock.monotonic();
    const path = 'direct-tcp';
    const tracked = { connection, realm: REALM, peerId: lviv.peerId, path, via: undefined, openedAt } as const;
    const kept: TrackedConnection = { ...tracked, heardAt: openedAt, rtt: 1 };
    connections.add(kept);
    return kept;
  };
  const first = await dial();
  clock.advance(1_000);
  return { connections, clock, all: [first, await dial()] };
}

test('of two connections on the same path both ends use the older one', LIMIT, async () => {
  const { connections, all } = await two();
  assert.deepEqual(connections.with(all[0].peerId), all);
});

test('the one that has fallen silent gives way to the one that answers, though it is older', LIMIT, async () => {
  const { connections, clock, all } = await two();
  const [old, young] = all;
  clock.advance(6_000);
  young.heardAt = clock.monotonic();
  assert.deepEqual(connections.with(old.peerId), [young, old]);
  assert.deepEqual(connections.silent(7_000), [old]);
  old.heardAt = clock.monotonic();
  assert.deepEqual(connections.with(old.peerId), [old, young]);
  assert.deepEqual(connections.silent(7_000), []);
});
