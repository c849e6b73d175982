// The certificate of a running LAN server: renewed before it ends, and never when it is a company's own.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { LanRenewal } from '../../node/lan-renewal.ts';
import { createLanKeys, type LanFiles } from '../../src/pki/bootstrap.ts';
import { silentLog } from '../../src/realm/log.ts';
import { type DataDirectory, dataDirectory } from '../../src/settings/data-directory.ts';
import { ensureLanCertificate, writeLanFiles } from '../../src/settings/lan-certificate.ts';
import { writePrivateFile } from '../../src/settings/private-file.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { HandClock } from './hand-clock.ts';
import { openBranch, REALM } from './lan/branch-fixture.ts';

const TIMEOUT = { timeout: 60_000 };
const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const ADDRESS = '127.0.0.1';
const LAN = { listen: { host: ADDRESS, port: 0 }, scheme: 'https', names: ['chat.acme.lan'], networks: [] } as const;
const SCOPE = { zones: ['acme.lan'], ranges: ['127.0.0.0/8'] };
/** Clients go by the real time: with 380 days of its 397 behind it the first certificate still serves them. */
const ISSUED = Date.now() - 380 * DAY;

interface Running {
  readonly directory: DataDirectory;
  readonly files: LanFiles;
  readonly clock: HandClock;
  readonly renewal: LanRenewal;
  readonly port: number;
  dial(): Promise<TLSSocket>;
  /** Until just before now, and through the look that falls due then. */
  lookNow(): Promise<void>;
}

async function run(t: TestContext, company?: LanFiles): Promise<Running> {
  const directory = dataDirectory(await temporaryFolder(t));
  const clock = new HandClock(ISSUED);
  const files = await keysOf(ISSUED);
  await writeLanFiles(directory, files);
  if (company) await putInPlace(directory, company);
  const tls = await ensureLanCertificate(directory, REALM, LAN, clock.now());
  const { server } = await openBranch(t, { names: ['chat.acme.lan'], tls: { key: tls.keyPem, chain: tls.chainPem } });
  const renewal = new LanRenewal({ directory, realm: REALM, lan: LAN, server, clock, log: silentLog }, tls);
  await renewal.start();
  return {
    directory,
    files,
    clock,
    renewal,
    port: server.port,
    dial: () => dial(t, server.port, company ?? files),
    lookNow: async () => {
      clock.set(Date.now() - HOUR);
      clock.advance(HOUR);
      await renewal.stop();
    },
  };
}

function keysOf(now: number): Promise<LanFiles> {
  return createLanKeys({ realm: REALM, now, lan: { scope: SCOPE, hosts: ['chat.acme.lan', ADDRESS] } });
}

async function putInPlace({ lan }: DataDirectory, { keyPem, chainPem }: LanFiles): Promise<void> {
  await writePrivateFile(lan.key, keyPem);
  await writePrivateFile(lan.chain, chainPem);
}

async function dial(t: TestContext, port: number, { authorityPem: ca }: LanFiles): Promise<TLSSocket> {
  const socket = connect({ port, host: ADDRESS, ca, servername: 'chat.acme.lan' });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

const endOf = (socket: TLSSocket): number => Date.parse(socket.getPeerCertificate().valid_to);

test('the LAN authority’s leaf is renewed before it ends, and connections that are open go on', TIMEOUT, async (t) => {
  const { dial, lookNow, clock, renewal, port } = await run(t);
  const open = await dial();
  assert.ok(endOf(open) - clock.now() > 396 * DAY);
  await lookNow();
  const next = await dial();
  assert.ok(next.authorized);
  assert.ok(endOf(next) - clock.now() > 396 * DAY);
  assert.equal(renewal.warning, undefined);
  open.setEncoding('utf8').write(`GET /api/v1/server HTTP/1.1\r\nHost: chat.acme.lan:${port}\r\n\r\n`);
  const [answer] = await once(open, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 /);
});

test('hosts outside the constraints of the LAN authority stay out of the next leaf', TIMEOUT, async (t) => {
  const directory = dataDirectory(await temporaryFolder(t));
  await writeLanFiles(directory, await keysOf(ISSUED));
  const names = [...LAN.names, 'chat.other.lan', '10.9.8.7'];
  const { uncovered, notAfter } = await ensureLanCertificate(directory, REALM, { ...LAN, names }, Date.now());
  assert.ok(notAfter - Date.now() > 396 * DAY);
  assert.deepEqual([...uncovered].sort(), ['10.9.8.7', 'chat.other.lan', 'localhost']);
});

test('a leaf of the LAN authority that has ended is renewed at start', TIMEOUT, async (t) => {
  const directory = dataDirectory(await temporaryFolder(t));
  await writeLanFiles(directory, await keysOf(ISSUED));
  const tls = await ensureLanCertificate(directory, REALM, LAN, ISSUED + 500 * DAY);
  assert.ok(tls.notAfter > ISSUED + 890 * DAY);
});

test('a company’s own certificate is never replaced; its end is told', TIMEOUT, async (t) => {
  const company = await keysOf(ISSUED);
  const { dial, lookNow, directory, renewal } = await run(t, company);
  assert.equal(renewal.warning, undefined);
  await lookNow();
  assert.equal(await readFile(directory.lan.chain, 'utf8'), company.chainPem);
  assert.ok((await dial()).authorized);
  assert.equal(renewal.warning, 'certificate of the LAN ends in 16 days; put the next one in its place');
});

test('a certificate that is put in place of the present one is served from the next look on', TIMEOUT, async (t) => {
  const { lookNow, directory, port } = await run(t);
  const company = await keysOf(Date.now());
  await putInPlace(directory, company);
  await lookNow();
  assert.ok((await dial(t, port, company)).authorized);
});

test(
  'the LAN authority renews itself with its key more than a year ahead: who has the old one takes the new leaf, too',
  TIMEOUT,
  async (t) => {
    const { clock, files, directory, renewal } = await run(t);
    const old = new X509Certificate(files.authorityPem);
    clock.set(Date.parse(old.validTo) - 420 * DAY);
    clock.advance(HOUR);
    await renewal.stop();
    const next = new X509Certificate(await readFile(directory.lan.authority, 'utf8'));
    assert.ok(Date.parse(next.validTo) - Date.parse(old.validTo) > 3000 * DAY);
    assert.deepEqual(next.publicKey.export({ format: 'jwk' }), old.publicKey.export({ format: 'jwk' }));
    const leaf = new X509Certificate(await readFile(directory.lan.chain, 'utf8'));
    for (const authority of [old, next]) assert.ok(leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
  },
);
