// Every certificate of a running network of three tiers expires, but for the root's, and nobody notices: each has been renewed
// before, authorities by the tier above, the region's by its offline root through files. People write to each other all the while.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { awaitColleague } from '../../cli/demo/demo-check.ts';
import type { CertificateRow } from '../../node/admin/cert-api.ts';
import type { Client } from '../../src/client/client.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { canopy } from '../cli/run-cli.ts';
import { until } from '../overlay/hosts.ts';
import { shortenRegion } from './short-lives.ts';
import { Talk } from './talk.ts';
import { Tree } from './whole-realm.ts';

const LIMIT = { timeout: 180_000 };
/** Long enough for all realms to join on a busy machine; what they get ends no later. */
const REGION = 60_000;
const AUTHORITY = 40_000;
const LEAF = 12_000;
/** A connection may end with the certificate that it began with; what waits meanwhile is sent over the next one. */
const LONGEST_GAP = 15_000;
const REALMS = ['ua', 'acme.ua', 'kyiv.acme.ua', 'lviv.acme.ua'];
let tree: Tree;
let kyiv: Client;
let lviv: Client;

before(async () => {
  tree = await Tree.plant({ 'testing.lifetimes': `${AUTHORITY / 1000},${LEAF / 1000}` });
  const region = await tree.add('ua', 'region');
  await shortenRegion(region.dir, REGION);
  await region.start();
  await tree.grow(['acme.ua', 'enterprise'], ['kyiv.acme.ua', 'branch'], ['lviv.acme.ua', 'branch']);
  kyiv = await tree.at('kyiv.acme.ua').person('clerk');
  lviv = await tree.at('lviv.acme.ua').person('engineer');
  const signal = AbortSignal.timeout(60_000);
  await awaitColleague(kyiv, 'engineer@lviv.acme.ua', systemClock, signal);
  await awaitColleague(lviv, 'clerk@kyiv.acme.ua', systemClock, signal);
}, LIMIT);

after(async () => {
  for (const client of [kyiv, lviv]) client?.disconnect();
  await tree.fell();
});

async function rows(): Promise<CertificateRow[]> {
  const lists = await Promise.all(REALMS.map((name) => tree.at(name).certificates.list()));
  return lists.flat().filter(({ kind }) => kind !== 'root');
}

async function renewRegionByFiles(): Promise<void> {
  const { dir } = tree.at('ua');
  const [request, reply] = [join(tree.folder, 'ua.req'), join(tree.folder, 'ua.reply')];
  assert.equal((await canopy(['cert', 'renew', '--request', request, '--dir', dir])).code, 0);
  const signed = await canopy(['cert', 'sign', request, '--root', join(dir, 'root'), '--json']);
  assert.equal(signed.code, 0, signed.stderr);
  await writeFile(reply, Buffer.from(JSON.parse(signed.stdout).reply, 'base64'));
  assert.equal((await canopy(['cert', 'renew', '--reply', reply, '--dir', dir])).code, 0);
}

describe('all certificates of a running network expire', LIMIT, () => {
  test('everything has renewed itself, and not one message is lost, doubled or held up for long', LIMIT, async (t) => {
    const first = await rows();
    const end = Math.max(...first.map(({ notAfter }) => notAfter));
    assert.ok(first.length >= 11 && end < Date.now() + REGION, `${first.length} certificates until ${end}`);
    const talks = [new Talk(kyiv, lviv, 'engineer@lviv.acme.ua'), new Talk(lviv, kyiv, 'clerk@kyiv.acme.ua')];
    await renewRegionByFiles();
    await until(() => Date.now() > end + 2_000, REGION + 10_000);
    for (const talk of talks) await talk.end();
    await until(() => talks.every(({ sent, came }) => sent.every((id) => came.has(id))), 20_000);
    const serials = new Set(first.map(({ serial }) => serial));
    const now = await rows();
    for (const { kind, realm, serial, state } of now) {
      assert.ok(!serials.has(serial), `the ${kind} of ${realm} is the first one`);
      assert.notEqual(state, 'expired', `the ${kind} of ${realm} is over`);
    }
    for (const { gap, sent } of talks) {
      t.diagnostic(`${sent.length} messages, the longest gap ${Math.round(gap)} ms`);
      assert.ok(gap < LONGEST_GAP, `${gap} ms without a message`);
    }
    for (const name of REALMS) {
      assert.ok(
        tree.at(name).log.some(({ phrase }) => phrase === 'certificate renewed'),
        `${name} tells its log`,
      );
    }
  });
});
