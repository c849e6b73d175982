// The own account's dialogs, the ways into an account, and other people's keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnAccountClient, Privacy } from '../../../node/web/model/account-client.ts';
import { Identities } from '../../../node/web/model/identities.ts';
import { memoryStore } from '../../../node/web/model/local-store.ts';
import { OwnAccount } from '../../../node/web/model/own-account.ts';
import type { PageClient } from '../../../node/web/model/page-client.ts';
import { SessionModel } from '../../../node/web/model/session.ts';
import { RefusedError, UnreachableError } from '../../../src/realm/errors.ts';
import { photoName } from '../../../src/realm/photo.ts';
import { HandClock } from './hand-clock.ts';
import { CLERK, ENGINEER, ScriptedClient } from './scripted-client.ts';

const OPEN: Privacy = { receipts: true, presence: true, hidden: { receipts: false, presence: false } };

function accountOf(more: Partial<OwnAccountClient> = {}): OwnAccountClient {
  return {
    hasRecoveryKey: false,
    makeRecoveryKey: async () => 'KEY',
    devices: async () => [],
    renameDevice: async () => undefined,
    removeDevice: async () => undefined,
    rename: async (name) => ({ ...CLERK, name }),
    setPhoto: async (photo) => ({ ...CLERK, ...(photo && { photo: photoName(photo) }) }),
    photoOf: async () => undefined,
    deleteProfile: async () => undefined,
    privacy: async () => OPEN,
    setPrivacy: async (wish) => ({ ...OPEN, ...wish }),
    ...more,
  };
}

function sessionOf(client: ScriptedClient): SessionModel {
  const tab = { enter: async () => true, take: async () => undefined };
  return new SessionModel({ client, clock: new HandClock(), tab, store: memoryStore() });
}

test('a recovery key is offered once, after the first password', async () => {
  const client = new ScriptedClient();
  client.account = accountOf();
  client.loginWith = async (_password, newPassword) => {
    if (newPassword === undefined) throw new RefusedError('password-change-required', 'choose one');
    return client.self;
  };
  const session = sessionOf(client);
  await session.open();
  await session.logIn('clerk', 'first');
  await session.choosePassword('an own one');
  assert.equal(session.stage.value.kind, 'recovery-key');
  session.goOn();
  assert.equal(session.stage.value.kind, 'in');
});

test('a password that does not unlock the keys is accepted or replaced before anybody is in', async () => {
  for (const way of ['accept', 'replace'] as const) {
    const client = new ScriptedClient();
    client.account = accountOf({ hasRecoveryKey: true });
    client.accountState = { kind: 'open', password: 'unproven' };
    const session = sessionOf(client);
    await session.open();
    await session.logIn('clerk', 'given');
    assert.equal(session.stage.value.kind, 'unproven');
    if (way === 'accept') await session.acceptPassword();
    else {
      session.chooseAnother();
      assert.equal(session.isFirstPassword('given'), true);
      client.accountState = { kind: 'open' };
      await session.choosePassword('an own one');
    }
    assert.equal(session.stage.value.kind, 'in', way);
  }
});

test('who begins with new keys after a reset chooses a password first', async () => {
  const client = new ScriptedClient();
  client.accountState = { kind: 'locked', why: 'other-password' };
  const session = sessionOf(client);
  await session.open();
  await session.logIn('clerk', 'reset');
  const begin = client.beginAccountAnew.bind(client);
  client.beginAccountAnew = async () => {
    throw new RefusedError('password-change-required', 'choose one');
  };
  await session.beginAnew();
  assert.equal(session.stage.value.kind, 'new-password');
  client.beginAccountAnew = begin;
  await session.choosePassword('an own one');
  assert.equal(session.stage.value.kind, 'in');
});

test('locking shows nothing any more, keeps the device, and knows who comes back', async () => {
  const client = new ScriptedClient();
  const session = sessionOf(client);
  await session.open();
  await session.logIn('clerk', 'secret');
  const locked = session.lock();
  assert.deepEqual(session.stage.value, { kind: 'login', why: 'idle' });
  await locked;
  assert.equal(session.lastUser.value, CLERK.address);
  assert.ok(client.asked.includes('logout and keep'));
});

