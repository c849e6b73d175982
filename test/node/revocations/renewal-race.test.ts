// A certificate is revoked while its renewal is under way: what comes of the renewal is revoked as well, or is never made.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Authority } from '../../../node/authority/authority.ts';
import { issuedOf } from '../../../node/authority/issued-register.ts';
import { IssuedStore } from '../../../node/authority/issued-store.ts';
import { NodeCharter } from '../../../node/charter.ts';
import type { Ledger } from '../../../node/ledger/ledger.ts';
import { RevocationService } from '../../../node/revocations/revocation-service.ts';
import { ShownLists } from '../../../node/revocations/shown-lists.ts';
import { parseCertificate } from '../../../src/pki/certificate.ts';
import { type Chain, validateLeaf } from '../../../src/pki/chain.ts';
import { createAuthorityCsr } from '../../../src/pki/csr.ts';
import { decodeEnrolReply } from '../../../src/pki/enrolment.ts';
import { generateLeafKey, keyName, localSigner, writeAuthorityKeyPem } from '../../../src/pki/keys.ts';
import { createRenewRequest, heldOf } from '../../../src/pki/renewal.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { createFamily, type Family } from '../../pki/family.ts';

const LIMIT = { timeout: 60_000 };
const clock = { now: () => Date.now() };
let folder: string;
let family: Family;
let database: Database;
let authority: Authority;
let issued: IssuedStore;
let charter: NodeCharter;
let service: RevocationService;
/** What holds up the certificate that was just signed, before it is in the register. */
let gate: Promise<void> | undefined;
let atGate: () => void = () => {};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'canopy-race-'));
  family = await createFamily(Date.now());
  const keyFile = join(folder, 'key.pem');
  await writeFile(keyFile, writeAuthorityKeyPem(family.keys.enterprise), { mode: 0o600 });
  database = await openDatabase(join(folder, 'db'));
  issued = new IssuedStore(database);
  const { rootFingerprint, enterprise: chain, acme: realm } = family;
  charter = new NodeCharter({ rootFingerprint, log: silentLog, shown: new ShownLists(database) });
  let tell: Parameters<Ledger['watch']>[1] = () => {};
  const ledger: Pick<Ledger, 'append' | 'watch' | 'realms' | 'onRealm'> = {
    append: async ({ kind, payload }) => tell({ realm, chain: 'network', n: 1, time: clock.now(), kind, payload }),
    watch: async (_, listener) => {
      tell = listener;
      return () => {};
    },
    realms: () => [],
    onRealm: () => () => {},
  };
  await charter.follow(ledger);
  const tokens = { get: async () => undefined, put: async () => {} };
  const parts = {
    tokens,
    clock,
    log: silentLog,
    isRevoked: charter.isRevoked.bind(charter),
    onCertified: async (certified: Parameters<typeof issuedOf>[0]) => {
      atGate();
      await gate;
      await issued.put(issuedOf(certified));
    },
  };
  authority = new Authority({ keyFile, chain, rootFingerprint }, parts);
  await authority.start();
  const audit = {
    record: async () => {},
    tail: async () => [],
    verify: async () => ({ kind: 'whole', count: 0 }) as const,
  };
  const around = async () => ({ known: [], users: [], paths: [] });
  service = new RevocationService({ realm, authority, issued, ledger, charter, around, audit, clock, log: silentLog });
}, LIMIT);

after(async () => {
  await authority.stop();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

const serialOf = ([own]: Chain): string => parseCertificate(own ?? new Uint8Array()).serial;
const isRevoked = (chain: Chain): boolean => charter.isRevoked(serialOf(chain), keyName(family.keys.enterprise.spki));

async function renewalOf(chain: Chain): Promise<Uint8Array> {
  const signer = localSigner(family.keys.branch);
  const csr = await createAuthorityCsr(signer, { realm: family.kyiv, tier: 'branch' });
  return createRenewRequest({ time: clock.now(), chain, csr }, signer.sign);
}

function certified(): Promise<Chain> {
  const { kyiv: realm, keys } = family;
  return authority.issueAuthority({ realm, tier: 'branch', publicKey: keys.branch.spki });
}

/** Begins `act` and resolves as soon as its certificate is signed, and held up. */
async function heldUp<T>(act: () => Promise<T>): Promise<{ readonly made: Promise<T>; release(): void }> {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  gate = promise;
  atGate = reached.resolve;
  const made = act();
  await reached.promise;
  gate = undefined;
  return { made, release };
}

describe('a revocation and a renewal at the same time', LIMIT, () => {
  test('what a renewal under way makes of a serial that is revoked is revoked by a second list', LIMIT, async () => {
    const first = await certified();
    const request = await renewalOf(first);
    const { made, release } = await heldUp(() => authority.renew(request));
    const revoking = service.revoke({ kind: 'serial', serial: serialOf(first) }, 'stolen');
    release();
    const reply = decodeEnrolReply(await made);
    await revoking;
    assert.ok(reply.kind === 'ok');
    assert.notEqual(serialOf(reply.chain), serialOf(first));
    assert.deepEqual([isRevoked(first), isRevoked(reply.chain)], [true, true]);
  });

  test('a renewal that begins after the list is refused', LIMIT, async () => {
    const first = await certified();
    const request = await renewalOf(first);
    await service.revoke({ kind: 'serial', serial: serialOf(first) }, 'stolen');
    const reply = decodeEnrolReply(await authority.renew(request));
    assert.deepEqual(reply.kind === 'refused' && reply.code, 'cert-revoked');
  });

  test('what was renewed from it long before stays, since one serial is one certificate', LIMIT, async () => {
    const first = await certified();
    const reply = decodeEnrolReply(await authority.renew(await renewalOf(first)));
    assert.ok(reply.kind === 'ok');
    await service.revoke({ kind: 'serial', serial: serialOf(first) }, 'old');
    assert.deepEqual([isRevoked(first), isRevoked(reply.chain)], [true, false]);
  });

  test('so it is with a leaf that the node renews by itself', LIMIT, async () => {
    const { publicKey } = await generateLeafKey();
    const first = await authority.issueLeaf({ role: 'relay', publicKey });
    const { rootFingerprint } = family;
    const renews = heldOf(await validateLeaf(first, { rootFingerprint, now: clock.now() }));
    const { made, release } = await heldUp(() => authority.issueLeaf({ role: 'relay', publicKey, renews }));
    const revoking = service.revoke({ kind: 'serial', serial: serialOf(first) }, 'stolen');
    release();
    const second = await made;
    await revoking;
    assert.deepEqual([isRevoked(first), isRevoked(second)], [true, true]);
    await assert.rejects(authority.issueLeaf({ role: 'relay', publicKey, renews }), { code: 'cert-revoked' });
  });

  test('a whole realm takes along what was joined meanwhile', LIMIT, async () => {
    await certified();
    const { publicKey } = await generateLeafKey();
    const { made, release } = await heldUp(() =>
      authority.issueLeaf({ role: 'relay', publicKey, realm: family.kyiv, tier: 'branch' }),
    );
    const revoking = service.revoke({ kind: 'realm', realm: family.kyiv }, 'seized');
    release();
    const relay = await made;
    await revoking;
    assert.ok(isRevoked(relay));
  });
});
