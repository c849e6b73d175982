// A node with two relays: it is connected to both, and streams go on over the one that is left (fault case 21).
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { parseRealmName } from '../../src/realm/names.ts';
import { startNode, startRelay, type TestRelay } from './branches.ts';
import { until } from './hosts.ts';
import { Realms } from './realms.ts';

const TIMEOUT = { timeout: 60_000 };
const KYIV = parseRealmName('kyiv.acme.ua');
const LVIV = parseRealmName('lviv.acme.ua');
const ua = new Realms('ua');
const signal = () => AbortSignal.timeout(20_000);

/** Kyiv with two relays, lviv with one; a relay knows those that it is given. */
async function branches(t: TestContext, knowing: (relays: readonly [TestRelay, TestRelay]) => readonly TestRelay[]) {
  const relays = [await startRelay(t, ua, KYIV), await startRelay(t, ua, KYIV)] as const;
  const lvivRelay = await startRelay(t, ua, LVIV);
  for (const relay of knowing(relays)) relay.links.addresses.set(LVIV, lvivRelay.address);
  const kyiv = await startNode(
    t,
    ua,
    KYIV,
    relays.map(({ address }) => address),
  );
  const lviv = await startNode(t, ua, LVIV, [lvivRelay.address]);
  await until(() => kyiv.overlay.relays.every(({ connected }) => connected) && lviv.overlay.relay.connected);
  return { relays, lvivRelay, kyiv: kyiv.overlay, lviv: lviv.overlay };
}

test('a node is connected to each relay of its realm', TIMEOUT, async (t) => {
  const { relays, kyiv } = await branches(t, (all) => all);
  assert.deepEqual(
    kyiv.relays.map(({ peerId }) => peerId),
    relays.map(({ host }) => host.libp2p.peerId.toString()),
  );
});

test('where one relay knows no way, the other is asked', TIMEOUT, async (t) => {
  const { relays, kyiv } = await branches(t, ([, second]) => [second]);
  const { path } = await kyiv.ping(LVIV, signal());
  assert.equal(path.hops[1]?.peerId, relays[1].host.libp2p.peerId.toString());
});

test(
  'when the relay in use dies, its streams are reset and the next one goes over the other relay',
  TIMEOUT,
  async (t) => {
    const { relays, kyiv } = await branches(t, (all) => all);
    const used = (await kyiv.ping(LVIV, signal())).path.hops[1]?.peerId;
    const stopped = relays.find(({ host }) => host.libp2p.peerId.toString() === used);
    await stopped?.host.stop();
    const { path } = await kyiv.ping(LVIV, signal());
    assert.notEqual(path.hops[1]?.peerId, used);
    assert.ok(kyiv.relay.connected, 'one relay is enough');
  },
);

test('the relay that says it has the better way is taken', TIMEOUT, async (t) => {
  const { relays, kyiv } = await branches(t, (all) => all);
  relays[0].links.tell({ realm: LVIV, kind: 'relayed', since: 1 });
  relays[1].links.tell({ realm: LVIV, kind: 'direct-tcp', since: 1 });
  await until(() => kyiv.paths().some(({ kind }) => kind === 'direct-tcp'));
  const { path } = await kyiv.ping(LVIV, signal());
  assert.equal(path.hops[1]?.peerId, relays[1].host.libp2p.peerId.toString());
});

test(
  'new streams move to the relay that is nearer, and the connection over the other one is closed',
  TIMEOUT,
  async (t) => {
    const { relays, kyiv } = await branches(t, (all) => all);
    const [far, near] = relays;
    far.links.tell({ realm: LVIV, kind: 'direct-tcp', since: 1, rtt: 50 });
    await until(() => kyiv.paths().length > 0);
    const hop = async () => (await kyiv.ping(LVIV, signal())).path.hops[1]?.peerId;
    assert.equal(await hop(), far.host.libp2p.peerId.toString());
    near.links.tell({ realm: LVIV, kind: 'direct-tcp', since: 1, rtt: 5 });
    await until(async () => (await hop()) === near.host.libp2p.peerId.toString(), 10_000);
    await until(() => far.forwarder.openStreams === 0, 10_000);
  },
);

test('a node that one of its relays has lost is reached over the other', TIMEOUT, async (t) => {
  const { relays, lvivRelay, kyiv, lviv } = await branches(t, () => []);
  const [lost, left] = relays;
  await kyiv.stop();
  const alone = await startNode(t, ua, KYIV, [left.address]);
  await until(() => alone.overlay.relay.connected);
  lvivRelay.links.addresses.set(KYIV, lost.address);
  await lvivRelay.host.libp2p.dial(multiaddr(left.address), { signal: signal() });
  const { path } = await lviv.ping(KYIV, signal());
  assert.equal(path.hops[2]?.peerId, left.host.libp2p.peerId.toString());
});
