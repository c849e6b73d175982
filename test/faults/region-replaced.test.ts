// The authority of a region gets another key from its offline root, by files; then the root revokes the old one. Three real realms:
// one branch right below the region moves at once, the enterprise stays and is cut.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseCertificate } from '../../src/pki/certificate.ts';
import type { Chain } from '../../src/pki/chain.ts';
import { keyName } from '../../src/pki/keys.ts';
import { readPem } from '../../src/pki/pem.ts';
import { dataDirectory, exists } from '../../src/settings/data-directory.ts';
import { readChain } from '../../src/settings/key-files.ts';
import { canopy } from '../cli/run-cli.ts';
import { until } from '../overlay/hosts.ts';
import { Openssl } from './openssl.ts';
import { Tree } from './whole-realm.ts';

const LIMIT = { timeout: 180_000 };
let tree: Tree;
let openssl: Openssl;
let oldChain: Chain;

before(async () => {
  tree = await Tree.plant();
  openssl = new Openssl(tree.folder);
  await tree.grow(['ua', 'region'], ['odesa.ua', 'branch'], ['acme.ua', 'enterprise']);
  oldChain = await chainOf('ua');
}, LIMIT);

after(() => tree.fell());

const dir = (name: string): string => tree.at(name).dir;
const chainOf = (name: string): Promise<Chain> => readChain(dataDirectory(dir(name)).authority);
const serialOf = ([own]: Chain): string => parseCertificate(own ?? new Uint8Array()).serial;
const keyOf = ([own]: Chain): string => keyName(parseCertificate(own ?? new Uint8Array()).spki);
const linked = (name: string): string[] =>
  tree
    .at(name)
    .relay.status()
    .links.flatMap(({ kind, realm }) => (kind === 'unreachable' ? [] : [String(realm)]));

async function done(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await canopy(words);
  assert.equal(code, 0, stderr);
  return stdout;
}

describe('the authority of a region gets another key', LIMIT, () => {
  const file = (name: string): string => join(tree.folder, name);

  test('the request goes to the root and its answer back by files; the old key stays', LIMIT, async () => {
    const over = await canopy(['cert', 'renew', '--new-key', 'authority', '--yes', '--dir', dir('ua')]);
    assert.match(over.stderr, /renewed by its offline root/);
    await tree.at('acme.ua').stopNode();
    await done('cert', 'renew', '--new-key', 'authority', '--request', file('ua.req'), '--yes', '--dir', dir('ua'));
    assert.deepEqual(await chainOf('ua'), oldChain, 'nothing has changed yet');
    const signed = await done('cert', 'sign', file('ua.req'), '--root', join(dir('ua'), 'root'), '--json');
    await writeFile(file('ua.reply'), Buffer.from(JSON.parse(signed).reply, 'base64'));
    await done('cert', 'renew', '--reply', file('ua.reply'), '--move-now', '--dir', dir('ua'));
    const chain = await chainOf('ua');
    assert.notEqual(keyOf(chain), keyOf(oldChain));
    for (const one of [chain, oldChain]) assert.match(await openssl.verify(one), /: OK/);
    await until(async () => keyOf((await chainOf('odesa.ua')).slice(1)) === keyOf(chain), 60_000);
    assert.equal(keyOf((await chainOf('acme.ua')).slice(1)), keyOf(oldChain));
  });

  test('a retirement would cut exactly what has not moved', LIMIT, async () => {
    const programs = async (): Promise<string[]> =>
      (await tree.at('ua').certificates.planRetirement()).programs.map(({ realm, role }) => `${role} ${realm}`);
    await until(async () => (await programs()).join() === 'node acme.ua,relay acme.ua', 60_000);
    assert.deepEqual((await tree.at('ua').certificates.planRetirement()).realms, ['acme.ua']);
  });

  test('the root revokes the old key by a list, which openssl verifies, and never the one in use', LIMIT, async () => {
    const root = join(dir('ua'), 'root');
    const wrong = await done('cert', 'sign', '--revoke', serialOf(await chainOf('ua')), '--root', root);
    await writeFile(file('wrong.crl'), wrong);
    const refused = await canopy(['cert', 'retire', '--list', file('wrong.crl'), '--yes', '--dir', dir('ua')]);
    assert.match(refused.stderr, /which is in use/);
    assert.notEqual(refused.code, 0);
  });

  test('taken by the region, the list cuts what stayed, and the old key is gone', LIMIT, async () => {
    const root = join(dir('ua'), 'root');
    // Else every later list would hold what was signed by mistake.
    await rm(join(root, 'lists.pem'));
    const list = await done('cert', 'sign', '--revoke', serialOf(oldChain), '--root', root);
    await writeFile(file('root.crl'), list);
    await until(() => linked('ua').includes('acme.ua') && linked('ua').includes('odesa.ua'), 60_000);
    await done('cert', 'retire', '--list', file('root.crl'), '--yes', '--dir', dir('ua'));
    const lists = readPem('X509 CRL', list);
    assert.match(await openssl.verify(oldChain, lists), /certificate revoked/);
    assert.match(await openssl.verify(await chainOf('ua'), lists), /: OK/);
    await until(() => !linked('ua').includes('acme.ua'), 60_000);
    assert.ok(!(await exists(dataDirectory(dir('ua')).authority.old.key)));
    await until(() => linked('ua').includes('odesa.ua') && linked('odesa.ua').includes('ua'), 60_000);
    const again = await canopy(['cert', 'sign', '--revoke', serialOf(oldChain), '--root', root]);
    assert.equal(again.code, 6, again.stderr);
  });
});
