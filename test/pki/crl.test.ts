// Revocation lists: what openssl says of them, what is refused, and what the union of all of them remembers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { checkAuthorities } from '../../src/pki/authority-path.ts';
import { parseCertificate } from '../../src/pki/certificate.ts';
import { type Chain, validateLeaf } from '../../src/pki/chain.ts';
import { createCrl, MAX_CRL, MAX_REVOKED, type RevokedCertificate, readCrl } from '../../src/pki/crl.ts';
import { issueAuthority } from '../../src/pki/issue.ts';
import { type AuthorityKey, generateAuthorityKey, keyName, localSigner } from '../../src/pki/keys.ts';
import { writePem } from '../../src/pki/pem.ts';
import { decodeSignedCrl, encodeSignedCrl, Revocations, serialsOf } from '../../src/pki/revocations.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { createFamily, type Family } from './family.ts';

const run = promisify(execFile);
const NOW = Math.floor(Date.now() / 1000) * 1000;
const DAY = 24 * 60 * 60 * 1000;
let family: Family;
let folder: string;

before(async () => {
  family = await createFamily(NOW);
  folder = await mkdtemp(join(tmpdir(), 'canopy-crl-'));
});

after(() => rm(folder, { recursive: true, force: true }));

function authorityOf(chain: Chain) {
  const [own] = checkAuthorities(chain);
  assert.ok(own);
  return own;
}

function listOf(chain: Chain, key: AuthorityKey, serials: readonly string[], number = 1): Promise<Uint8Array> {
  const revoked = serials.map((serial): RevokedCertificate => ({ serial, at: NOW }));
  const crl = { number, thisUpdate: NOW, nextUpdate: NOW + DAY, revoked };
  return createCrl(crl, authorityOf(chain), localSigner(key));
}

const serialOf = (chain: Chain): string => parseCertificate(chain[0] ?? new Uint8Array()).serial;

async function file(name: string, pem: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, pem);
  return path;
}

/** The verdict of `openssl verify -crl_check_all` on the node's leaf. */
async function verdict(lists: readonly Uint8Array[]): Promise<string> {
  const [leaf, ...above] = family.node;
  const root = await file('root.pem', writePem('CERTIFICATE', above.slice(-1)));
  const middle = await file('middle.pem', writePem('CERTIFICATE', above.slice(0, -1)));
  const crls = await file('crls.pem', writePem('X509 CRL', lists));
  const own = await file('leaf.pem', writePem('CERTIFICATE', leaf ? [leaf] : []));
  const words = ['-CAfile', root, '-untrusted', middle, '-CRLfile', crls, '-crl_check_all', own];
  return run('openssl', ['verify', ...words]).then(
    ({ stdout }) => stdout,
    (error: { stderr: string }) => error.stderr,
  );
}

async function allLists(revoked: Partial<Record<keyof Family['keys'], string[]>>): Promise<Uint8Array[]> {
  const { keys, region, enterprise, branch } = family;
  const chains = { root: region.slice(-1), region, enterprise, branch };
  const tiers = ['root', 'region', 'enterprise', 'branch'] as const;
  return Promise.all(tiers.map((tier) => listOf(chains[tier], keys[tier], revoked[tier] ?? [])));
}