test('a name that the server refuses is told and changes nothing', async () => {
  const client = new ScriptedClient();
  client.account = accountOf({
    rename: async () => {
      throw new RefusedError('name-refused', 'no');
    },
  });
  const account = new OwnAccount(client, CLERK);
  assert.equal(await account.rename('Another'), false);
  assert.equal(account.naming.failure.value?.code, 'name-refused');
  assert.equal(account.me.value.name, CLERK.name);
  client.account = accountOf();
  assert.equal(await account.rename(' Another '), true);
  assert.equal(account.me.value.name, 'Another');
  assert.equal(account.naming.failure.value, undefined);
});

test('what others learn is shown as wished at once, sent in order, and as before when it is refused', async () => {
  const client = new ScriptedClient();
  const asked: Privacy[] = [];
  client.account = accountOf({
    setPrivacy: async (wish) => {
      asked.push({ ...OPEN, ...wish });
      if (asked.length > 2) throw new UnreachableError('server-unreachable', 'away');
      return { ...OPEN, ...wish };
    },
  });
  const account = new OwnAccount(client, CLERK);
  await account.setPrivacy({ receipts: false });
  assert.equal(asked.length, 0, 'nothing is sent before it is known what there is');
  await account.loadPrivacy();
  const first = account.setPrivacy({ receipts: false });
  await account.setPrivacy({ presence: false });
  assert.deepEqual(account.privacy.value, { ...OPEN, receipts: false, presence: false });
  await first;
  assert.deepEqual(asked, [
    { ...OPEN, receipts: false },
    { ...OPEN, receipts: false, presence: false },
  ]);
  await account.setPrivacy({ receipts: true });
  assert.equal(account.hiding.failure.value?.code, 'server-unreachable');
  assert.deepEqual(account.privacy.value, { ...OPEN, receipts: false, presence: false });
});

test('a recovery key is shown until the person goes on, then it is nowhere', async () => {
  const client = new ScriptedClient();
  client.account = accountOf();
  const account = new OwnAccount(client, CLERK);
  assert.equal(account.hasRecoveryKey.value, false);
  await account.makeRecoveryKey();
  assert.deepEqual([account.recoveryKey.value, account.hasRecoveryKey.value], ['KEY', true]);
  account.forgetRecoveryKey();
  assert.equal(account.recoveryKey.value, undefined);
});

test('changed keys are said until those whose number was shown are accepted', async () => {
  const client = new ScriptedClient();
  const [shown, accepted] = [new Uint8Array([7]), [] as Uint8Array[]];
  const contacts: PageClient['contacts'] = {
    blocked: async () => [],
    block: async () => undefined,
    unblock: async () => undefined,
    remove: async () => undefined,
    safetyNumber: async () => ['1'],
    isVerified: () => false,
    setVerified: async () => undefined,
    accept: async (_user, identity) => void accepted.push(identity),
    identityOf: async (user) => ({
      user,
      safetyNumber: ['1'],
      verified: false,
      changedTo: accepted.length > 0 ? undefined : { identity: shown, safetyNumber: ['2'] },
      devices: 1,
    }),
  };
  const identities = new Identities({ on: client.on.bind(client), contacts });
  identities.start();
  client.tell('identity-changed', { user: ENGINEER.id });
  assert.ok(identities.changed.value.has(ENGINEER.id));
  const comparison = identities.compare(ENGINEER);
  await comparison.ask();
  await comparison.accept();
  assert.deepEqual(accepted, [shown]);
  assert.equal(identities.changed.value.has(ENGINEER.id), false);
});

test('somebody who was in is in while the server is away, and nobody else', async () => {
  const client = new ScriptedClient();
  client.server = async () => {
    throw new UnreachableError('server-unreachable', 'away');
  };
  client.resumed = client.self;
  const store = memoryStore();
  store.setItem('canopy.session', 'in');
  const tab = { enter: async () => true, take: async () => undefined };
  const session = new SessionModel({ client, clock: new HandClock(), tab, store });
  await session.open();
  assert.equal(session.stage.value.kind, 'in');
  client.tell('account', { kind: 'refused', code: 'vault-went-back' });
  assert.deepEqual(session.stage.value, { kind: 'login', why: 'ended' });
  assert.equal(session.failure.value?.code, 'vault-went-back');
  const opening = new AbortController();
  const stranger = new SessionModel({ client, clock: new HandClock(), tab, store: memoryStore() });
  const opened = stranger.open(opening.signal);
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(stranger.stage.value, { kind: 'opening', unreachable: true });
  opening.abort();
  await opened;
});
