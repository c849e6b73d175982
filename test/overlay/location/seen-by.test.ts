// What an ancestor's relay says of where it sees the relays that a record names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { seenBy } from '../../../src/overlay/location/locate/over-libp2p.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { startHost, until } from '../hosts.ts';
import { Realms } from '../realms.ts';

test("where another realm's relay stands is not told to who writes its name into a record", {
  timeout: 20_000,
}, async (t) => {
  const ua = new Realms('ua');
  const acme = await startHost(t, await ua.identity('acme.ua', 'relay'));
  const [kyiv, lviv] = await Promise.all(
    ['kyiv.acme.ua', 'lviv.acme.ua'].map(async (realm) => startHost(t, await ua.identity(realm, 'relay'))),
  );
  for (const one of [kyiv, lviv]) await one?.host.libp2p.dial(multiaddr(acme.address));
  await until(() => acme.host.admissions.peers().length === 2);
  const ids = [kyiv, lviv].map((one) => one?.host.libp2p.peerId.toString() ?? '');
  const seen = seenBy(acme.host.internals, acme.host.admissions)(new Set(ids), parseRealmName('kyiv.acme.ua'));
  assert.deepEqual(seen, [{ peerId: ids[0], host: '127.0.0.1' }]);
});
