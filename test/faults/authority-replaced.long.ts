// The authority of an enterprise gets another key while people of its branches write to each other. Two branches move, one is away and
// stays under the old key; then the region revokes the old one, and only what stayed is cut. Five real realms with real signing
// processes; openssl is asked at each step.
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { MessageStream } from '@libp2p/interface';
import { awaitColleague } from '../../cli/demo/demo-check.ts';
import type { CertificateRow } from '../../node/admin/cert-api.ts';
import type { Client } from '../../src/client/client.ts';
import { parseCertificate } from '../../src/pki/certificate.ts';
import type { Chain } from '../../src/pki/chain.ts';
import { issueLeaf } from '../../src/pki/issue.ts';
import { type AuthorityKey, generateLeafKey, keyName, localSigner, readAuthorityKeyPem } from '../../src/pki/keys.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { dataDirectory, exists } from '../../src/settings/data-directory.ts';
import { readChain } from '../../src/settings/key-files.ts';
import { canopy } from '../cli/run-cli.ts';
import { until } from '../overlay/hosts.ts';
import { showChain, startHostile, untilCutOff } from './hostile-peer.ts';
import { Openssl } from './openssl.ts';
import { Talk } from './talk.ts';
import { Tree } from './whole-realm.ts';

const LIMIT = { timeout: 240_000 };
/** Connections that began under the old key end with it and are made anew. */
const LONGEST_GAP = 20_000;
const MOVED = ['kyiv.acme.ua', 'lviv.acme.ua'];
const STAYED = 'odesa.acme.ua';
let tree: Tree;
let kyiv: Client;
let lviv: Client;
let openssl: Openssl;
let oldChain: Chain;
let stolen: AuthorityKey;
let talks: Talk[];

before(async () => {
  tree = await Tree.plant();
  openssl = new Openssl(tree.folder);
  await tree.grow(['ua', 'region'], ['acme.ua', 'enterprise']);
  await tree.grow(...[...MOVED, STAYED].map((name) => [name, 'branch'] as const));
  kyiv = await tree.at('kyiv.acme.ua').person('clerk');
  lviv = await tree.at('lviv.acme.ua').person('engineer');
  const signal = AbortSignal.timeout(60_000);
  await awaitColleague(kyiv, 'engineer@lviv.acme.ua', systemClock, signal);
  await awaitColleague(lviv, 'clerk@kyiv.acme.ua', systemClock, signal);
  oldChain = await chainOf('acme.ua');
  stolen = readAuthorityKeyPem(await readFile(dataDirectory(tree.at('acme.ua').dir).authority.key, 'utf8'));
  talks = [new Talk(kyiv, lviv, 'engineer@lviv.acme.ua'), new Talk(lviv, kyiv, 'clerk@kyiv.acme.ua')];
}, LIMIT);

after(async () => {
  for (const talk of talks ?? []) await talk.end();
  for (const client of [kyiv, lviv]) client?.disconnect();
  await tree.fell();
});

/** What the region's relay says to whoever has copied the old key and made itself a certificate with it. */
async function answerToThief(): Promise<string> {
  const { seed, publicKey } = await generateLeafKey();
  const who = { realm: tree.at('acme.ua').realm, tier: 'enterprise', role: 'relay', publicKey } as const;
  const chain = await issueLeaf({ signer: localSigner(stolen), chain: oldChain, now: Date.now(), ...who });
  const heard = Promise.withResolvers<string>();
  const misbehave = async (connection: MessageStream): Promise<void> =>
    heard.resolve(await showChain(connection, chain));
  const host = await startHostile({ seed, misbehave });
  const [address = ''] = tree.at('ua').relay.addresses;
  // However it ends: the answer is what counts.
  untilCutOff(host, address).catch(() => {});
  try {
    return await heard.promise;
  } finally {
    await host.stop();
  }
}

function chainOf(name: string, whose: 'authority' | 'node' | 'relay' = 'authority'): Promise<Chain> {
  return readChain(dataDirectory(tree.at(name).dir)[whose]);
}

function keysOf(chain: Chain): string[] {
  return chain.map((der) => keyName(parseCertificate(der).spki));
}

