// Accounts end to end, client library against a real LAN server: how identity, vault and devices come into being, what survives a change
// of password, a reset, a death in the middle, and how a device is signed out for good.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { Account } from '../../../src/client/account/account.ts';
import type { Client } from '../../../src/client/client.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import { issueDeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import { parseDeviceId } from '../../../src/realm/ids.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { type Branch, openBranch, REALM } from '../../node/lan/branch-fixture.ts';
import { nextEvent } from '../waiting.ts';
import { addUser, type Between, clientOf, dyingAt, PASSWORDS, quickPasswords } from './people.ts';

const LIMIT = { timeout: 120_000 };
const { first, second, third } = PASSWORDS;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function branchWithClerk(t: TestContext): Promise<Branch> {
  const branch = await openBranch(t);
  await addUser(branch, 'clerk', first);
  return branch;
}

function accountOf(client: Client): Account {
  return client.account ?? assert.fail(`the account is ${JSON.stringify(client.accountState)}`);
}

async function reset(branch: Branch, password: string): Promise<void> {
  let registrationId = '';
  const { record } = await quickPasswords.registerPassword(password, REALM, async (request) => {
    const started = await branch.accounts.startReset({ login: parseLogin('clerk'), request });
    registrationId = started.registrationId;
    return started;
  });
  await branch.accounts.finishReset({ registrationId, record });
}

test('identity, vault and device come into being after the first password was changed', LIMIT, async (t) => {
  const branch = await branchWithClerk(t);
  const client = clientOf(t, branch);
  const me = await client.login('clerk', first, { newPassword: second });
  const account = accountOf(client);
  const { identity, devices } = await account.keysOf(me.user.id);
  assert.deepEqual(identity, account.identity.publicKey);
  assert.deepEqual(
    devices.map(({ device }) => device),
    [me.device],
  );
  assert.equal(account.checkDevice(account.certificate.bytes), 'ok');
});

test('a second device unlocks the vault by the password, and each sees what the other writes', LIMIT, async (t) => {
  const branch = await branchWithClerk(t);
  const [one, two] = [clientOf(t, branch), clientOf(t, branch)];
  await one.login('clerk', first, { newPassword: second });
  await accountOf(one).vault.put('draft', 'a', bytes('from one'));
  await two.login('clerk', second);
  assert.deepEqual(accountOf(two).vault.get('draft', 'a'), bytes('from one'));
  // Both at once: whoever is later seals behind the other.
  await Promise.all([
    ...[1, 2, 3].map((n) => accountOf(one).vault.put('draft', `one ${n}`, bytes(`${n}`))),
    ...[1, 2, 3].map((n) => accountOf(two).vault.put('draft', `two ${n}`, bytes(`${n}`))),
  ]);
  await Promise.all([accountOf(one).vault.refresh(), accountOf(two).vault.refresh()]);
  const all = (client: Client) =>
    accountOf(client)
      .vault.list('draft')
      .map(({ key }) => key)
      .sort();
  assert.deepEqual(all(one), ['a', 'one 1', 'one 2', 'one 3', 'two 1', 'two 2', 'two 3']);
  assert.deepEqual(all(one), all(two));
  assert.equal((await accountOf(one).devices()).length, 2);
});

test('a device opens its vault without the password when its session goes on', LIMIT, async (t) => {
  const branch = await branchWithClerk(t);
  const storage = memoryStorage();
  const client = clientOf(t, branch, storage);
  const { token } = await client.login('clerk', first, { newPassword: second });
  await accountOf(client).vault.put('setting', 'theme', bytes('dark'));
  const later = clientOf(t, branch, storage);
  await later.resume(token);
  assert.deepEqual(accountOf(later).vault.get('setting', 'theme'), bytes('dark'));
  const elsewhere = clientOf(t, branch);
  await elsewhere.resume(token);
  assert.deepEqual(elsewhere.accountState, { kind: 'locked', why: 'no-device' });
});

test('a change of password wraps the vault anew and ends the other sessions', LIMIT, async (t) => {
  const branch = await branchWithClerk(t);
  const [one, two] = [clientOf(t, branch), clientOf(t, branch)];
  await one.login('clerk', first, { newPassword: second });
  await two.login('clerk', second);
  await accountOf(one).vault.put('setting', 'theme', bytes('dark'));
  await one.changePassword(second, third);
  await assert.rejects(two.conversations(), { code: 'session-missing' });
  const fresh = clientOf(t, branch);
  await assert.rejects(fresh.login('clerk', second), { code: 'wrong-password' });
  await fresh.login('clerk', third);
  assert.deepEqual(accountOf(fresh).vault.get('setting', 'theme'), bytes('dark'));
});

