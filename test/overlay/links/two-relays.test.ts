// Realms with two relays, on loopback: how they find each other, and what happens when one of them dies (fault case 21).
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RealmName } from '../../../src/realm/names.ts';
import { loudLog, type RelayHost, type RelayHostInit, startRelay, TestRegistry } from './relay-host.ts';

const LIMIT = { timeout: 60_000 };
const running: RelayHost[] = [];

async function start(init: RelayHostInit): Promise<RelayHost> {
  const host = await startRelay({ ...init, ...(process.env['LOUD'] ? { log: loudLog(init.realm) } : {}) });
  running.push(host);
  return host;
}

async function stop(host: RelayHost): Promise<void> {
  running.splice(running.indexOf(host), 1);
  await host.stop();
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((host) => host.stop()));
});

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !isTrue(); waited += 50) {
    assert.ok(waited < 20_000, `never: ${what}`);
    await delay(50);
  }
}

const peersOf = (from: RelayHost, realm: RealmName): string[] =>
  from.links.ways(realm).map(({ connection }) => connection.remotePeer.toString());

const signal = () => AbortSignal.timeout(20_000);

/** A region of two relays, of which the second knows the first; a branch that was told of the first alone. */
async function region() {
  const registry = new TestRegistry();
  const first = await start({ realm: 'ua', registry });
  const second = await start({ realm: 'ua', registry, fellows: first.addresses });
  await until(() => peersOf(first, first.realm).includes(second.peerId), 'the two relays of the region meet');
  return { registry, first, second };
}

test('a branch that was told of one relay of its region finds the other', LIMIT, async () => {
  const { registry, first, second } = await region();
  const kyiv = await start({ realm: 'kyiv.ua', registry, ancestors: [first] });
  await until(() => peersOf(kyiv, first.realm).length === 2, 'both relays of the region are reached');
  assert.ok(peersOf(kyiv, first.realm).includes(second.peerId));
});

test('when one relay of the region dies, its other carries circuits and says where branches are', LIMIT, async () => {
  const { registry, first, second } = await region();
  const kyiv = await start({ realm: 'kyiv.ua', registry, ancestors: [first] });
  const lviv = await start({ realm: 'lviv.ua', registry, ancestors: [first] });
  for (const branch of [kyiv, lviv])
    await until(() => peersOf(branch, first.realm).includes(second.peerId), 'the other relay is reached');
  await stop(first);
  const { path, via, connection } = await kyiv.links.get(lviv.realm, signal());
  assert.deepEqual([path, via, connection.remotePeer.toString()], ['relayed', second.realm, lviv.peerId]);
});

test('a link is kept to each relay of a branch, and the other one is taken when one dies', LIMIT, async () => {
  const registry = new TestRegistry();
  const ua = await start({ realm: 'ua', registry });
  const kyiv = await start({ realm: 'kyiv.ua', registry, ancestors: [ua] });
  const one = await start({ realm: 'lviv.ua', registry, ancestors: [ua] });
  const other = await start({ realm: 'lviv.ua', registry, ancestors: [ua] });
  kyiv.links.keep([one.realm]);
  for (const relay of [one, other]) relay.links.keep([kyiv.realm]);
  await until(() => peersOf(kyiv, one.realm).length === 2, 'both relays of the branch are reached');
  const [used] = peersOf(kyiv, one.realm);
  const [dying, left] = used === one.peerId ? [one, other] : [other, one];
  await stop(dying);
  await until(() => peersOf(kyiv, one.realm).length === 1, 'the loss is seen');
  const { connection } = await kyiv.links.get(one.realm, signal());
  assert.equal(connection.remotePeer.toString(), left.peerId);
  assert.notEqual(kyiv.links.reports().find(({ realm }) => realm === one.realm)?.kind, 'unreachable');
});

test('a branch that was told of the later relay finds the earlier one', LIMIT, async () => {
  const { registry, first, second } = await region();
  const kyiv = await start({ realm: 'kyiv.ua', registry, ancestors: [second] });
  await until(() => peersOf(kyiv, first.realm).length === 2, 'both relays of the region are reached');
  assert.ok(peersOf(kyiv, first.realm).includes(first.peerId));
});