const isUnder = (chain: Chain, authority: Chain): boolean => keysOf(chain).includes(keysOf(authority)[0] ?? '');

async function command(...words: string[]): Promise<{ [name: string]: unknown }> {
  const { code, stdout, stderr } = await canopy([...words, '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function rows(name: string): Promise<CertificateRow[]> {
  return tree.at(name).certificates.list();
}

async function warnings(name: string): Promise<string> {
  return (await tree.at(name).admin.status()).warnings.join('\n');
}

describe('the authority of an enterprise gets another key', LIMIT, () => {
  const dir = (name: string): string => tree.at(name).dir;

  test('a dry run names the key that goes and the realms that move, and makes nothing', LIMIT, async () => {
    await until(async () => (await rows('acme.ua')).some(({ realm }) => realm === STAYED), 30_000);
    const plan = await command('cert', 'renew', '--new-key', 'authority', '--dry-run', '--dir', dir('acme.ua'));
    assert.deepEqual(plan['moves'], [...MOVED, STAYED]);
    assert.equal(plan['replaces'], parseCertificate(oldChain[0] ?? new Uint8Array()).serial);
    assert.deepEqual(await chainOf('acme.ua'), oldChain);
    const unasked = await canopy(['cert', 'renew', '--new-key', 'authority', '--dir', dir('acme.ua')]);
    assert.equal(unasked.code, 2, 'nobody is there to say yes');
    assert.ok(!(await exists(dataDirectory(dir('acme.ua')).authority.next.key)));
  });

  test('the new one issues at once, the old one stays good, and what is told to move moves', LIMIT, async () => {
    await tree.at(STAYED).stopNode();
    await command('cert', 'renew', '--new-key', 'authority', '--move-now', '--yes', '--dir', dir('acme.ua'));
    const chain = await chainOf('acme.ua');
    assert.notEqual(keysOf(chain)[0], keysOf(oldChain)[0]);
    const { authority } = dataDirectory(dir('acme.ua'));
    for (const path of [authority.key, authority.old.key]) assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.ok(!(await exists(authority.next.key)));
    for (const whose of ['node', 'relay'] as const) assert.ok(isUnder(await chainOf('acme.ua', whose), chain), whose);
    for (const name of MOVED) {
      await until(async () => isUnder(await chainOf(name, 'relay'), chain), 60_000);
      assert.match(await openssl.verify(await chainOf(name, 'node')), /: OK/);
    }
    assert.ok(isUnder(await chainOf(STAYED), oldChain), 'what is away has not moved');
    assert.match(await openssl.verify(await chainOf(STAYED, 'node')), /: OK/);
  });

  test('status, the forecast, doctor and the audit tell the overlap', LIMIT, async () => {
    const own = (await rows('acme.ua')).filter(({ kind, realm }) => kind === 'authority' && realm === 'acme.ua');
    assert.deepEqual(
      own.map(({ state }) => state),
      ['valid', 'replaced'],
    );
    assert.match(await warnings('acme.ua'), /authority of acme\.ua was replaced: the old one/);
    const doctor = await canopy(['doctor', '--dir', dir('acme.ua')]);
    assert.match(doctor.stdout, /old key is not retired/);
    const again = await canopy(['cert', 'renew', '--new-key', 'authority', '--yes', '--dir', dir('acme.ua')]);
    assert.equal(again.code, 6, again.stderr);
    assert.match(again.stderr, /two at most/);
    assert.equal(await answerToThief(), 'ok', 'until it is revoked, a copy of the old key is as good as the key');
  });

  test('each key signs the list of what it has issued, and openssl verifies both', LIMIT, async () => {
    const lists = await tree.at('ua').certificates.lists();
    const chain = await chainOf('acme.ua');
    const { certificates } = await tree
      .at('acme.ua')
      .certificates.plan({ kind: 'realm', realm: tree.at('acme.ua').realm, role: 'relay' });
    const first = certificates.toSorted((a, b) => a.notAfter - b.notAfter)[0];
    assert.ok(first && certificates.length >= 2 && lists.length >= 0);
    await tree.at('acme.ua').certificates.revoke({ kind: 'serial', serial: first.serial }, 'the old leaf of its relay');
    const both = await tree.at('acme.ua').certificates.lists();
    const verdicts = await Promise.all(
      [oldChain, chain].map((authority) =>
        Promise.all(both.map((list) => openssl.verifyList(list, authority.slice(0, 1)))),
      ),
    );
    for (const of of verdicts) assert.equal(of.filter((verdict) => /verify OK/.test(verdict)).length, 1);
  });

  test('the dry run of the revocation above names exactly what stayed', LIMIT, async (t) => {
    await until(() => talks.every(({ came }) => came.size > 10), 30_000);
    await until(async () => (await plan())['realms']?.toString() === STAYED, 60_000);
    // Where a node stands is read from its chain, which may be a moment behind.
    await until(async () => JSON.stringify((await plan())['programs']).split('role').length === 3, 60_000);
    const { certificates, realms, programs } = await plan();
    assert.deepEqual(realms, [STAYED]);
    assert.ok(Array.isArray(certificates) && certificates.length === 1);
    assert.deepEqual(programs, [
      { realm: STAYED, role: 'node' },
      { realm: STAYED, role: 'relay' },
    ]);
    t.diagnostic(JSON.stringify(certificates));
  });

  const plan = () => command('cert', 'revoke', 'acme.ua', '--replaced', '--dry-run', '--dir', dir('ua'));

  test('the old one is revoked: what stayed is cut, the others write on, and nothing is lost', LIMIT, async (t) => {
    const relay = (name: string) =>
      tree
        .at(name)
        .relay.status()
        .links.filter(({ kind }) => kind !== 'unreachable');
    await until(() => relay(STAYED).length > 0, 30_000);
    await command('cert', 'revoke', 'acme.ua', '--replaced', '--yes', '--dir', dir('ua'));
    await until(() => relay(STAYED).length === 0, 60_000);
    const before = talks.map(({ came }) => came.size);
    await until(() => talks.every(({ came }, index) => came.size > (before[index] ?? 0) + 20), 60_000);
    for (const talk of talks) await talk.end();
    await until(() => talks.every(({ sent, came }) => sent.every((id) => came.has(id))), 30_000);
    for (const { gap, sent } of talks) {
      t.diagnostic(`${sent.length} messages, the longest gap ${Math.round(gap)} ms`);
      assert.ok(gap < LONGEST_GAP, `${gap} ms without a message`);
    }
    const links = relay('acme.ua').map(({ realm }) => String(realm));
    for (const name of ['ua', ...MOVED]) assert.ok(links.includes(name), `${name} of ${links}`);
    const lists = await tree.at('ua').certificates.lists();
    const region = [];
    for (const list of lists)
      if (/verify OK/.test(await openssl.verifyList(list, (await chainOf('ua')).slice(0, 1)))) region.push(list);
    assert.match(await openssl.verify(oldChain, region), /certificate revoked/);
    assert.match(await openssl.verify(await chainOf('acme.ua'), region), /: OK/);
  });

  test('the old key is retired by itself and gone, and to bring it back is refused', LIMIT, async () => {
    const { authority } = dataDirectory(dir('acme.ua'));
    await until(async () => !(await exists(authority.old.key)), 30_000);
    assert.deepEqual(
      (await rows('acme.ua')).filter(({ state }) => state === 'replaced'),
      [],
    );
    assert.ok(!/was replaced/.test(await warnings('acme.ua')));
    const nothing = await canopy(['cert', 'retire', '--yes', '--dir', dir('acme.ua')]);
    assert.equal(nothing.code, 6, nothing.stderr);
    const replay = await canopy(['cert', 'revoke', 'acme.ua', '--replaced', '--dry-run', '--dir', dir('ua')]);
    assert.match(replay.stderr, /revoked before/);
    assert.ok(isUnder(await chainOf(STAYED), oldChain), 'it has to join again');
    assert.equal(
      await answerToThief(),
      'cert-revoked',
      'what a thief made with it, which no register knows, is refused',
    );
  });
});
