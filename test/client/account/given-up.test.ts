// A home that was put back to an older copy, and no device holds the newer state of the vault whole: the person gives it up, by the
// recovery key, and everything else goes on.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Client } from '../../../src/client/client.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import { readHead } from '../../../src/crypto/vault/head.ts';
import { UnreachableError } from '../../../src/realm/errors.ts';
import { under } from '../../../src/store/keys.ts';
import { type Branch, openBranch } from '../../node/lan/branch-fixture.ts';
import { connected, clientOf as keptClientOf, keptPlace } from '../engine/people.ts';
import { nextEvent } from '../waiting.ts';
import { addUser, type Between, clientOf, PASSWORDS, quickPasswords } from './people.ts';

const LIMIT = { timeout: 90_000 };
const { first, second } = PASSWORDS;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const vaultOf = (client: Client) => client.account?.vault ?? assert.fail('no account is open');

async function copyOfVaults({ database }: Branch): Promise<() => Promise<void>> {
  const rows = new Map<Uint8Array, Uint8Array>();
  for await (const [key, value] of database.iterate(under('vault'))) rows.set(key, value);
  return async () => {
    const now: Uint8Array[] = [];
    for await (const [key] of database.iterate(under('vault'))) now.push(key);
    await database.commit([
      ...now.map((key) => ({ type: 'del', key }) as const),
      ...[...rows].map(([key, value]) => ({ type: 'put', key, value }) as const),
    ]);
  };
}

/** Two devices of a clerk that have seen what the server no longer has; neither has kept it. */
async function restored(t: TestContext, seen: 'all' | 'less' = 'all') {
  const branch = await openBranch(t);
  await addUser(branch, 'clerk', first);
  const storages = [memoryStorage(), memoryStorage()] as const;
  const one = clientOf(t, branch, storages[0]);
  const { token: _, user } = await one.login('clerk', first, { newPassword: second });
  const recoveryKey = await (one.account ?? assert.fail()).makeRecoveryKey();
  const two = clientOf(t, branch, storages[1]);
  await two.login('clerk', second);
  await vaultOf(one).put('draft', 'kept', bytes('kept'));
  const back = await copyOfVaults(branch);
  await vaultOf(one).put('draft', 'lost', bytes('lost'));
  if (seen === 'less') await vaultOf(two).refresh();
  await vaultOf(one).put('draft', 'more', bytes('more'));
  if (seen === 'all') await vaultOf(two).refresh();
  const { counter } = vaultOf(one).head ?? assert.fail();
  await back();
  one.disconnect();
  two.disconnect();
  const again = (which: 0 | 1, between?: Between) => clientOf(t, branch, storages[which], between);
  return { branch, user, recoveryKey, counter, again };
}

test('what nobody gives back is given up by the recovery key, and all devices go on', LIMIT, async (t) => {
  const { branch, recoveryKey, counter, again } = await restored(t);
  const one = again(0);
  await one.login('clerk', second);
  assert.deepEqual(one.accountState, { kind: 'refused', code: 'vault-rolled-back' });
  const typo = recoveryKey.replace(/.$/, (last) => (last === '7' ? '8' : '7'));
  await assert.rejects(one.acceptOlderVault(typo), { code: 'recovery-key-group' });
  await one.acceptOlderVault(recoveryKey);
  assert.deepEqual(one.accountState, { kind: 'open' });
  assert.deepEqual(vaultOf(one).get('draft', 'kept'), bytes('kept'));
  assert.equal(vaultOf(one).get('draft', 'lost'), undefined);
  assert.ok((vaultOf(one).head?.counter ?? 0) > counter, 'no counter stands for two states');
  await vaultOf(one).put('draft', 'next', bytes('next'));
  await assert.rejects(one.acceptOlderVault(recoveryKey), { code: 'vault-not-refused' });

  const two = again(1);
  await two.login('clerk', second);
  const fresh = clientOf(t, branch);
  await fresh.login('clerk', second);
  for (const client of [two, fresh]) assert.deepEqual(vaultOf(client).get('draft', 'next'), bytes('next'));
});

