// The authority with its real signing process: what it certifies, and what the process cannot do.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fromString } from 'uint8arrays/from-string';
import { Authority } from '../../../node/authority/authority.ts';
import type { Certified } from '../../../node/authority/issuing.ts';
import { SignerClient } from '../../../node/authority/signer-client.ts';
import { acceptReply, createRegionKeys, prepareRequest, type RegionFiles } from '../../../src/pki/bootstrap.ts';
import { readChainPem, validateAuthority, validateLeaf } from '../../../src/pki/chain.ts';
import { createLeafCsr } from '../../../src/pki/csr.ts';
import { acceptEnrolReply, decodeEnrolReply } from '../../../src/pki/enrolment.ts';
import {
  generateAuthorityKey,
  generateLeafKey,
  readLeafKeyPem,
  signWithLeaf,
  writeAuthorityKeyPem,
} from '../../../src/pki/keys.ts';
import { createRenewRequest } from '../../../src/pki/renewal.ts';
import { codeOf, RefusedError } from '../../../src/realm/errors.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

const ua = parseRealmName('ua');
const acme = parseRealmName('acme.ua');
const lan = { scope: { zones: ['ua.lan'], ranges: ['127.0.0.0/8'] }, hosts: ['node.ua.lan'] };
const clock = { now: () => Date.now() };

let directory: string;
let files: RegionFiles;
let hasRoom = true;
let authority: Authority;
const certified: Certified[] = [];
const tokens = new Map<string, Uint8Array>();
const store = {
  get: async (key: string) => tokens.get(key),
  put: async (key: string, value: Uint8Array) => void tokens.set(key, value),
};

async function keyFile(name: string, pem: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, pem, { mode: 0o600 });
  return path;
}

const trust = () => ({ rootFingerprint: files.rootFingerprint, now: Date.now() });

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'canopy-authority-'));
  files = await createRegionKeys({ realm: ua, now: Date.now(), lan });
  authority = new Authority(
    {
      keyFile: await keyFile('key.pem', files.authority.keyPem),
      chain: readChainPem(files.authority.chainPem),
      rootFingerprint: files.rootFingerprint,
    },
    {
      tokens: store,
      clock,
      log: silentLog,
      objectionTo: async () => (hasRoom ? undefined : new RefusedError('renew-too-many', 'enough')),
      onCertified: async (one) => void certified.push(one),
    },
  );
  await authority.start();
});

