// A colleague begins anew after a reset: what both sides and all their devices see and can write before and after the new identity is accepted.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../../src/client/client.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { type Branch, openBranch, REALM } from '../../node/lan/branch-fixture.ts';
import { addUser, quickPasswords } from '../account/people.ts';
import { nextEvent } from '../waiting.ts';
import { clientOf, connected } from './people.ts';

const TIMEOUT = { timeout: 90_000 };
const ENGINEER = `engineer@${REALM}`;
const CLERK = `clerk@${REALM}`;

async function device(t: TestContext, branch: Branch, login: string, password: string, newPassword?: string) {
  const client = clientOf(t, branch, { passwords: quickPasswords });
  const { user } = await client.login(login, password, newPassword === undefined ? {} : { newPassword });
  return { client, id: user.id };
}

async function reset(branch: Branch, login: string, password: string): Promise<void> {
  let registrationId = '';
  const { record } = await quickPasswords.registerPassword(password, REALM, async (request) => {
    const started = await branch.accounts.startReset({ login: parseLogin(login), request });
    registrationId = started.registrationId;
    return started;
  });
  await branch.accounts.finishReset({ registrationId, record });
}

const hears = (client: Client, text: string) => nextEvent(client, 'message', (message) => message.text === text);

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !holds() && Date.now() < end; ) await pause(25);
  assert.ok(holds());
}

test('a new identity gets nothing before it is accepted, and all devices of both agree after', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  for (const login of ['clerk', 'engineer']) await addUser(branch, login, `first-${login}`);
  const clerk = await device(t, branch, 'clerk', 'first-clerk', 'second-clerk');
  const desk = await device(t, branch, 'engineer', 'first-engineer', 'second-engineer');
  const laptop = await device(t, branch, 'engineer', 'second-engineer');
  for (const { client } of [clerk, desk, laptop]) await connected(client);
  const first = hears(clerk.client, 'hello');
  await desk.client.send({ to: CLERK, text: 'hello' });
  await first;
  const number = await desk.client.contacts.safetyNumber(clerk.id);
  assert.deepEqual(await clerk.client.contacts.safetyNumber(desk.id), number);
  await desk.client.contacts.setVerified(clerk.id, number);
  await until(() => laptop.client.contacts.isVerified(clerk.id));

  await reset(branch, 'clerk', 'made-for-clerk');
  const anew = await device(t, branch, 'clerk', 'made-for-clerk', 'third-clerk');
  await anew.client.beginAccountAnew();
  await connected(anew.client);
  const { changedTo, ...before } = await desk.client.contacts.identityOf(clerk.id);
  assert.ok(changedTo);
  assert.deepEqual([before.safetyNumber, before.verified, before.devices], [number, true, 0]);
  assert.deepEqual(changedTo.safetyNumber, await anew.client.contacts.safetyNumber(desk.id));

  await assert.rejects(
    desk.client.contacts.accept(clerk.id, desk.client.account?.identity.publicKey ?? assert.fail()),
    {
      code: 'identity-other',
    },
  );
  await desk.client.contacts.accept(clerk.id, changedTo.identity);
  await until(() => !laptop.client.contacts.isVerified(clerk.id));
  for (const { client } of [desk, laptop]) {
    const now = await client.contacts.identityOf(clerk.id);
    assert.deepEqual([now.safetyNumber, now.verified, now.changedTo], [changedTo.safetyNumber, false, undefined]);
  }
  for (const [{ client }, text] of [
    [desk, 'from the desk'],
    [laptop, 'from the laptop'],
  ] as const) {
    const heard = hears(anew.client, text);
    await client.send({ to: CLERK, text });
    assert.equal((await heard).problem, undefined);
  }
  const answers = Promise.all([hears(desk.client, 'it is me'), hears(laptop.client, 'it is me')]);
  await anew.client.send({ to: ENGINEER, text: 'it is me' });
  await answers;
});

test('a colleague who asks for nothing is told as soon as the new identity writes', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  for (const login of ['clerk', 'engineer']) await addUser(branch, login, `first-${login}`);
  const clerk = await device(t, branch, 'clerk', 'first-clerk', 'second-clerk');
  const desk = await device(t, branch, 'engineer', 'first-engineer', 'second-engineer');
  for (const { client } of [clerk, desk]) await connected(client);
  const first = hears(clerk.client, 'hello');
  await desk.client.send({ to: CLERK, text: 'hello' });
  await first;
  const answered = hears(desk.client, 'hello yourself');
  await clerk.client.send({ to: ENGINEER, text: 'hello yourself' });
  await answered;

  await reset(branch, 'clerk', 'made-for-clerk');
  const anew = await device(t, branch, 'clerk', 'made-for-clerk', 'third-clerk');
  await anew.client.beginAccountAnew();
  await connected(anew.client);
  const told = nextEvent(desk.client, 'identity-changed');
  await anew.client.send({ to: ENGINEER, text: 'it is me' });
  assert.deepEqual(await told, { user: clerk.id });
});

test('who begins anew goes on in a conversation that nobody but they had changed', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  for (const login of ['clerk', 'engineer']) await addUser(branch, login, `first-${login}`);
  const clerk = await device(t, branch, 'clerk', 'first-clerk', 'second-clerk');
  const desk = await device(t, branch, 'engineer', 'first-engineer', 'second-engineer');
  for (const { client } of [clerk, desk]) await connected(client);
  const first = hears(desk.client, 'hello');
  await clerk.client.send({ to: ENGINEER, text: 'hello' });
  await first;

  await reset(branch, 'clerk', 'made-for-clerk');
  const anew = await device(t, branch, 'clerk', 'made-for-clerk', 'third-clerk');
  await anew.client.beginAccountAnew();
  await connected(anew.client);
  const told = nextEvent(desk.client, 'identity-changed');
  const stored = nextEvent(anew.client, 'state', ({ state }) => state !== 'queued');
  await anew.client.send({ to: ENGINEER, text: 'it is me' });
  assert.equal((await stored).state, 'stored');
  assert.deepEqual(await told, { user: clerk.id });
  const { changedTo } = await desk.client.contacts.identityOf(clerk.id);
  assert.ok(changedTo);
  const heard = hears(desk.client, 'it is me');
  await desk.client.contacts.accept(clerk.id, changedTo.identity);
  assert.equal((await heard).problem, undefined);
  const answered = hears(anew.client, 'it is you');
  await desk.client.send({ to: CLERK, text: 'it is you' });
  assert.equal((await answered).problem, undefined);
});
