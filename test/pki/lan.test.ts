// TLS of the LAN: what its authority may vouch for, and which certificates of a company can serve.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { rangeBytes } from '../../src/pki/address-range.ts';
import { createLanKeys, type LanFiles } from '../../src/pki/bootstrap.ts';
import { generateAuthorityKey, localSigner, readAuthorityKeyPem } from '../../src/pki/keys.ts';
import { issueLanLeaf } from '../../src/pki/lan.ts';
import { checkLanCertificate } from '../../src/pki/lan-check.ts';
import { readPem, writePem } from '../../src/pki/pem.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const NOW = Date.now();
const DAY = 24 * 60 * 60 * 1000;
const realm = parseRealmName('kyiv.acme.ua');
const scope = { zones: ['acme.lan'], ranges: ['10.1.0.0/16', 'fd00:12::/32'] };
const hosts = ['chat.acme.lan', '10.1.2.3', 'fd00:12::1', 'fd00:12::192.0.2.1'];
const directory = mkdtempSync(join(tmpdir(), 'canopy-lan-'));
let files: LanFiles;

before(async () => {
  files = await createLanKeys({ realm, now: NOW, lan: { scope, hosts } });
});
after(() => rmSync(directory, { recursive: true, force: true }));

function openssl(options: readonly string[], chainPem = files.chainPem): number | null {
  const [authority, server] = [join(directory, 'authority.pem'), join(directory, 'server.pem')];
  writeFileSync(authority, files.authorityPem);
  writeFileSync(server, chainPem);
  return spawnSync('openssl', [
    'verify',
    '-x509_strict',
    '-purpose',
    'sslserver',
    ...options,
    '-CAfile',
    authority,
    server,
  ]).status;
}

const code = (check: () => unknown): string => {
  try {
    check();
    return 'ok';
  } catch (error) {
    return codeOf(error);
  }
};

describe('the LAN authority', { timeout: 60_000 }, () => {
  test('vouches for the hosts of its LAN, for openssl too', (t) => {
    assert.deepEqual(checkLanCertificate({ ...files, hosts, now: NOW }).uncovered, []);
    const status = openssl(['-verify_hostname', 'chat.acme.lan']);
    if (status === null) return t.skip('no openssl on this machine');
    assert.equal(status, 0);
    assert.equal(openssl(['-verify_ip', '10.1.2.3']), 0);
    assert.equal(openssl(['-verify_ip', 'fd00:12::c000:201']), 0);
    assert.notEqual(openssl(['-verify_hostname', 'www.example.com']), 0);
  });

  test('gives no leaf for a host outside, and openssl would not take one', async (t) => {
    const signer = localSigner(readAuthorityKeyPem(files.authorityKeyPem));
    const [authority = new Uint8Array()] = readPem('CERTIFICATE', files.authorityPem);
    const leaf = { realm, authority, signer, publicKey: (await generateAuthorityKey()).spki, now: NOW };
    for (const host of ['www.example.com', 'notacme.lan', '10.2.0.1', '::1']) {
      await assert.rejects(
        issueLanLeaf({ ...leaf, scope, hosts: [host] }),
        (error) => codeOf(error) === 'lan-host-outside',
      );
    }
    const everywhere = { zones: ['example.com'], ranges: ['10.2.0.0/16'] };
    for (const host of ['www.example.com', '10.2.0.1']) {
      const forged = await issueLanLeaf({ ...leaf, scope: everywhere, hosts: [host] });
      const status = openssl([], writePem('CERTIFICATE', [forged]));
      if (status === null) return t.skip('no openssl on this machine');
      assert.notEqual(status, 0, host);
    }
  });

  test('gives leaves of 397 days at most', () => {
    const { notAfter } = checkLanCertificate({ ...files, hosts, now: NOW });
    assert.ok(notAfter - NOW <= 397 * DAY && notAfter - NOW > 396 * DAY);
  });

  test('without zones or without ranges vouches for none of them', async (t) => {
    const only = await createLanKeys({
      realm,
      now: NOW,
      lan: { scope: { zones: [], ranges: ['10.0.0.0/8'] }, hosts: ['10.0.0.1'] },
    });
    const shown = spawnSync('openssl', ['x509', '-noout', '-ext', 'nameConstraints'], {
      input: only.authorityPem,
      encoding: 'utf8',
    });
    if (shown.error) return t.skip('no openssl on this machine');
    assert.match(shown.stdout, /critical[\s\S]*Permitted:\s+IP:10\.0\.0\.0\/255\.0\.0\.0\s+Excluded:\s+DNS:/);
  });
});