describe('a revocation list', { timeout: 60_000 }, () => {
  test('openssl verifies its signature and reads its serials', async () => {
    const path = await file(
      'one.pem',
      writePem('X509 CRL', [await listOf(family.branch, family.keys.branch, ['4a01', '81ff'])]),
    );
    const ca = await file('ca.pem', writePem('CERTIFICATE', family.branch));
    const { stdout, stderr } = await run('openssl', ['crl', '-in', path, '-CAfile', ca, '-verify', '-noout', '-text']);
    assert.match(stderr, /verify OK/);
    assert.match(stdout, /Serial Number: 4A01[\s\S]*Serial Number: 81FF/);
    assert.match(stdout, /X509v3 CRL Number:\s+1\b/);
  });

  test('openssl refuses a leaf that was revoked, and one below a revoked authority, and takes one that was not', async () => {
    assert.match(await verdict(await allLists({})), /leaf\.pem: OK/);
    assert.match(await verdict(await allLists({ branch: [serialOf(family.node)] })), /certificate revoked/);
    assert.match(await verdict(await allLists({ region: [serialOf(family.enterprise)] })), /certificate revoked/);
  });

  test('is read back as it was written, times after 2049 and large numbers too', async () => {
    const serial = fc.uint8Array({ minLength: 1, maxLength: 16 }).filter(([first = 0]) => first > 0);
    const time = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000);
    const entry = fc.record(
      { serial: serial.map((bytes) => Buffer.from(bytes).toString('hex')), at: time },
      { noNullPrototype: true },
    );
    const own = authorityOf(family.branch);
    const property = fc.asyncProperty(
      fc.array(entry, { maxLength: 20 }),
      fc.nat(2 ** 31 - 1),
      async (revoked, number) => {
        const crl = { number, thisUpdate: NOW, nextUpdate: NOW + DAY, revoked };
        assert.deepEqual(readCrl(await createCrl(crl, own, localSigner(family.keys.branch)), own), crl);
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  test('holds as many as fit and no more', async () => {
    const serials = Array.from({ length: MAX_REVOKED }, (_, index) => (2 ** 40 + index).toString(16).padStart(32, '7'));
    assert.ok((await listOf(family.branch, family.keys.branch, serials)).length <= MAX_CRL);
    await assert.rejects(listOf(family.branch, family.keys.branch, [...serials, '01']), { code: 'crl-full' });
  });

  test('is refused truncated, altered, by another authority, or signed by another key', async () => {
    const der = await listOf(family.branch, family.keys.branch, ['4a01']);
    const own = authorityOf(family.branch);
    for (let length = 0; length < der.length; length++) {
      assert.throws(
        () => readCrl(der.subarray(0, length), own),
        (error) => codeOf(error).startsWith('crl-'),
      );
    }
    const altered = der.slice();
    const at = Buffer.from(altered).indexOf(Buffer.from('4a01', 'hex'));
    altered[at] = 0x4b;
    assert.throws(() => readCrl(altered, own), { code: 'crl-bad-signature' });
    assert.throws(() => readCrl(der, authorityOf(family.enterprise)), { code: 'crl-not-issued' });
    const forged = await createCrl(
      { number: 1, thisUpdate: NOW, nextUpdate: NOW, revoked: [] },
      own,
      localSigner(family.keys.region),
    );
    assert.throws(() => readCrl(forged, own), { code: 'crl-bad-signature' });
  });
});

describe('the union of revocation lists', { timeout: 60_000 }, () => {
  async function signed(tier: 'region' | 'enterprise' | 'branch', serials: readonly string[], number = 1) {
    return encodeSignedCrl({
      crl: await listOf(family[tier], family.keys[tier], serials, number),
      chain: family[tier],
    });
  }

  test('remembers what a later list leaves out, and gives on the newest of each authority', async () => {
    const union = new Revocations(family.rootFingerprint);
    const [first, second] = [await signed('branch', ['4a01'], 1), await signed('branch', ['4a02'], 2)];
    assert.equal(union.take(second)?.number, 2);
    assert.equal(union.take(first)?.issuer, family.kyiv);
    assert.equal(union.take(first), undefined);
    assert.deepEqual(
      ['4a01', '4a02', '4a03'].map((serial) => union.isRevoked(serial, keyName(family.keys.branch.spki))),
      [true, true, false],
    );
    assert.equal(union.isRevoked('4a01', keyName(family.keys.enterprise.spki)), false);
    assert.equal(union.revokedAt('4a01', keyName(family.keys.branch.spki)), NOW);
    assert.deepEqual(union.newest(), [second]);
  });

  test('makes validation refuse the whole subtree of a revoked authority', async () => {
    const union = new Revocations(family.rootFingerprint);
    union.take(await signed('region', [serialOf(family.enterprise)]));
    const trust = { rootFingerprint: family.rootFingerprint, now: NOW + 1 };
    await validateLeaf(family.node, trust);
    await assert.rejects(
      validateLeaf(family.node, { ...trust, isRevoked: (serial, issuer) => union.isRevoked(serial, issuer) }),
      { code: 'cert-revoked' },
    );
    assert.ok(serialsOf(family.node.slice(1)).some(({ serial, issuer }) => union.isRevoked(serial, issuer)));
  });

  test('takes no list of a revoked authority, of another root, or in the name of another realm', async () => {
    const union = new Revocations(family.rootFingerprint);
    const own = await signed('enterprise', ['4a01']);
    assert.throws(() => union.take(own, family.kyiv), { code: 'crl-not-issued' });
    union.take(await signed('region', [serialOf(family.enterprise)]));
    assert.throws(() => union.take(own), { code: 'cert-revoked' });
    const elsewhere = new Revocations('0'.repeat(64));
    assert.throws(() => elsewhere.take(own), { code: 'cert-unknown-root' });
  });

  test('of two authorities of one realm neither revokes what the other has certified', async () => {
    const { keys, region, acme, kyiv, rootFingerprint } = family;
    const next = await generateAuthorityKey();
    const by = { signer: localSigner(keys.region), chain: region, now: NOW };
    const renewed = await issueAuthority({ ...by, realm: acme, tier: 'enterprise', publicKey: next.spki });
    const below = { signer: localSigner(next), chain: renewed, now: NOW };
    const moved = await issueAuthority({ ...below, realm: kyiv, tier: 'branch', publicKey: keys.branch.spki });
    const union = new Revocations(rootFingerprint);
    const stolen = [serialOf(moved), serialOf(family.branch)];
    const list = await listOf(family.enterprise, keys.enterprise, stolen);
    union.take(encodeSignedCrl({ crl: list, chain: family.enterprise }), acme);
    const isCut = (chain: Chain): boolean =>
      serialsOf(chain).some(({ serial, issuer }) => union.isRevoked(serial, issuer));
    assert.deepEqual([isCut(family.branch), isCut(moved)], [true, false]);
    const own = await listOf(renewed, next, [serialOf(moved)]);
    union.take(encodeSignedCrl({ crl: own, chain: renewed }), acme);
    assert.equal(isCut(moved), true);
    assert.equal(union.newest().length, 2, 'both lists are handed on');
    assert.deepEqual(union.proofOf(serialOf(moved), keyName(next.spki)), union.newest()[1]);
  });

  test('a list by the one key in the name of the other is refused, as openssl does', async () => {
    const { keys, region, acme } = family;
    const next = await generateAuthorityKey();
    const by = { signer: localSigner(keys.region), chain: region, now: NOW };
    const renewed = await issueAuthority({ ...by, realm: acme, tier: 'enterprise', publicKey: next.spki });
    // The new key's name for itself, signed by the old key.
    const forged = await listOf(renewed, keys.enterprise, ['4a01']);
    assert.throws(() => readCrl(forged, authorityOf(renewed)), { code: 'crl-bad-signature' });
    assert.throws(() => readCrl(forged, authorityOf(family.enterprise)), { code: 'crl-not-issued' });
    const crl = await file('forged.pem', writePem('X509 CRL', [forged]));
    const middle = await file('middle.pem', writePem('CERTIFICATE', family.enterprise.slice(0, -1)));
    const root = await file('root.pem', writePem('CERTIFICATE', family.branch.slice(-1)));
    const own = await file('own.pem', writePem('CERTIFICATE', family.branch.slice(0, 1)));
    const words = ['-CAfile', root, '-untrusted', middle, '-CRLfile', crl, '-crl_check', own];
    await assert.rejects(run('openssl', ['verify', ...words]), /unable to get certificate CRL|CRL signature failure/);
  });

  test('a newer list of the same content counts: its authority has another chain', async () => {
    const union = new Revocations(family.rootFingerprint);
    union.take(await signed('branch', ['4a01'], 1));
    const { keys, region, acme, kyiv } = family;
    const next = await generateAuthorityKey();
    const by = { signer: localSigner(keys.region), chain: region, now: NOW };
    const renewed = await issueAuthority({ ...by, realm: acme, tier: 'enterprise', publicKey: next.spki });
    const below = { signer: localSigner(next), chain: renewed, now: NOW };
    const moved = await issueAuthority({ ...below, realm: kyiv, tier: 'branch', publicKey: keys.branch.spki });
    const again = encodeSignedCrl({ crl: await listOf(moved, keys.branch, ['4a01'], 2), chain: moved });
    assert.equal(union.take(again)?.number, 2);
    assert.deepEqual(union.newestChainOf(kyiv), moved);
    assert.equal(union.take(again), undefined);
    union.take(await signed('region', [serialOf(family.enterprise)]));
    assert.ok(union.isRevoked('4a01', keyName(keys.branch.spki)), 'what it revoked under the old chain stays revoked');
  });

  test('its form is refused truncated and with anything else in it', async () => {
    const bytes = await signed('branch', ['4a01']);
    assert.deepEqual(encodeSignedCrl(decodeSignedCrl(bytes)), bytes);
    for (let length = 0; length < bytes.length; length += 7) {
      assert.throws(
        () => decodeSignedCrl(bytes.subarray(0, length)),
        (error) => codeOf(error) !== 'internal',
      );
    }
  });
});
