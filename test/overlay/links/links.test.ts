// Links between real relays on loopback.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { LinkPath, Links } from '../../../src/overlay/links/links.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { loudLog, type RelayHost, type RelayHostInit, startRelay, TestRegistry } from './relay-host.ts';

const LIMIT = { timeout: 60_000 };
const running: RelayHost[] = [];

async function start(init: RelayHostInit): Promise<RelayHost> {
  const host = await startRelay({ ...init, ...(process.env['LOUD'] ? { log: loudLog(init.realm) } : {}) });
  running.push(host);
  return host;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((host) => host.stop()));
});

/** Resolves when the link has this path, and has answered on it: until then one that answers sooner may come before it. */
function pathIs(links: Links, realm: RealmName, kind: LinkPath | 'unreachable'): Promise<void> {
  const reached = () =>
    links
      .reports()
      .some(
        (report) =>
          report.realm === realm && report.kind === kind && (kind === 'unreachable' || report.rtt !== undefined),
      );
  if (reached()) return Promise.resolve();
  return new Promise((resolve) => {
    const done = links.onChange(() => {
      if (!reached()) return;
      done();
      resolve();
    });
  });
}

/** Resolves when a ping over the link's present connection has come back. */
async function answers(links: Links, realm: RealmName): Promise<void> {
  while (links.reports().find((report) => report.realm === realm)?.rtt === undefined) await delay(50);
}

/** At once, as a waiting message needs it: the ancestors may not even be connected yet. */
function getSoon(from: RelayHost, to: RelayHost) {
  return from.links.get(to.realm, AbortSignal.timeout(20_000));
}

async function family(ways: RelayHostInit['ways'] = [], more: Partial<RelayHostInit> = {}) {
  const registry = new TestRegistry();
  const region = await start({ realm: 'ua', registry });
  const kyiv = await start({ realm: 'kyiv.ua', registry, ancestors: [region], ways, ...more });
  const lviv = await start({ realm: 'lviv.ua', registry, ancestors: [region], ways, ...more });
  return { registry, region, kyiv, lviv };
}

test('two branches meet through their common ancestor', LIMIT, async () => {
  const { region, kyiv, lviv } = await family();
  const { path, via, connection } = await getSoon(kyiv, lviv);
  assert.equal(path, 'relayed');
  assert.equal(via, region.realm);
  assert.equal(connection.remotePeer.toString(), lviv.peerId);
});

test('a relayed link becomes direct by plain tcp where an address answers', LIMIT, async () => {
  const { kyiv, lviv } = await family(['tcp']);
  await getSoon(kyiv, lviv);
  await Promise.all([pathIs(kyiv.links, lviv.realm, 'direct-tcp'), pathIs(lviv.links, kyiv.realm, 'direct-tcp')]);
  assert.equal(kyiv.links.current(lviv.realm)?.path, 'direct-tcp');
});

test('a link to a realm that nobody knows is refused', LIMIT, async () => {
  const { kyiv } = await family();
  await pathIs(kyiv.links, 'ua' as RealmName, 'direct-tcp');
  await assert.rejects(kyiv.links.get('odesa.ua' as RealmName, AbortSignal.timeout(20_000)), { code: 'no-path' });
});

test('the reservation at an ancestor comes back after its relay has restarted', LIMIT, async () => {
  const { registry, region, kyiv, lviv } = await family();
  await getSoon(kyiv, lviv);
  const port = Number(/tcp\/(\d+)/.exec(region.addresses[0] ?? '')?.[1]);
  const lost = pathIs(kyiv.links, lviv.realm, 'unreachable');
  await region.stop();
  running.splice(running.indexOf(region), 1);
  await lost;
  await start({ realm: 'ua', registry, key: region.key, port });
  const { path } = await getSoon(kyiv, lviv);
  assert.equal(path, 'relayed');
});

test('addresses that lead nowhere, told with a reservation, harm nobody', LIMIT, async () => {
  const registry = new TestRegistry();
  const says = ['/webrtc'];
  const region = await start({ realm: 'ua', registry, says });
  const kyiv = await start({ realm: 'kyiv.ua', registry, ancestors: [region] });
  const lviv = await start({ realm: 'lviv.ua', registry, ancestors: [region] });
  await getSoon(kyiv, lviv);
  const port = Number(/tcp\/(\d+)/.exec(region.addresses[0] ?? '')?.[1]);
  const lost = pathIs(kyiv.links, lviv.realm, 'unreachable');
  await region.stop();
  running.splice(running.indexOf(region), 1);
  await lost;
  // The first answer to a reservation is waited for, later ones come as events.
  await start({ realm: 'ua', registry, key: region.key, port, says });
  const { path } = await getSoon(kyiv, lviv);
  assert.equal(path, 'relayed');
});

test('when the direct connection dies the link goes on relayed', LIMIT, async () => {
  const { kyiv, lviv } = await family(['tcp']);
  await getSoon(kyiv, lviv);
  await pathIs(kyiv.links, lviv.realm, 'direct-tcp');
  kyiv.links.current(lviv.realm)?.connection.abort(new Error('cut'));
  const { connection } = await getSoon(kyiv, lviv);
  assert.equal(connection.status, 'open');
});

test('where only webrtc is allowed the link becomes direct by webrtc, with our own stun', LIMIT, async () => {
  const { kyiv, lviv } = await family(['webrtc'], { webrtc: true });
  await getSoon(kyiv, lviv);
  await Promise.all([pathIs(kyiv.links, lviv.realm, 'direct-webrtc'), pathIs(lviv.links, kyiv.realm, 'direct-webrtc')]);
  assert.equal(kyiv.links.current(lviv.realm)?.path, 'direct-webrtc');
  await Promise.all([answers(kyiv.links, lviv.realm), answers(lviv.links, kyiv.realm)]);
});
