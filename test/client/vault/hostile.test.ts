// A server with its own code changed: it rolls the vault back, forks it, cuts it, swaps records and wraps, or adds a device. Each is
// refused by a client that knows better, by name.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Client } from '../../../src/client/client.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import { fromText, toText } from '../../../src/client/vault/vault-server.ts';
import { issueDeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import { generateHpkeKey } from '../../../src/crypto/hpke.ts';
import { newSigningKey } from '../../../src/crypto/identity.ts';
import { identityStatement } from '../../../src/crypto/identity-statement.ts';
import { decodeWraps, deviceTarget, encodeWraps, wrapVaultKey } from '../../../src/crypto/vault/wraps.ts';
import { localSigner } from '../../../src/pki/keys.ts';
import { encodeUserIdentity } from '../../../src/protocols/ledger/people-kinds.ts';
import { parseDeviceId } from '../../../src/realm/ids.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { openBranch, REALM } from '../../node/lan/branch-fixture.ts';
import { addUser, clientOf, lying, PASSWORDS } from '../account/people.ts';

const LIMIT = { timeout: 60_000 };
const { first, second } = PASSWORDS;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Shown {
  vault: { head: string; wraps: string };
  records?: string[];
}

/** A clerk with a vault of a few records, whose server may begin to lie at any time. */
async function clerk(t: TestContext) {
  const branch = await openBranch(t);
  await addUser(branch, 'clerk', first);
  const storage = memoryStorage();
  let lie: ((path: string, answer: Shown) => unknown) | undefined;
  const between = lying((path, answer) => (lie && isShown(answer) ? lie(path, answer) : answer));
  const client = clientOf(t, branch, storage, between);
  const { token } = await client.login('clerk', first, { newPassword: second });
  const vault = client.account?.vault ?? assert.fail();
  for (const n of [1, 2, 3]) await vault.put('draft', `${n}`, bytes(`draft ${n}`));
  const again = () => clientOf(t, branch, storage, between);
  return { branch, client, vault, token, again, begin: (how: typeof lie) => (lie = how) };
}

function isShown(answer: unknown): answer is Shown {
  return typeof answer === 'object' && answer !== null;
}

async function resumedState(client: Client, token: string | undefined) {
  await client.resume(token);
  return client.accountState;
}

test('a vault that was rolled back is refused, in the same run and after a restart', LIMIT, async (t) => {
  const { vault, token, again, begin, client } = await clerk(t);
  const old: Shown[] = [];
  begin((path, answer) => {
    if (path === '/vault' && old.length === 0) old.push(answer);
    return answer;
  });
  await vault.refresh();
  await vault.put('draft', '4', bytes('later'));
  begin((path, answer) => (path === '/vault' ? old[0] : answer));
  await assert.rejects(vault.refresh(), { code: 'vault-rolled-back' });
  assert.deepEqual(await resumedState(again(), token), { kind: 'refused', code: 'vault-rolled-back' });
  assert.deepEqual(client.account?.vault.get('draft', '4'), bytes('later'));
});

test('a vault that is no longer shown is missed', LIMIT, async (t) => {
  const { branch, client, token, again } = await clerk(t);
  const { account } = branch.components;
  const user = client.me?.user.id ?? assert.fail();
  assert.ok(account);
  const erased = await branch.accounts.vaults.eraseAll(user);
  await branch.database.commit(erased);
  await assert.rejects(async () => client.account?.vault.refresh(), { code: 'vault-gone' });
  assert.deepEqual(await resumedState(again(), token), { kind: 'refused', code: 'vault-gone' });
});

test('records that are kept back, swapped or of another vault are refused', LIMIT, async (t) => {
  const { token, again, begin } = await clerk(t);
  const ofRecords = (change: (records: string[]) => string[]) => (path: string, answer: Shown) =>
    path === '/vault/records' ? { records: change(answer.records ?? []) } : answer;
  begin(ofRecords(() => []));
  assert.deepEqual(await resumedState(again(), token), { kind: 'refused', code: 'vault-truncated' });
  begin(ofRecords(([one, two, ...rest]) => [two ?? '', one ?? '', ...rest]));
  assert.deepEqual(await resumedState(again(), token), { kind: 'refused', code: 'vault-record-wrong' });
  begin(undefined);
  assert.deepEqual(await resumedState(again(), token), { kind: 'open' });
});

test('wraps that were swapped are refused, and a head that somebody else signed', LIMIT, async (t) => {
  const { client, token, again, begin } = await clerk(t);
  const user = client.me?.user.id ?? assert.fail();
  const mine = await generateHpkeKey(false);
  // A vault key of the server's own choice for each known device, and a device of the server's own.
  const forged = await Promise.all(
    [...(client.account?.vault.wraps ?? []), deviceTarget('5', mine.publicKey)].map((wrap) =>
      wrapVaultKey(user, systemRandom(32), wrap),
    ),
  );
  begin((path, answer) =>
    path === '/vault' ? { vault: { ...answer.vault, wraps: toText(encodeWraps(forged)) } } : answer,
  );
  assert.deepEqual(await resumedState(again(), token), { kind: 'refused', code: 'vault-wraps-altered' });
  const password = clientOf(t, (await clerk(t)).branch);
  await password.login('clerk', second);
  begin((path, answer) => {
    if (path !== '/vault') return answer;
    const head = fromText(answer.vault.head);
    head[20] = (head[20] ?? 0) ^ 1;
    return { vault: { ...answer.vault, head: toText(head) } };
  });
  assert.equal((await resumedState(again(), token)).kind, 'refused');
  assert.equal(decodeWraps(encodeWraps(forged)).length, forged.length);
});

test('a device that the server adds counts for nobody', LIMIT, async (t) => {
  const { branch, client, begin } = await clerk(t);
  await addUser(branch, 'engineer', 'first-engineer');
  const user = client.me?.user.id ?? assert.fail();
  const { account } = client;
  assert.ok(account);
  const { certificate } = account;
  const mine = newSigningKey(systemRandom);
  const device = parseDeviceId('00000000-0000-4000-8000-00000000000d');
  const planted = issueDeviceCertificate(mine, { ...certificate, device, sequence: 1 });
  begin((path, answer) => {
    if (!path.endsWith('/keys') || !('devices' in answer) || !Array.isArray(answer.devices)) return answer;
    return { ...answer, devices: [...answer.devices, toText(planted.bytes)] };
  });
  const { devices } = await account.keysOf(user);
  assert.deepEqual(
    devices.map((one) => one.device),
    [certificate.device],
  );
  assert.equal(account.checkDevice(planted.bytes), 'identity-changed');
  const altered = Uint8Array.from(certificate.bytes, (byte, at) => (at === 30 ? byte ^ 1 : byte));
  assert.equal(account.checkDevice(altered), 'forged');
});

test('a pin that one device made stays, whatever another was shown before it heard of that', LIMIT, async (t) => {
  const { branch, client, vault } = await clerk(t);
  const engineer = await addUser(branch, 'engineer', 'first-engineer');
  const [shown, other] = [newSigningKey(systemRandom).publicKey, newSigningKey(systemRandom).publicKey];
  const told: string[] = [];
  let planted: unknown;
  const second = clientOf(
    t,
    branch,
    memoryStorage(),
    lying((path, answer) => (planted && path === `/users/${engineer.id}/keys` && isShown(answer) ? planted : answer)),
  );
  await second.login('clerk', PASSWORDS.second);
  second.on('identity-changed', ({ user }) => told.push(user));
  await vault.refresh();
  await vault.put('pin', engineer.id, shown);
  const said = { user: engineer.id, key: other, sequence: 1, time: Date.now() };
  const signature = await localSigner(branch.authority).sign(identityStatement(REALM, said));
  planted = {
    user: engineer.id,
    identity: toText(other),
    realm: REALM,
    statement: toText(encodeUserIdentity({ ...said, signature })),
    authority: branch.authorityChain.map(toText),
    devices: [],
    removed: [],
  };
  const { identity, changedTo } = (await second.account?.keysOf(engineer.id)) ?? assert.fail();
  assert.deepEqual([identity, changedTo], [shown, other]);
  assert.deepEqual(told, [engineer.id]);
  await vault.refresh();
  assert.deepEqual(client.account?.pinnedIdentity(engineer.id), shown);
});