test(
  'a device that had seen a state which nobody could name gives up its own, and the first goes on',
  LIMIT,
  async (t) => {
    const { recoveryKey, again } = await restored(t, 'less');
    const one = again(0);
    await one.login('clerk', second);
    await one.acceptOlderVault(recoveryKey);
    await vaultOf(one).put('draft', 'next', bytes('next'));
    const two = again(1);
    await two.login('clerk', second);
    assert.deepEqual(two.accountState, { kind: 'refused', code: 'vault-forked' });
    await two.acceptOlderVault(recoveryKey);
    await vaultOf(two).put('draft', 'last', bytes('last'));
    const back = again(0);
    await back.login('clerk', second);
    for (const client of [two, back]) {
      for (const text of ['kept', 'next', 'last']) assert.deepEqual(vaultOf(client).get('draft', text), bytes(text));
    }
  },
);

test('after it messages are written and read, and people found', LIMIT, async (t) => {
  const { branch, recoveryKey, again } = await restored(t);
  const cook = await addUser(branch, 'cook', 'first-cook');
  const other = clientOf(t, branch);
  await other.login('cook', 'first-cook', { newPassword: 'second-cook' });
  await connected(other);
  const one = again(0);
  await one.login('clerk', second);
  await one.acceptOlderVault(recoveryKey);
  await connected(one);
  const conversation = await one.groups.create({ name: 'Kitchen', members: [cook.id] });
  for (const [from, to, text] of [
    [one, other, 'soup'],
    [other, one, 'bread'],
  ] as const) {
    const heard = nextEvent(to, 'message', (message) => message.text === text);
    await from.act(conversation, { kind: 'text', text });
    assert.equal((await heard).problem, undefined);
  }
});

test('a device that dies at any request of it gives up no more and no less the next time', LIMIT, async (t) => {
  const { branch, user, recoveryKey, again } = await restored(t);
  for (let n = 1; ; n++) {
    let [count, isActing] = [0, false];
    const between: Between = (fetch) => async (url, init) => {
      if (isActing && ++count >= n) {
        if (n % 2 === 0) await fetch(url, init);
        throw new UnreachableError('server-unreachable', 'cut');
      }
      return fetch(url, init);
    };
    const one = again(0, between);
    await one.login('clerk', second);
    if (one.accountState.kind === 'open') break;
    isActing = true;
    const done = await one.acceptOlderVault(recoveryKey).then(
      () => true,
      () => false,
    );
    if (done) break;
    assert.ok(n < 40, 'it ends');
  }
  const last = again(0);
  await last.login('clerk', second);
  assert.deepEqual(vaultOf(last).get('draft', 'kept'), bytes('kept'));
  await vaultOf(last).put('draft', 'next', bytes('next'));
  const { head } = await branch.accounts.vaults.state(user.id);
  assert.deepEqual(readHead(head), vaultOf(last).head);
});

test(
  'what a device holds of the newer state is laid over a branch that another wrote, and nothing of either is lost',
  LIMIT,
  async (t) => {
    const branch = await openBranch(t);
    await addUser(branch, 'clerk', first);
    const place = { ...(await keptPlace()), passwords: quickPasswords };
    const one = keptClientOf(t, branch, place);
    await one.login('clerk', first, { newPassword: second });
    const recoveryKey = await (one.account ?? assert.fail()).makeRecoveryKey();
    const back = await copyOfVaults(branch);
    for (const text of ['a', 'b']) await vaultOf(one).put('draft', text, bytes(text));
    await vaultOf(one).put('pin', 'somebody', bytes('mine'));
    one.disconnect();
    await back();
    const two = clientOf(t, branch);
    await two.login('clerk', second);
    for (const text of ['b', 'c', 'd', 'e', 'f']) await vaultOf(two).put('draft', text, bytes(`${text} of two`));
    await vaultOf(two).put('pin', 'somebody', bytes('theirs'));
    const again = keptClientOf(t, branch, place);
    await again.login('clerk', second);
    assert.deepEqual(again.accountState, { kind: 'refused', code: 'vault-forked' });
    await again.acceptOlderVault(recoveryKey);
    const fresh = clientOf(t, branch);
    await fresh.login('clerk', second);
    for (const client of [again, fresh]) {
      assert.deepEqual(vaultOf(client).get('draft', 'a'), bytes('a'));
      assert.deepEqual(vaultOf(client).get('draft', 'b'), bytes('b of two'), 'the later of two values');
      assert.deepEqual(vaultOf(client).get('draft', 'f'), bytes('f of two'));
      assert.deepEqual(vaultOf(client).get('pin', 'somebody'), bytes('mine'), 'no pin gives way to a branch');
    }
  },
);
