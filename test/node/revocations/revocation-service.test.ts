// Revoking with a real signing process: what is found, what a list holds, what a dry run says, and what is refused.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AuditEvent } from '../../../node/audit/audit.ts';
import { Authority } from '../../../node/authority/authority.ts';
import { type IssuedCertificate, IssuedStore } from '../../../node/authority/issued-store.ts';
import { NodeCharter } from '../../../node/charter.ts';
import type { CertifiedRealm, Ledger } from '../../../node/ledger/ledger.ts';
import { type RevocationComponents, RevocationService } from '../../../node/revocations/revocation-service.ts';
import { ShownLists } from '../../../node/revocations/shown-lists.ts';
import { parseCertificate } from '../../../src/pki/certificate.ts';
import { type Chain, encodeChain } from '../../../src/pki/chain.ts';
import { keyName, writeAuthorityKeyPem } from '../../../src/pki/keys.ts';
import { RENEWAL_GRACE } from '../../../src/pki/renewal.ts';
import { serialsOf } from '../../../src/pki/revocations.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { createFamily, type Family } from '../../pki/family.ts';

const LIMIT = { timeout: 60_000 };
const DAY = 24 * 60 * 60 * 1000;
const LVIV = parseRealmName('lviv.acme.ua');
let now = Date.now();
const clock = { now: () => now };

let folder: string;
let family: Family;
let database: Database;
let authority: Authority;
let issued: IssuedStore;
let charter: NodeCharter;
let service: RevocationService;
const audited: AuditEvent[] = [];
let watcher: Parameters<Ledger['watch']>[1] = () => {};
const certified: CertifiedRealm[] = [];

const audit = {
  record: async (event: AuditEvent) => void audited.push(event),
  tail: async () => [],
  verify: async () => ({ kind: 'whole', count: 0 }) as const,
};
/** What is appended is told to the charter at once, as the ledger does it once it is durable. */
const ledger = {
  append: async ({ kind, payload }: { kind: string; payload: Uint8Array }) =>
    watcher({ realm: family.acme, chain: 'network', n: 1, time: now, kind, payload }),
  watch: async (_: string, listener: typeof watcher) => {
    watcher = listener;
    return () => {};
  },
  realms: () => certified,
  onRealm: () => () => {},
};

function entry(kind: IssuedCertificate['kind'], realm: string, chain: Chain): IssuedCertificate {
  const { serial, notBefore, notAfter } = parseCertificate(chain[0] ?? new Uint8Array());
  return { serial, kind, realm: parseRealmName(realm), tier: 'branch', notBefore, notAfter };
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'canopy-revocations-'));
  family = await createFamily(now);
  const keyFile = join(folder, 'key.pem');
  await writeFile(keyFile, writeAuthorityKeyPem(family.keys.enterprise), { mode: 0o600 });
  database = await openDatabase(join(folder, 'db'));
  const { rootFingerprint, enterprise: chain } = family;
  const tokens = { get: async () => undefined, put: async () => {} };
  authority = new Authority({ keyFile, chain, rootFingerprint }, { tokens, clock, log: silentLog });
  await authority.start();
  issued = new IssuedStore(database);
  charter = new NodeCharter({ rootFingerprint, log: silentLog, shown: new ShownLists(database) });
  const kin = {
    realm: family.kyiv,
    tier: 'branch',
    issuer: family.acme,
    chain: encodeChain(family.branch),
    relays: [],
  } as const;
  certified.push(kin);
  await charter.follow(ledger);
  const under = serialsOf(family.branch);
  const around = async () => ({
    known: [
      { realm: family.acme, authority: serialsOf(family.enterprise) },
      { realm: family.kyiv, authority: under },
      { realm: parseRealmName('desk.kyiv.acme.ua'), authority: under },
      { realm: LVIV, authority: serialsOf(family.enterprise) },
    ],
    users: [{ realm: family.kyiv }, { realm: family.kyiv }, { realm: LVIV }],
    paths: [
      { realm: family.kyiv, kind: 'relayed', since: 0 } as const,
      { realm: LVIV, kind: 'direct-tcp', since: 0 } as const,
    ],
  });
  const parts = { realm: family.acme, authority, issued, ledger, charter, around, audit, clock, log: silentLog };
  service = new RevocationService(parts);
  await issued.put(entry('authority', 'kyiv.acme.ua', family.branch));
  await issued.put({ ...entry('relay', 'kyiv.acme.ua', family.branch), serial: '4a11' });
  await issued.put({ ...entry('relay', 'lviv.acme.ua', family.branch), serial: '4a12' });
  await issued.put({ ...entry('node', 'acme.ua', family.branch), serial: '4a13', notAfter: now + DAY });
}, LIMIT);

