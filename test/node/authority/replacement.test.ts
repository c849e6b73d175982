// Another key for the authority, with real signing processes and files: over the overlay and by files, cut off in between, and what a
// thief of the old key can no longer do.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { AuditEvent } from '../../../node/audit/audit.ts';
import { Authority } from '../../../node/authority/authority.ts';
import { nameOf } from '../../../node/authority/authority-keys.ts';
import { issuedOf } from '../../../node/authority/issued-register.ts';
import type { IssuedCertificate } from '../../../node/authority/issued-store.ts';
import { findOldAuthority } from '../../../node/authority/old-authority.ts';
import { objectionTo } from '../../../node/authority/renewal-rules.ts';
import { decodeReplaced } from '../../../node/authority/replaced-entry.ts';
import { AuthorityReplacement } from '../../../node/authority/replacement.ts';
import { SignerClient } from '../../../node/authority/signer-client.ts';
import { parseCertificate } from '../../../src/pki/certificate.ts';
import { type Chain, validateAuthority, writeChainPem } from '../../../src/pki/chain.ts';
import { createAuthorityCsr } from '../../../src/pki/csr.ts';
import { decodeEnrolReply } from '../../../src/pki/enrolment.ts';
import { generateAuthorityKey, localSigner, writeAuthorityKeyPem } from '../../../src/pki/keys.ts';
import { createRenewRequest } from '../../../src/pki/renewal.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { dataDirectory, exists } from '../../../src/settings/data-directory.ts';
import { readChain, writeCredential } from '../../../src/settings/key-files.ts';
import { finishReplacement } from '../../../src/settings/staged-credential.ts';
import { createFamily, type Family } from '../../pki/family.ts';

const LIMIT = { timeout: 60_000 };
const TOKENS = { get: async () => undefined, put: async () => {} };
const EMPTY = { certificates: [], realms: [], programs: [], users: 0, connections: [] };
let folder: string;
let family: Family;
let region: Authority;
const issued: IssuedCertificate[] = [];
const revoked = new Set<string>();
const isRevoked = (serial: string): boolean => revoked.has(serial);
let count = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'canopy-replacement-'));
  family = await createFamily(Date.now());
  const files = dataDirectory(join(folder, 'ua')).authority;
  await writeCredential(files, {
    keyPem: writeAuthorityKeyPem(family.keys.region),
    chainPem: writeChainPem(family.region),
  });
  region = new Authority(
    { keyFile: files.key, chain: family.region, rootFingerprint: family.rootFingerprint },
    {
      tokens: TOKENS,
      clock: systemClock,
      log: silentLog,
      isRevoked,
      objectionTo: async (asked) => objectionTo(asked, issued, { now: Date.now(), isRevoked }),
      onCertified: async (certified) => void issued.push(issuedOf(certified)),
    },
  );
  await region.start();
}, LIMIT);

beforeEach(() => {
  issued.length = 0;
  revoked.clear();
});