after(async () => {
  await authority.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('the authority of a region', { timeout: 60_000 }, () => {
  test('certifies a leaf of its own realm', async () => {
    const key = await generateLeafKey();
    const leaf = await validateLeaf(await authority.issueLeaf({ role: 'node', publicKey: key.publicKey }), trust());
    assert.equal(leaf.realm, ua);
    assert.deepEqual(leaf.publicKey, key.publicKey);
    assert.equal(certified.at(-1)?.kind, 'node');
  });

  test('invites an enterprise and certifies it once', async () => {
    const token = await authority.invite({ realm: acme, tier: 'enterprise', ancestors: [] });
    const pending = await prepareRequest({ token, slot: 'authority', now: Date.now() });
    const reply = await authority.enrol(pending.request);
    const credential = await acceptReply({ token, pending, reply, now: Date.now(), live: true });
    assert.equal((await validateAuthority(readChainPem(credential.chainPem), trust())).tier, 'enterprise');
    const other = await prepareRequest({ token, slot: 'authority', now: Date.now() });
    const refusal = decodeEnrolReply(await authority.enrol(other.request));
    assert.equal(refusal.kind === 'refused' && refusal.code, 'token-used');
  });

  test('certifies the relay of a realm below, which joins before its node', async () => {
    const token = await authority.invite({ realm: acme, tier: 'enterprise', ancestors: [] });
    const pending = await prepareRequest({ token, slot: 'relay', now: Date.now() });
    const reply = await authority.enrol(pending.request);
    const { chainPem } = await acceptReply({ token, pending, reply, now: Date.now() });
    const leaf = await validateLeaf(readChainPem(chainPem), trust());
    assert.deepEqual([leaf.realm, leaf.tier, leaf.role], [acme, 'enterprise', 'relay']);
  });

  test('invites nobody whose name or tier is not directly below', async () => {
    const deep = authority.invite({ realm: parseRealmName('kyiv.acme.ua'), tier: 'branch', ancestors: [] });
    await assert.rejects(deep, (error) => codeOf(error) === 'may-not-issue');
    const region = authority.invite({ realm: acme, tier: 'region', ancestors: [] });
    await assert.rejects(region, (error) => codeOf(error) === 'may-not-issue');
  });

  test('renews a leaf for its own key and for no other realm', async () => {
    const key = readLeafKeyPem(files.node.keyPem);
    const chain = readChainPem(files.node.chainPem);
    const ask = async (realm: typeof ua) => {
      const csr = createLeafCsr(key, { realm, tier: 'region', role: 'node' });
      const request = await createRenewRequest({ time: Date.now(), chain, csr }, (data) => signWithLeaf(key, data));
      return authority.renew(request);
    };
    const expected = { realm: ua, tier: 'region', slot: 'node', publicKey: key.publicKey, ...trust() } as const;
    const renewed = await acceptEnrolReply(await ask(ua), expected);
    assert.notDeepEqual(renewed[0], chain[0]);
    const refused = decodeEnrolReply(await ask(acme));
    assert.equal(refused.kind === 'refused' && refused.code, 'renew-not-yours');
    hasRoom = false;
    const full = decodeEnrolReply(await ask(ua));
    hasRoom = true;
    assert.equal(full.kind === 'refused' && full.code, 'renew-too-many');
  });

  test('its own renewal is signed by its present key', async () => {
    const request = await authority.createOwnRenewal();
    const reply = decodeEnrolReply(await authority.renew(request));
    // A region cannot renew itself: that is the root's.
    assert.equal(reply.kind === 'refused' && reply.code, 'may-not-issue');
  });

  test('renews the authority below, which goes on with the same key', async () => {
    const token = await authority.invite({ realm: acme, tier: 'enterprise', ancestors: [] });
    const pending = await prepareRequest({ token, slot: 'authority', now: Date.now() });
    const reply = await authority.enrol(pending.request);
    const { keyPem, chainPem } = await acceptReply({ token, pending, reply, now: Date.now() });
    const init = {
      keyFile: await keyFile('acme.pem', keyPem),
      chain: readChainPem(chainPem),
      rootFingerprint: files.rootFingerprint,
    };
    const child = new Authority(init, { tokens: store, clock, log: silentLog });
    await child.start();
    try {
      const renewed = await child.acceptOwnRenewal(await authority.renew(await child.createOwnRenewal()));
      assert.notDeepEqual(renewed[0], init.chain[0]);
      const { publicKey } = await generateLeafKey();
      const leaf = await child.issueLeaf({ role: 'relay', publicKey });
      assert.deepEqual(leaf.slice(1), renewed);
      assert.equal((await validateLeaf(leaf, trust())).realm, acme);
    } finally {
      await child.stop();
    }
  });

  test('a key that is not the certificate’s is refused at start', async () => {
    const other = await keyFile('other.pem', writeAuthorityKeyPem(await generateAuthorityKey()));
    const init = {
      keyFile: other,
      chain: readChainPem(files.authority.chainPem),
      rootFingerprint: files.rootFingerprint,
    };
    const wrong = new Authority(init, { tokens: store, clock, log: silentLog });
    await assert.rejects(wrong.start(), (error) => codeOf(error) === 'authority-key');
  });
});

describe('the signing process', { timeout: 60_000 }, () => {
  let signer: SignerClient;

  before(async () => {
    signer = new SignerClient({ keyFile: join(directory, 'key.pem') }, { log: silentLog });
    await signer.start();
  });
  after(() => signer.stop());

  test('has no network where the host allows it', { skip: process.platform !== 'linux' }, async (t) => {
    if (signer.isolation === 'none') return t.skip('this host makes no network namespaces');
    const pid = await signer.pid();
    const devices = await readFile(`/proc/${pid}/net/dev`, 'utf8');
    const names = devices.split('\n').flatMap((line) => /^\s*([^:\s]+):/.exec(line)?.[1] ?? []);
    assert.deepEqual(names, ['lo']);
    assert.ok(!(await readFile(`/proc/${pid}/net/route`, 'utf8')).trim().includes('\n'));
  });

  test('runs without rights to files, children and workers', async () => {
    const pid = await signer.pid();
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    assert.ok(command.includes('--permission'));
    assert.ok(!command.some((word) => /^--allow-(?!fs-read=)/.test(word)));
  });

  test('signs no arbitrary bytes', async () => {
    for (const data of [
      new Uint8Array(),
      fromString('hello'),
      fromString('3003020101', 'hex'),
      new Uint8Array(100_000),
    ]) {
      await assert.rejects(signer.sign(data), (error) => codeOf(error) === 'signer-refused');
    }
  });

  test('signs a labelled statement', async () => {
    assert.ok((await signer.sign(fromString('canopy/ledger-key/1|abc'))).length > 60);
  });

  test('is started again after it died', async () => {
    const pid = await signer.pid();
    assert.ok(pid);
    process.kill(pid, 'SIGKILL');
    await assert.doesNotReject(async () => {
      // The signature under way may be lost with the process; the next one is not.
      await signer.sign(fromString('canopy/a|1')).catch(() => signer.sign(fromString('canopy/a|2')));
    });
    assert.notEqual(await signer.pid(), pid);
  });

  test('a key file that cannot be used is named at start', async () => {
    const broken = new SignerClient({ keyFile: await keyFile('broken.pem', 'no key') }, { log: silentLog });
    await assert.rejects(broken.start(), (error) => codeOf(error) === 'signer-failed');
  });
});