test('after a reset a known device opens the vault, another one asks for the recovery key', LIMIT, async (t) => {
  const branch = await branchWithClerk(t);
  const storage = memoryStorage();
  const known = clientOf(t, branch, storage);
  await known.login('clerk', first, { newPassword: second });
  const recoveryKey = await accountOf(known).makeRecoveryKey();
  await accountOf(known).vault.put('setting', 'theme', bytes('dark'));
  const { identity } = accountOf(known);
  await reset(branch, 'reset-clerk');
  const other = clientOf(t, branch);
  await other.login('clerk', 'reset-clerk', { newPassword: third });
  assert.deepEqual(other.accountState, { kind: 'locked', why: 'other-password' });
  const typo = recoveryKey.replace(/.$/, (last) => (last === '7' ? '8' : '7'));
  await assert.rejects(other.recoverAccount(typo), { code: 'recovery-key-group' });
  await other.recoverAccount(recoveryKey.toLowerCase().replaceAll('-', ' '));
  assert.deepEqual(accountOf(other).vault.get('setting', 'theme'), bytes('dark'));
  assert.deepEqual(accountOf(other).identity.publicKey, identity.publicKey);
  await reset(branch, 'again-clerk');
  const back = clientOf(t, branch, storage);
  await back.login('clerk', 'again-clerk', { newPassword: 'fourth-clerk' });
  assert.deepEqual(accountOf(back).identity.publicKey, identity.publicKey);
  const fresh = clientOf(t, branch);
  await fresh.login('clerk', 'fourth-clerk');
  assert.equal(fresh.accountState.kind, 'open');
});

test(
  'a reset without a recovery key makes way for a new identity, and who knew the old one is told',
  LIMIT,
  async (t) => {
    const branch = await branchWithClerk(t);
    await addUser(branch, 'engineer', 'first-engineer');
    const [clerk, engineer] = [clientOf(t, branch), clientOf(t, branch)];
    const { user } = await clerk.login('clerk', first, { newPassword: second });
    await engineer.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
    const before = await accountOf(engineer).keysOf(user.id);
    const old = accountOf(clerk).certificate;
    assert.equal(before.changedTo, undefined);
    await assert.rejects(clerk.beginAccountAnew(), { code: 'login-again' });
    await reset(branch, 'reset-clerk');
    const anew = clientOf(t, branch);
    await anew.login('clerk', 'reset-clerk', { newPassword: third });
    await anew.beginAccountAnew();
    const told = nextEvent(engineer, 'identity-changed');
    const after = await accountOf(engineer).keysOf(user.id);
    assert.deepEqual(await told, { user: user.id });
    assert.deepEqual(after.identity, before.identity);
    assert.deepEqual(after.devices, []);
    assert.equal(accountOf(engineer).checkDevice(accountOf(anew).certificate.bytes), 'identity-changed');
    await accountOf(engineer).acceptIdentity(user.id, after.changedTo ?? assert.fail());
    assert.equal(accountOf(engineer).checkDevice(accountOf(anew).certificate.bytes), 'ok');
    assert.equal(accountOf(engineer).checkDevice(old.bytes), 'identity-changed');
  },
);

test('nobody gets another identity without a reset', LIMIT, async (t) => {
  const branch = await branchWithClerk(t);
  const client = clientOf(t, branch);
  const { token } = await client.login('clerk', first, { newPassword: second });
  const session = branch.accounts.sessions.find(token ?? '') ?? assert.fail();
  const other = clientOf(t, await branchWithClerk(t));
  await other.login('clerk', first, { newPassword: second });
  const theirs = accountOf(other).certificate.bytes;
  const { account } = branch.components;
  const vault = { head: new Uint8Array(), wraps: new Uint8Array(), records: [], certificate: theirs };
  await assert.rejects(async () => account?.identities.begin(session, vault), { code: 'device-foreign' });
  await assert.rejects(async () => account?.identities.addDevice(session, theirs), { code: 'device-foreign' });
});