after(async () => {
  await region.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The authority of acme.ua in a directory of its own, and what replaces its key. */
async function open(dir = join(folder, String(count++)), answer = (request: Uint8Array) => region.renew(request)) {
  const directory = dataDirectory(dir);
  if (!(await exists(directory.authority.key))) {
    const { keys, enterprise } = family;
    const pair = { keyPem: writeAuthorityKeyPem(keys.enterprise), chainPem: writeChainPem(enterprise) };
    await writeCredential(directory.authority, pair);
  }
  await finishReplacement(directory.authority);
  const { rootFingerprint, acme: realm } = family;
  const shared = { clock: systemClock, log: silentLog, isRevoked };
  const chain = await readChain(directory.authority);
  const old = await findOldAuthority(directory.authority);
  const init = { keyFile: directory.authority.key, chain, old, rootFingerprint };
  const authority = new Authority(init, { ...shared, tokens: TOKENS });
  await authority.start();
  const audited: AuditEvent[] = [];
  const told: { readonly key: string; readonly atOnce: boolean }[] = [];
  const lists: string[] = [];
  const replacement = new AuthorityReplacement({
    ...shared,
    realm: { realm },
    directory,
    authority,
    revocations: {
      planRetirement: async () => EMPTY,
      retire: async (reason) => {
        lists.push(reason);
        return EMPTY;
      },
      renewList: async () => void lists.push('renewed'),
      lacksList: () => false,
    },
    replaced: { has: (_, key) => told.some((one) => one.key === key) },
    ledger: { append: async ({ payload }) => void told.push(decodeReplaced(payload)) },
    ask: async (makeRequest) => answer(await makeRequest()),
    onReplaced: async () => {},
    assertMayWrite: () => {},
    audit: {
      record: async (event) => void audited.push(event),
      tail: async () => [],
      verify: async () => ({ kind: 'whole', count: 0 }) as const,
    },
  });
  const close = async (): Promise<void> => {
    await replacement.stop();
    await authority.stop();
  };
  return { dir, directory, authority, replacement, audited, told, lists, close };
}

const serialOf = ([own]: Chain): string => parseCertificate(own ?? new Uint8Array()).serial;
const trust = () => ({ rootFingerprint: family.rootFingerprint, now: Date.now() });

describe('another key for the authority', LIMIT, () => {
  test('the signing process makes it, the old one stays and signs lists and nothing else', LIMIT, async () => {
    const opened = await open();
    const { authority, directory, replacement } = opened;
    const before = authority.chain;
    await replacement.replace(true);
    assert.notEqual(nameOf(authority.chain), nameOf(before));
    assert.equal((await validateAuthority(authority.chain, trust())).realm, family.acme);
    const { publicKey } = family.nodeKey;
    const leaf = await authority.issueLeaf({ role: 'node', publicKey });
    assert.equal(nameOf(leaf.slice(1)), nameOf(authority.chain));
    const files = directory.authority;
    for (const path of [files.key, files.old.key]) assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readFile(files.old.chain, 'utf8'), writeChainPem(before));
    assert.ok(!(await exists(files.next.key)));
    for (const chain of [before, authority.chain]) {
      const { crl, chain: signedBy } = await authority.signCrl([{ serial: '4a01', at: 0 }], 1, nameOf(chain));
      assert.deepEqual(signedBy, chain);
      assert.ok(crl.length > 0);
    }
    const old = new SignerClient({ keyFile: files.old.key, purpose: 'lists' }, { log: silentLog });
    await assert.rejects(old.sign(new TextEncoder().encode('canopy/enrol/1|anything')), { code: 'signer-refused' });
    await assert.rejects(
      createAuthorityCsr(
        { sign: old.sign, publicKey: family.keys.enterprise.spki },
        { realm: family.acme, tier: 'enterprise' },
      ),
      { code: 'signer-refused' },
    );
    await old.stop();
    assert.deepEqual(opened.told, [{ key: nameOf(before), atOnce: true }]);
    assert.deepEqual(
      opened.audited.map(({ code, fields }) => [code, fields?.['before'], fields?.['after']]),
      [['authority-replaced', serialOf(before), serialOf(authority.chain)]],
    );
    await assert.rejects(replacement.replace(false), { code: 'authority-overlap' });
    await opened.close();
  });

  test('after a restart both are there; retired, the old one is gone and counts for nothing', LIMIT, async () => {
    const first = await open();
    const before = first.authority.chain;
    await first.replacement.replace(false);
    await first.close();
    const second = await open(first.dir);
    assert.deepEqual(second.authority.oldChain, before);
    await second.replacement.retire('moved');
    assert.deepEqual([second.authority.oldChain, second.lists], [undefined, ['moved']]);
    assert.ok(!(await exists(second.directory.authority.old.key)));
    await assert.rejects(second.authority.signCrl([], 2, nameOf(before)), { code: 'authority-retired' });
    await assert.rejects(second.replacement.retire('again'), { code: 'no-overlap' });
    await second.close();
    const third = await open(first.dir);
    assert.equal(third.authority.oldChain, undefined);
    await third.close();
  });

  test('an answer that is lost is asked for again, with the same key', LIMIT, async () => {
    let isLost = true;
    const lossy = async (request: Uint8Array): Promise<Uint8Array> => {
      const reply = await region.renew(request);
      if (isLost) throw new Error('the line went down');
      return reply;
    };
    const opened = await open(undefined, lossy);
    const { authority, directory, replacement } = opened;
    const before = authority.chain;
    await assert.rejects(replacement.replace(false), /went down/);
    assert.deepEqual([authority.chain, authority.oldChain], [before, undefined]);
    const made = await readFile(directory.authority.next.key, 'utf8');
    isLost = false;
    await replacement.replace(false);
    assert.equal(await readFile(directory.authority.key, 'utf8'), made);
    assert.equal(new Set(issued.map(({ key }) => key)).size, 1);
    await opened.close();
  });

  test(
    'by files: the request and its reply, days apart, and a reply for the present key is left to others',
    LIMIT,
    async () => {
      const first = await open();
      const request = await first.replacement.request();
      await first.close();
      const second = await open(first.dir);
      const { authority, replacement } = second;
      const ordinary = await region.renew(await authority.createOwnRenewal());
      assert.equal(await replacement.accept(ordinary, false), false, 'that is for the present key');
      const before = authority.chain;
      assert.equal(await replacement.accept(await region.renew(request), false), true);
      assert.deepEqual(authority.oldChain, before);
      await second.close();
    },
  );

  test('killed before it could tell anybody, it tells when it starts again', LIMIT, async () => {
    const first = await open();
    await first.replacement.replace(false);
    const old = first.authority.oldChain;
    await first.close();
    const second = await open(first.dir);
    second.replacement.start();
    await second.replacement.stop();
    assert.ok(old);
    assert.deepEqual(second.told, [{ key: nameOf(old), atOnce: false }]);
    await second.close();
  });

  test('revoked from above, the old one retires by itself and signs no last list', LIMIT, async () => {
    const opened = await open();
    await opened.replacement.replace(false);
    revoked.add(serialOf(opened.authority.oldChain ?? []));
    opened.replacement.start();
    await opened.replacement.stop();
    assert.deepEqual([opened.authority.oldChain, opened.lists], [undefined, []]);
    assert.equal(opened.audited.at(-1)?.fields?.['reason'], 'revoked');
    await opened.close();
  });

  test('a thief of the old key gets no certificate with it any more, for no key', LIMIT, async () => {
    const opened = await open();
    const old = opened.authority.chain;
    await opened.replacement.replace(false);
    const signer = localSigner(family.keys.enterprise);
    const steal = async (key: Awaited<ReturnType<typeof generateAuthorityKey>>): Promise<string> => {
      const csr = await createAuthorityCsr(localSigner(key), { realm: family.acme, tier: 'enterprise' });
      const request = await createRenewRequest({ time: Date.now(), chain: old, csr }, signer.sign);
      const reply = decodeEnrolReply(await region.renew(request));
      return reply.kind === 'ok' ? 'certified' : reply.code;
    };
    assert.equal(await steal(await generateAuthorityKey()), 'renew-replaced');
    assert.equal(await steal(family.keys.enterprise), 'renew-replaced');
    revoked.add(issued.find(({ replaces }) => replaces !== undefined)?.serial ?? '');
    assert.equal(await steal(family.keys.enterprise), 'certified', 'the successor was revoked: the old key goes on');
    await opened.close();
  });
});