after(async () => {
  await authority.stop();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

describe('revoking', LIMIT, () => {
  test('a dry run names everything that hangs on the realm and changes nothing', LIMIT, async () => {
    const plan = await service.plan({ kind: 'realm', realm: family.kyiv });
    assert.deepEqual(plan.certificates.map(({ kind }) => kind).sort(), ['authority', 'relay']);
    assert.deepEqual(plan.realms, ['desk.kyiv.acme.ua', 'kyiv.acme.ua']);
    assert.deepEqual(plan.programs.map(({ role, realm }) => `${role} ${realm}`).sort(), [
      'node desk.kyiv.acme.ua',
      'node kyiv.acme.ua',
      'relay desk.kyiv.acme.ua',
      'relay kyiv.acme.ua',
    ]);
    assert.deepEqual([plan.users, plan.connections], [2, ['kyiv.acme.ua']]);
    assert.equal(charter.isRealmRevoked(family.kyiv), false);
    assert.equal(audited.length, 0);
  });

  test('a leaf alone takes one program along', LIMIT, async () => {
    const plan = await service.revoke({ kind: 'realm', realm: LVIV, role: 'relay' }, 'broken into');
    assert.deepEqual([plan.realms, plan.programs], [[], [{ realm: LVIV, role: 'relay' }]]);
    assert.ok(charter.isRevoked('4a12', keyName(family.keys.enterprise.spki)));
    assert.equal(charter.isRealmRevoked(LVIV), false);
    assert.deepEqual(audited.at(-1)?.fields, { serial: '4a12', kind: 'relay', realm: LVIV, reason: 'broken into' });
  });

  test(
    'a realm is revoked with all that was issued to it, and the list holds what was revoked before',
    LIMIT,
    async () => {
      const before = charter.revokedBy(keyName(family.keys.enterprise.spki));
      await service.revoke({ kind: 'realm', realm: family.kyiv }, 'seized');
      const list = charter.revokedBy(keyName(family.keys.enterprise.spki));
      assert.equal(list?.revoked.length, 3);
      assert.ok((list?.number ?? 0) > (before?.number ?? 0));
      assert.ok(charter.isRealmRevoked(family.kyiv));
      assert.ok(charter.isRealmRevoked(parseRealmName('desk.kyiv.acme.ua')));
      assert.equal(charter.isRealmRevoked(family.acme), false);
    },
  );

  test('the same again, oneself, and what somebody else has issued are refused by name', LIMIT, async () => {
    await assert.rejects(service.plan({ kind: 'realm', realm: family.kyiv }), { code: 'already-revoked' });
    await assert.rejects(service.plan({ kind: 'realm', realm: family.acme }), { code: 'own-realm' });
    await assert.rejects(service.plan({ kind: 'serial', serial: '0bad' }), { code: 'not-issued-here' });
    const deeper = service.plan({ kind: 'realm', realm: parseRealmName('desk.kyiv.acme.ua') });
    await assert.rejects(deeper, { code: 'not-issued-here', message: /still counts/ });
  });

  test('a renewal that was under way while the list was made is revoked as well', LIMIT, async () => {
    const target = { kind: 'realm', realm: LVIV, role: 'node' } as const;
    await issued.put({ ...entry('node', 'lviv.acme.ua', family.branch), serial: '4a21' });
    const slow = {
      chain: authority.chain,
      oldChain: undefined,
      signCrl: authority.signCrl.bind(authority),
      settled: () => issued.put({ ...entry('node', 'lviv.acme.ua', family.branch), serial: '4a22' }),
    };
    const around = async () => ({ known: [], users: [], paths: [] });
    const parts = { realm: family.acme, issued, ledger, charter, around, audit, clock, log: silentLog };
    await new RevocationService({ ...parts, authority: slow }).revoke(target, 'seized');
    assert.deepEqual(
      ['4a21', '4a22'].map((serial) => charter.isRevoked(serial, keyName(family.keys.enterprise.spki))),
      [true, true],
    );
  });

  test(
    'of a replaced authority what has moved stays, and of its programs those whose own certificates have',
    LIMIT,
    async () => {
      const [realm, mine] = [parseRealmName('odesa.acme.ua'), keyName(family.keys.enterprise.spki)];
      const [first, second] = [keyName(family.keys.root.spki), keyName(family.keys.region.spki)];
      const one = { ...entry('authority', realm, family.branch), issuer: mine };
      await issued.put({ ...one, serial: '4b01', key: first });
      await issued.put({ ...one, serial: '4b02', key: second, renews: '4b01', replaces: first });
      const target = { kind: 'replaced', realm } as const;
      const below = parseRealmName('desk.odesa.acme.ua');
      const old = [{ serial: '4b01', issuer: mine }];
      const moved = [{ serial: '4b02', issuer: mine }];
      const radius = async (known: Awaited<ReturnType<RevocationComponents['around']>>['known']) => {
        const around = async () => ({ known, users: [{ realm }, { realm: below }], paths: [] });
        const parts = { realm: family.acme, issued, ledger, charter, around, audit, clock, log: silentLog, authority };
        return new RevocationService(parts).plan(target);
      };
      const stayed = await radius([
        { realm, authority: old },
        { realm: below, authority: [{ serial: '4c01', issuer: first }, ...old] },
      ]);
      assert.deepEqual([stayed.realms, stayed.users], [[below, realm], 2]);
      assert.deepEqual(
        stayed.certificates.map(({ serial }) => serial),
        ['4b01'],
      );
      const half = await radius([
        { realm, authority: moved, node: moved },
        { realm: below, authority: [{ serial: '4c01', issuer: first }, ...old] },
      ]);
      assert.deepEqual([half.realms, half.users], [[below], 1]);
      const leaf = await radius([{ realm, authority: moved, node: [{ serial: '4d01', issuer: first }, ...old] }]);
      assert.deepEqual([leaf.realms, leaf.programs], [[], [{ realm, role: 'node' }]]);
      const all = await radius([{ realm, authority: moved, node: moved }]);
      assert.deepEqual([all.realms, all.programs, all.users], [[], [], 0]);
      await assert.rejects(service.plan({ kind: 'replaced', realm: LVIV }), { code: 'not-issued-here' });
      await assert.rejects(service.plan({ kind: 'replaced', realm: family.acme }), { code: 'own-realm' });
    },
  );

  test('a realm that is certified anew with a new key is good again', LIMIT, async () => {
    const chain = await authority.issueAuthority({
      realm: family.kyiv,
      tier: 'branch',
      publicKey: family.keys.region.spki,
    });
    const shown = new ShownLists(database);
    const again = new NodeCharter({ rootFingerprint: family.rootFingerprint, log: silentLog, shown });
    const list = charter.crls();
    certified.splice(0, 1, {
      realm: family.kyiv,
      tier: 'branch',
      issuer: family.acme,
      chain: encodeChain(chain),
      relays: [],
    });
    await again.follow(ledger);
    for (const payload of list)
      watcher({ realm: family.acme, chain: 'network', n: 1, time: now, kind: 'crl', payload });
    assert.ok(again.gauges()['revoked']);
    assert.equal(again.isRealmRevoked(family.kyiv), false);
  });

  test('what can no longer be renewed is forgotten, and finds no place in the next list', LIMIT, async () => {
    now += RENEWAL_GRACE + 2 * DAY;
    assert.ok(!(await issued.list(now - RENEWAL_GRACE)).some(({ serial }) => serial === '4a13'));
    await assert.rejects(service.plan({ kind: 'serial', serial: '4a13' }), { code: 'not-issued-here' });
  });
});