describe('ranges of addresses', () => {
  test('become address and mask', () => {
    assert.deepEqual([...rangeBytes('10.1.2.3/20')], [10, 1, 0, 0, 255, 255, 240, 0]);
    assert.deepEqual([...rangeBytes('0.0.0.0/0')], [0, 0, 0, 0, 0, 0, 0, 0]);
    assert.equal(
      Buffer.from(rangeBytes('fd00:12::7/33')).toString('hex'),
      `fd000012${'00'.repeat(12)}ffffffff80${'00'.repeat(11)}`,
    );
  });

  test('that are none are refused', () => {
    for (const text of [
      '',
      '10.0.0.0',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0/8',
      '::1/129',
      'host/8',
      '10.0.0.0/8/8',
      'fe80::1%eth0/64',
    ]) {
      assert.equal(
        code(() => rangeBytes(text)),
        text.includes('%') ? 'bad-address' : 'bad-range',
        text,
      );
    }
  });
});

describe('a certificate for the LAN', { timeout: 60_000 }, () => {
  const check = (change: Partial<Parameters<typeof checkLanCertificate>[0]>) =>
    code(() => checkLanCertificate({ ...files, hosts, now: NOW, ...change }));

  test('is checked for its dates', () => {
    assert.equal(check({ now: NOW - DAY }), 'lan-cert-not-yet-valid');
    assert.equal(check({ now: NOW + 400 * DAY }), 'lan-cert-expired');
  });

  test('is checked for its key', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    assert.equal(check({ keyPem: String(privateKey.export({ format: 'pem', type: 'pkcs8' })) }), 'lan-cert-key');
    assert.equal(check({ keyPem: 'no key' }), 'lan-cert-key');
  });

  test('is checked for its hosts', () => {
    assert.equal(check({ hosts: ['other.lan'] }), 'lan-cert-host');
    assert.deepEqual(checkLanCertificate({ ...files, hosts: ['chat.acme.lan', 'other.lan'], now: NOW }).uncovered, [
      'other.lan',
    ]);
    assert.equal(check({ hosts: [] }), 'ok');
  });

  test('is checked for its form, its issuers and its use', async () => {
    assert.equal(check({ chainPem: '' }), 'lan-cert-unreadable');
    assert.equal(
      check({ chainPem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }),
      'lan-cert-unreadable',
    );
    const other = await createLanKeys({ realm, now: NOW, lan: { scope, hosts } });
    const [leaf = new Uint8Array()] = readPem('CERTIFICATE', files.chainPem);
    assert.equal(check({ chainPem: writePem('CERTIFICATE', [leaf]) + other.authorityPem }), 'lan-cert-chain');
    assert.equal(check({ chainPem: files.authorityPem, keyPem: files.authorityKeyPem }), 'lan-cert-usage');
  });

  test('of a company’s own making is taken', (t) => {
    const [keyFile, certFile] = [join(directory, 'company.key'), join(directory, 'company.pem')];
    const subject = [
      '-subj',
      '/CN=chat',
      '-addext',
      'subjectAltName=DNS:*.acme.lan,IP:10.1.2.3',
      '-addext',
      'basicConstraints=critical,CA:FALSE',
    ];
    const made = spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '30',
      '-keyout',
      keyFile,
      '-out',
      certFile,
      ...subject,
    ]);
    if (made.error) return t.skip('no openssl on this machine');
    const read = (file: string) => spawnSync('cat', [file], { encoding: 'utf8' }).stdout;
    const company = {
      chainPem: read(certFile),
      keyPem: read(keyFile),
      hosts: ['chat.acme.lan', '10.1.2.3'],
      now: Date.now() + 1000,
    };
    assert.deepEqual(checkLanCertificate(company).uncovered, []);
  });
});
