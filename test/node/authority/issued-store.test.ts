// The register of issued certificates: what is written reads back, and what an earlier release wrote is completed once.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { completeRegister, issuedOf } from '../../../node/authority/issued-register.ts';
import { IssuedStore } from '../../../node/authority/issued-store.ts';
import type { Fact } from '../../../node/ledger/ledger.ts';
import { encodeChain } from '../../../src/pki/chain.ts';
import { keyName } from '../../../src/pki/keys.ts';
import { encodeRealmCertified } from '../../../src/protocols/ledger/kinds.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { key } from '../../../src/store/keys.ts';
import { encodeFields } from '../../../src/store/positional.ts';
import { createFamily, type Family } from '../../pki/family.ts';

let folder: string;
let database: Database;
let family: Family;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'canopy-issued-'));
  database = await openDatabase(join(folder, 'db'));
  family = await createFamily();
});

after(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

test('a certificate is registered with the key that issued it, its own, what was shown for it and what it replaces', async () => {
  const store = new IssuedStore(database);
  const { kyiv: realm, branch: chain, keys } = family;
  const held = { serial: '4a01', issuer: keyName(keys.enterprise.spki), key: keyName(keys.region.spki) };
  const one = issuedOf({ kind: 'authority', realm, tier: 'branch', chain, renews: held });
  assert.deepEqual(
    [one.issuer, one.key, one.renews, one.replaces],
    [held.issuer, keyName(keys.branch.spki), '4a01', keyName(keys.region.spki)],
  );
  const same = issuedOf({
    kind: 'authority',
    realm,
    tier: 'branch',
    chain,
    renews: { ...held, key: keyName(keys.branch.spki) },
  });
  assert.equal(same.replaces, undefined, 'a renewal of the same key replaces none');
  await store.put(one);
  assert.deepEqual(await store.list(0), [one]);
  assert.deepEqual(await store.list(one.notAfter), [], 'what is over is forgotten');
});

test('entries of an earlier release get the keys that the own chain shows, and only once', async () => {
  const store = new IssuedStore(database);
  const { acme, kyiv, branch, keys } = family;
  const whole = issuedOf({ kind: 'authority', realm: kyiv, tier: 'branch', chain: branch });
  const old = encodeFields([1, 'authority', kyiv, 'branch', whole.notBefore, whole.notAfter]);
  const relay = encodeFields([1, 'relay', kyiv, 'branch', whole.notBefore, whole.notAfter]);
  await database.commit([
    { type: 'put', key: key('issued', whole.serial), value: old },
    { type: 'put', key: key('issued', '4a02'), value: relay },
  ]);
  assert.ok((await store.list(0)).every(({ issuer }) => issuer === undefined));
  let asked = 0;
  const payload = encodeRealmCertified({ realm: kyiv, tier: 'branch', chain: encodeChain(branch), relays: [] });
  const ledger = {
    watch: async (_: string, listener: (fact: Fact) => void) => {
      asked++;
      listener({ realm: acme, chain: 'network', n: 1, time: 1, kind: 'realm-certified', payload });
      return () => {};
    },
  };
  const completion = { realm: acme, issuer: keyName(keys.enterprise.spki) };
  await completeRegister(store, ledger, completion);
  await completeRegister(store, ledger, completion);
  assert.equal(asked, 1);
  const { issuer } = completion;
  const leaf = { serial: '4a02', kind: 'relay', realm: kyiv, tier: 'branch', issuer } as const;
  const { notBefore, notAfter } = whole;
  assert.deepEqual(new Set(await store.list(0)), new Set([whole, { ...leaf, notBefore, notAfter }]));
});
