// Whose identity is whose is believed of a realm's authority and of nobody else, its own node included.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdentityJudge } from '../../../node/directory/identity-judge.ts';
import { KeyBook } from '../../../node/directory/key-book.ts';
import { issueDeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import { newSigningKey } from '../../../src/crypto/identity.ts';
import { identityStatement } from '../../../src/crypto/identity-statement.ts';
import { encodeChain } from '../../../src/pki/chain.ts';
import { type AuthorityKey, generateAuthorityKey, localSigner } from '../../../src/pki/keys.ts';
import type { ChainId, Fact } from '../../../src/protocols/ledger/entry.ts';
import { encodeKey, KEY } from '../../../src/protocols/ledger/kinds.ts';
import {
  DEVICE_ADDED,
  encodeDeviceAdded,
  encodeUserIdentity,
  USER_IDENTITY,
} from '../../../src/protocols/ledger/people-kinds.ts';
import { emptyHead } from '../../../src/protocols/ledger/verify.ts';
import { houseUserId } from '../../../src/realm/house-id.ts';
import { idText, parseDeviceId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { clientOf } from '../../client/engine/people.ts';
import { createFamily, NOW } from '../../pki/family.ts';
import { openBranch } from '../lan/branch-fixture.ts';

const LIMIT = { timeout: 60_000 };
const ELSEWHERE = parseRealmName('lviv.acme.ua');

async function world() {
  const family = await createFamily();
  const user = houseUserId(family.acme, systemRandom(6));
  const identity = newSigningKey(systemRandom);
  const said = async (by: AuthorityKey, of: RealmName = family.kyiv, sequence = 1) => {
    const statement = { user, key: identity.publicKey, sequence, time: NOW };
    const signature = await localSigner(by).sign(identityStatement(of, statement));
    return [USER_IDENTITY, encodeUserIdentity({ ...statement, signature })] as const;
  };
  const device = parseDeviceId(idText(systemRandom(16)));
  const keys = { signatureKey: systemRandom(32), hpkeKey: systemRandom(32) };
  const validity = { sequence: 1, notBefore: NOW, notAfter: NOW + 1000 };
  const certificate = issueDeviceCertificate(identity, { user, device, ...keys, ...validity });
  const added = [DEVICE_ADDED, encodeDeviceAdded(certificate.bytes)] as const;
  const introduced = [KEY, encodeKey(encodeChain(family.node))] as const;
  return { family, user, said, added, introduced };
}

async function bookOf(own: RealmName, realm: RealmName, facts: readonly (readonly [string, Uint8Array])[]) {
  const id: ChainId = { realm, chain: 'directory' };
  const all = facts.map(([kind, payload], i): Fact => ({ ...id, n: i + 1, time: NOW, kind, payload }));
  const store = {
    chains: async () => [id],
    head: async () => emptyHead(id),
    async *facts() {
      yield* all;
    },
    onFacts: () => () => {},
  };
  const book = new KeyBook({ store, log: silentLog, judge: { realm: own, identities: new IdentityJudge() } });
  await book.load();
  return book;
}

test('an identity counts when the authority of its realm has signed that it is the user’s', LIMIT, async () => {
  const { family, user, said, added, introduced } = await world();
  const found = async (...facts: (readonly [string, Uint8Array])[]) => {
    const { identity, devices } = (await bookOf(ELSEWHERE, family.kyiv, facts)).keysOf(family.kyiv, user);
    return [identity?.sequence, devices.length];
  };
  assert.deepEqual(await found(introduced, await said(family.keys.branch), added), [1, 1]);
  // The rows of a snapshot come before the key that is in force.
  assert.deepEqual(await found(await said(family.keys.branch), added, introduced), [1, 1]);
  assert.deepEqual(await found(await said(family.keys.branch), added), [undefined, 0]);
  const forged = [await generateAuthorityKey(), family.keys.enterprise];
  for (const by of forged) assert.deepEqual(await found(introduced, await said(by), added), [undefined, 0]);
  const ofAnother = await said(family.keys.branch, ELSEWHERE);
  assert.deepEqual(await found(introduced, ofAnother, added), [undefined, 0]);
});

test('the own realm is believed without proof, and what no chain introduces proves nothing', LIMIT, async () => {
  const { family, user, said, added } = await world();
  const strange = [KEY, encodeKey(new Uint8Array(8))] as const;
  const facts = [strange, await said(await generateAuthorityKey()), added];
  assert.equal((await bookOf(family.kyiv, family.kyiv, facts)).keysOf(family.kyiv, user).identity?.sequence, 1);
  assert.equal((await bookOf(ELSEWHERE, family.kyiv, facts)).keysOf(family.kyiv, user).identity, undefined);
});

test('what a replaced authority has said its successor says again, and devices stay', LIMIT, async (t) => {
  const branch = await openBranch(t);
  await branch.addUser('clerk', 'clerk', 'first-password');
  const { user } = await clientOf(t, branch).login('clerk', 'first-password', { newPassword: 'second-password' });
  const before = branch.identities.keysOf(user.id);
  assert.equal(await branch.identities.restate(branch.authority.spki), 0);
  const { spki } = await generateAuthorityKey();
  assert.equal(await branch.identities.restate(spki), 1);
  const { identity, devices } = branch.identities.keysOf(user.id);
  assert.ok(identity && before.identity);
  assert.deepEqual([identity.key, identity.sequence], [before.identity.key, before.identity.sequence + 1]);
  assert.deepEqual(devices, before.devices);
  assert.equal(devices.length, 1);
});
