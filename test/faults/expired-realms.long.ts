// Realms that were switched off until all their certificates had ended: they are admitted nowhere, and renew themselves at their
// next start, from the enterprise down, through the doors that take strangers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../overlay/hosts.ts';
import { Tree } from './whole-realm.ts';

const LIMIT = { timeout: 150_000 };
const AUTHORITY = 16;
const LEAF = 8;
let tree: Tree;

before(async () => {
  tree = await Tree.plant({ 'testing.lifetimes': `${AUTHORITY},${LEAF}` });
  await tree.grow(['ua', 'region'], ['acme.ua', 'enterprise'], ['kyiv.acme.ua', 'branch']);
}, LIMIT);

after(() => tree.fell());

test('a realm that was off beyond its end comes back by itself, its branch after it', LIMIT, async () => {
  const [acme, kyiv] = [tree.at('acme.ua'), tree.at('kyiv.acme.ua')];
  const end = Math.max(
    ...(await kyiv.certificates.list()).filter(({ realm }) => realm !== 'ua').map((row) => row.notAfter),
  );
  await kyiv.stop();
  await acme.stop();
  await until(() => Date.now() > end + 1_000, (AUTHORITY + 15) * 1_000);
  const { events } = tree.at('ua');
  events.length = 0;
  await acme.startRelay();
  await until(
    () => events.some(({ code, reason }) => code === 'admission-refused' && reason === 'cert-expired'),
    30_000,
  );
  await acme.startNode();
  await until(() => acme.log.some(({ phrase }) => phrase === 'authority renewed'), 40_000);
  await until(async () => (await acme.admin.status()).relay.connected, 20_000);
  await kyiv.start();
  await until(() => kyiv.log.some(({ phrase }) => phrase === 'authority renewed'), 40_000);
  const linked = () =>
    acme.relay.status().links.some(({ realm, kind }) => realm === 'kyiv.acme.ua' && kind !== 'unreachable');
  await until(linked, 40_000);
});

describe('the operator sees it', LIMIT, () => {
  test('canopy cert list shows new certificates that are good', LIMIT, async () => {
    for (const name of ['acme.ua', 'kyiv.acme.ua']) {
      const rows = await tree.at(name).certificates.list();
      const own = rows.filter(({ realm, kind }) => realm === name && ['authority', 'node', 'relay'].includes(kind));
      assert.equal(own.length, 3);
      assert.ok(own.every(({ state }) => state !== 'expired' && state !== 'revoked'));
    }
  });
});
