// Fault case 8: two live programs with one key. Real hosts on loopback; the copies have the same key and certificate.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import type { TwinEvent } from '../../src/overlay/admission/twins.ts';
import { EMPTY_CHARTER } from '../../src/overlay/charter.ts';
import type { Host } from '../../src/overlay/host.ts';
import { startHost, until } from './hosts.ts';
import { Realms } from './realms.ts';

const LIMIT = { timeout: 30_000 };
const realms = new Realms('ua');

function watch(host: Host): string[] {
  const seen: string[] = [];
  host.onTwin(({ we, role, realm }: TwinEvent) => seen.push(`${we} ${role} ${realm}`));
  return seen;
}

const dial = (from: Host, to: string) => from.libp2p.dial(multiaddr(to), { signal: AbortSignal.timeout(10_000) });

test('the copy of a node is refused at the relay while the original lives, and all three know', LIMIT, async (t) => {
  const relay = await startHost(t, await realms.identity('kyiv.acme.ua', 'relay'));
  const identity = await realms.identity('kyiv.acme.ua', 'node');
  const allowed = { mayDial: () => true };
  const original = await startHost(t, identity, allowed);
  const copy = await startHost(t, identity, allowed);
  const seen = [relay, original, copy].map(({ host }) => watch(host));
  await dial(original.host, relay.address);
  await assert.rejects(dial(copy.host, relay.address));
  assert.deepEqual(seen, [['other node kyiv.acme.ua'], ['elder node kyiv.acme.ua'], ['newcomer node kyiv.acme.ua']]);
  assert.equal(original.host.libp2p.getConnections().length, 1);
  assert.ok(relay.events.some(({ code, reason }) => code === 'twin-detected' && reason === 'other'));
  assert.ok(relay.events.some(({ code, reason }) => code === 'admission-refused' && reason === 'twin-alive'));
});

test('a node does not believe it of a relay whose certificate was revoked', LIMIT, async (t) => {
  const relay = await startHost(t, await realms.identity('kyiv.acme.ua', 'relay'));
  const identity = await realms.identity('kyiv.acme.ua', 'node');
  const original = await startHost(t, identity, { mayDial: () => true });
  await dial(original.host, relay.address);
  const [known] = original.host.admissions.peers();
  const charter = { ...EMPTY_CHARTER, isRevoked: (serial: string) => serial === known?.leaf.serial };
  const copy = await startHost(t, identity, { mayDial: () => true, charter });
  const seen = watch(copy.host);
  await assert.rejects(dial(copy.host, relay.address));
  assert.deepEqual(seen, []);
  assert.deepEqual(
    copy.events.map(({ code, reason }) => `${code} ${reason}`),
    ['twin-unproved cert-revoked'],
  );
});

test('the copy of a relay is refused by the relays above while the original lives', LIMIT, async (t) => {
  const above = await startHost(t, await realms.identity('acme.ua', 'relay'));
  const identity = await realms.identity('kyiv.acme.ua', 'relay');
  const original = await startHost(t, identity);
  const copy = await startHost(t, identity);
  const seen = [above, original, copy].map(({ host }) => watch(host));
  await dial(original.host, above.address);
  await assert.rejects(dial(copy.host, above.address));
  assert.deepEqual(
    seen.map(([first]) => first),
    ['other relay kyiv.acme.ua', 'elder relay kyiv.acme.ua', 'newcomer relay kyiv.acme.ua'],
  );
});

test('a program that was started again takes the place of the one that died', LIMIT, async (t) => {
  const relay = await startHost(t, await realms.identity('kyiv.acme.ua', 'relay'));
  const identity = await realms.identity('kyiv.acme.ua', 'node');
  const before = await startHost(t, identity, { mayDial: () => true });
  await dial(before.host, relay.address);
  await before.host.stop();
  const after = await startHost(t, identity, { mayDial: () => true });
  const seen = watch(after.host);
  await dial(after.host, relay.address);
  assert.deepEqual(seen, []);
  await until(() => relay.host.admissions.peers()[0]?.instance === after.host.instance);
});
