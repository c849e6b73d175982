// A certificate that is revoked while its holder is connected: by the commands that an operator uses, on real realms. A relay's
// leaf alone, and then a branch that was seized.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { awaitColleague } from '../../cli/demo/demo-check.ts';
import type { Client } from '../../src/client/client.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { canopy } from '../cli/run-cli.ts';
import { until } from '../overlay/hosts.ts';
import { Tree } from './whole-realm.ts';

const LIMIT = { timeout: 120_000 };
const CUT_WITHIN = 60_000;
const LVIV = 'lviv.acme.ua';
const LETTERS = 5;
let tree: Tree;
let kyiv: Client;
let lviv: Client;

before(async () => {
  tree = await Tree.plant();
  await tree.grow(['ua', 'region'], ['acme.ua', 'enterprise'], ['kyiv.acme.ua', 'branch'], [LVIV, 'branch']);
  kyiv = await tree.at('kyiv.acme.ua').person('clerk');
  lviv = await tree.at(LVIV).person('engineer');
  await awaitColleague(kyiv, `engineer@${LVIV}`, systemClock, AbortSignal.timeout(30_000));
}, LIMIT);

after(async () => {
  for (const client of [kyiv, lviv]) client?.disconnect();
  await tree.fell();
});

const dirOf = (name: string): string => tree.at(name).dir;

/** What the node of kyiv says of its way to lviv. */
async function towardsLviv() {
  const { realms } = await tree.at('kyiv.acme.ua').admin.status();
  return realms.find(({ realm }) => realm === LVIV);
}

async function deliver(text: string): Promise<void> {
  const came = Promise.withResolvers<void>();
  const end = lviv.on('message', (message) => message.text === text && came.resolve());
  await kyiv.send({ to: `engineer@${LVIV}`, text });
  await came.promise;
  end();
}

describe('fault 4: a revoked certificate with an open session', LIMIT, () => {
  test(
    'a branch that was seized is cut within a minute, and what is written to it is kept, not sent, not dropped',
    LIMIT,
    async (t) => {
      await deliver('before');
      const plan = await canopy(['realm', 'revoke', 'lviv', '--dry-run', '--json', '--dir', dirOf('acme.ua')]);
      assert.equal(plan.code, 0, plan.stderr);
      const asked = await canopy(['realm', 'revoke', 'lviv', '--dir', dirOf('acme.ua')]);
      assert.equal(asked.code, 2);
      assert.match(asked.stderr, /Add --yes\. Where there is --dry-run/);
      const begun = performance.now();
      const done = await canopy([
        'realm',
        'revoke',
        'lviv',
        '--yes',
        '--json',
        '--reason',
        'stolen',
        '--dir',
        dirOf('acme.ua'),
      ]);
      assert.equal(done.code, 0, done.stderr);
      const [planned, cut] = [JSON.parse(plan.stdout), JSON.parse(done.stdout)];
      for (const part of ['certificates', 'realms', 'programs', 'users']) assert.deepEqual(cut[part], planned[part]);
      assert.deepEqual(cut.realms, [LVIV]);
      assert.equal(cut.users, 1);
      assert.ok(cut.todo.length >= 4);
      await until(async () => (await towardsLviv())?.path === 'unreachable', CUT_WITHIN);
      t.diagnostic(`cut after ${Math.round(performance.now() - begun)} ms`);
      for (let number = 0; number < LETTERS; number++)
        await kyiv.send({ to: `engineer@${LVIV}`, text: `letter ${number}` });
      await until(async () => (await towardsLviv())?.queued === LETTERS, 20_000);
      await until(async () => (await towardsLviv())?.queueState === 'frozen', 20_000);
      await pause(3_000);
      const now = await towardsLviv();
      assert.deepEqual([now?.queued, now?.path], [LETTERS, 'unreachable']);
      assert.match(
        (await tree.at('kyiv.acme.ua').admin.status()).warnings.join('\n'),
        /authority of lviv\.acme\.ua was revoked/,
      );
    },
  );

  test('the same again is a conflict; a realm that another has certified is not ours to revoke', LIMIT, async () => {
    const again = await canopy(['realm', 'revoke', 'lviv', '--yes', '--dir', dirOf('acme.ua')]);
    assert.equal(again.code, 6);
    const deeper = await canopy(['cert', 'revoke', 'kyiv.acme.ua', '--yes', '--dir', dirOf('ua')]);
    assert.equal(deeper.code, 2);
    assert.match(deeper.stderr, /acme\.ua has certified it: run the command there/);
  });

  test('its operator is told, too', LIMIT, async () => {
    const warnings = async (): Promise<string> => (await tree.at(LVIV).admin.status()).warnings.join('\n');
    await until(async () => /was revoked: nobody admits it any more/.test(await warnings()), 20_000);
  });

  test(
    "a relay's leaf that is revoked by its own realm has its node and its neighbours close their doors to it",
    LIMIT,
    async () => {
      const acme = tree.at('acme.ua');
      const done = await canopy(['cert', 'revoke', 'acme.ua', '--role', 'relay', '--yes', '--dir', acme.dir]);
      assert.equal(done.code, 0, done.stderr);
      assert.match(done.stdout, /cut: the relay of acme\.ua/);
      await until(async () => !(await acme.admin.status()).relay.connected, CUT_WITHIN);
      const links = () => tree.at('kyiv.acme.ua').relay.status().links;
      await until(() => links().every(({ realm, kind }) => realm !== 'acme.ua' || kind === 'unreachable'), CUT_WITHIN);
      const rows = await acme.certificates.list();
      assert.equal(rows.find(({ kind }) => kind === 'relay')?.state, 'revoked');
      assert.equal(rows.find(({ kind }) => kind === 'node')?.state, 'valid');
    },
  );

  test('a revoked leaf is not renewed with its key; with a new one its program comes back', LIMIT, async () => {
    const acme = tree.at('acme.ua');
    assert.equal((await canopy(['cert', 'renew', '--dir', acme.dir])).code, 5);
    assert.equal((await canopy(['cert', 'renew', '--new-key', 'relay', '--dir', acme.dir])).code, 0);
    await acme.stop();
    await acme.start();
    await until(async () => (await acme.admin.status()).relay.connected, 20_000);
    const links = () => tree.at('kyiv.acme.ua').relay.status().links;
    await until(() => links().some(({ realm, kind }) => realm === 'acme.ua' && kind !== 'unreachable'), CUT_WITHIN);
  });
});