test(
  'a device that is signed out elsewhere wipes itself, online or later, and comes back as another',
  LIMIT,
  async (t) => {
    const branch = await branchWithClerk(t);
    const storages = [memoryStorage(), memoryStorage()] as const;
    const [one, online, away] = [
      clientOf(t, branch),
      clientOf(t, branch, storages[0]),
      clientOf(t, branch, storages[1]),
    ];
    const me = await one.login('clerk', first, { newPassword: second });
    const lost = await online.login('clerk', second);
    const offline = await away.login('clerk', second);
    const ready = nextEvent(online, 'ready');
    online.connect();
    await ready;
    const wiped = nextEvent(online, 'wiped');
    await accountOf(one).removeDevice(lost.device);
    await wiped;
    await accountOf(one).removeDevice(offline.device);
    const later = clientOf(t, branch, storages[1]);
    const heard = nextEvent(later, 'wiped');
    assert.equal(await later.resume(offline.token), undefined);
    await heard;
    for (const storage of storages) assert.deepEqual(await storage.keys(`${me.user.id}/`), []);
    const { devices } = await accountOf(one).keysOf(me.user.id);
    assert.deepEqual(
      devices.map(({ device }) => device),
      [me.device],
    );
    const again = await clientOf(t, branch, storages[1]).login('clerk', second);
    assert.notEqual(again.device, offline.device);
  },
);

test('with too many devices the one that was certified first and is signed in nowhere gives way', LIMIT, async (t) => {
  const branch = await branchWithClerk(t);
  const one = clientOf(t, branch);
  const me = await one.login('clerk', first, { newPassword: second });
  const early = clientOf(t, branch);
  const { device } = await early.login('clerk', second);
  await early.logout({ keepDevice: true });
  const { identity, certificate } = accountOf(one);
  for (let n = 0; n < 30; n++) {
    const id = parseDeviceId(randomUUID());
    const more = issueDeviceCertificate(identity, {
      ...certificate,
      device: id,
      notBefore: certificate.notBefore + 3_600_000,
    });
    const session = { id: '', user: me.user.id, device: { id, name: '' }, created: 0, lastSeen: 0 };
    await branch.components.account?.identities.addDevice(session, more.bytes);
  }
  await clientOf(t, branch).login('clerk', second);
  const { devices, removed } = await accountOf(one).keysOf(me.user.id);
  assert.equal(devices.length, 32);
  assert.deepEqual(removed, [device]);
  await accountOf(one).vault.refresh();
  assert.ok(accountOf(one).vault.wraps.every(({ id }) => id !== device));
});

/** Runs `step` by a client that dies at its n-th request, for each n, until it comes through. */
async function dyingEverywhere(step: (between: Between, n: number) => Promise<void>): Promise<number> {
  for (let n = 1; ; n++) {
    for (const reaches of [true, false]) {
      const outcome = await step(dyingAt(n, reaches), n).then(
        () => 'through',
        (error: unknown) => codeOf(error),
      );
      if (outcome === 'through') return n;
    }
  }
}

test(
  'a client that dies anywhere in the first login comes through the next time, with the old or the new password',
  LIMIT,
  async (t) => {
    const steps = await dyingEverywhere(async (between, n) => {
      const branch = await openBranch(t);
      await addUser(branch, 'clerk', first);
      const storage = memoryStorage();
      const outcome = await clientOf(t, branch, storage, between)
        .login('clerk', first, { newPassword: second })
        .then(
          () => undefined,
          (error: unknown) => error,
        );
      const client = clientOf(t, branch, storage);
      await client.login('clerk', second).catch(async () => client.login('clerk', first, { newPassword: second }));
      assert.equal(client.accountState.kind, 'open', `after a death at request ${n}`);
      await accountOf(client).vault.put('setting', 'theme', bytes('dark'));
      if (outcome !== undefined) throw outcome;
    });
    assert.ok(steps > 6, `${steps} requests`);
  },
);

test(
  'a client that dies anywhere in a change of password keeps its vault, by the old or the new password',
  LIMIT,
  async (t) => {
    const branch = await openBranch(t);
    let round = 0;
    const steps = await dyingEverywhere(async (between, n) => {
      const login = `clerk${round++}`;
      await addUser(branch, login, first);
      const storage = memoryStorage();
      const before = clientOf(t, branch, storage);
      const { token } = await before.login(login, first, { newPassword: second });
      await accountOf(before).vault.put('setting', 'theme', bytes('dark'));
      let dies: Between | undefined;
      const client = clientOf(t, branch, storage, (fetch) => {
        const dying = between(fetch);
        return (url, init) => (dies ? dying : fetch)(url, init);
      });
      await client.resume(token);
      dies = between;
      const outcome = await client.changePassword(second, third).then(
        () => undefined,
        (error: unknown) => error,
      );
      const fresh = clientOf(t, branch);
      await fresh.login(login, third).catch(async () => fresh.login(login, second));
      const theme = accountOf(fresh).vault.get('setting', 'theme');
      assert.deepEqual(theme, bytes('dark'), `after a death at request ${n}`);
      if (outcome !== undefined) throw outcome;
    });
    assert.ok(steps > 5, `${steps} requests`);
  },
);
