// Keys in a terminal: recovery key, safety numbers, devices, an identity that changed, a password that an administrator made.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandFailure } from '../../cli/failure.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { parseLogin } from '../../src/realm/user-address.ts';
import { OVERLAY, REALM } from '../node/lan/branch-fixture.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { type ChatBranch, CLERK, ENGINEER, PASSWORDS, Terminal, twoPeople } from './chat-terminal.ts';

const TIMEOUT = { timeout: 60_000 };

/** By an administrator; the user must change it. */
async function reset(branch: ChatBranch, login: string, password: string): Promise<void> {
  const { registerPassword } = await import('../../src/crypto/login.ts');
  let registrationId = '';
  const { record } = await registerPassword(password, REALM, async (request) => {
    const started = await branch.accounts.startReset({ login: parseLogin(login), request });
    registrationId = started.registrationId;
    return started;
  });
  await branch.accounts.finishReset({ registrationId, record });
}

test('both terminals show one safety number, which is compared and taken back', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS);
  const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS, []);
  await clerk.event({ event: 'ready' });
  clerk.say({ safety: { user: ENGINEER } });
  const { number } = await clerk.event({ event: 'safety', user: ENGINEER, verified: false });
  assert.match(String(number), /^(\d{5} ){11}\d{5}$/);
  clerk.say({ verify: { user: ENGINEER, number: '1'.repeat(60) } });
  await clerk.event({ event: 'error', code: 'identity-other' });
  clerk.say({ verify: { user: ENGINEER, number } });
  await clerk.event({ event: 'safety', verified: true });
  await engineer.text(/connected as/);
  engineer.say(`/safety ${CLERK}`);
  await engineer.text(new RegExp(` {2}${String(number).split(' ').slice(0, 4).join(' ')}$`));
  engineer.say(`/verified ${CLERK}`);
  await engineer.text(/is compared/);
  await Promise.all([clerk.eof(), engineer.eof()]);
});

test('a device is signed out by another, and a recovery key opens what a reset has closed', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS);
  await clerk.event({ event: 'ready' });
  const elsewhere = { ...branch, folder: await temporaryFolder(t) };
  const other = new Terminal(t, elsewhere, CLERK, { CANOPY_PASSWORD: 'second-one' });
  await other.event({ event: 'ready' });
  clerk.say({ devices: {} });
  const { devices } = await clerk.event({ event: 'devices' });
  assert.ok(Array.isArray(devices) && devices.length === 2);
  const { id } = devices.find((one: { current: boolean }) => !one.current) ?? assert.fail();
  clerk.say({ signOut: { device: id } });
  await assert.rejects(other.ended, (error) => {
    assert.ok(error instanceof CommandFailure);
    assert.equal(codeOf(error.cause), 'device-wiped');
    return true;
  });
  const [state = ''] = await readdir(elsewhere.folder);
  assert.deepEqual(JSON.parse(await readFile(join(elsewhere.folder, state, 'client.json'), 'utf8')), {});
  assert.ok(!(await readdir(join(elsewhere.folder, state))).includes('cache-key'));
  clerk.say({ recoveryKey: {} });
  const { text } = await clerk.event({ event: 'recovery-key' });
  await clerk.eof();
  await reset(branch, 'clerk', 'made-by-somebody');
  const fresh = { ...branch, folder: await temporaryFolder(t) };
  const env = { CANOPY_PASSWORD: 'made-by-somebody', CANOPY_NEW_PASSWORD: 'third-password' };
  await assert.rejects(new Terminal(t, fresh, CLERK, env).ended);
  const back = new Terminal(t, fresh, CLERK, { ...env, CANOPY_RECOVERY_KEY: String(text) });
  await back.event({ event: 'ready' });
  await back.eof();
});

test('a device that is signed out is listed by its name, and since when it is away', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const elsewhere = new Terminal(t, { ...branch, folder: await temporaryFolder(t) }, CLERK, {
    CANOPY_PASSWORD: 'second-one',
  });
  await elsewhere.event({ event: 'ready' });
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS, []);
  await clerk.text(/connected as/);
  const { sessions } = branch.accounts;
  const { id: user } = branch.accounts.list().find(({ address }) => address.login === 'clerk') ?? assert.fail();
  const [, old] = sessions.list(user);
  await sessions.end(old?.id ?? assert.fail(), 'logout');
  await assert.rejects(elsewhere.ended);
  clerk.say('/devices');
  await clerk.text(/terminal {2}this one, signed in$/);
  await clerk.text(/terminal {2}last seen \d{4}-\d\d-\d\dT/);
  await clerk.eof();
});

test('a password that was left to stay is told, and opens the keys when the person says so', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  await reset(branch, 'clerk', 'made-by-somebody');
  for (const account of branch.accounts.store.list()) {
    await branch.accounts.store.save({ ...account, mustChangePassword: false });
  }
  const clerk = new Terminal(t, branch, CLERK, { CANOPY_PASSWORD: 'made-by-somebody' }, []);
  await clerk.text(/does not open your keys elsewhere/);
  clerk.say('/accept-password');
  await clerk.text(/the password of this login opens your keys/);
  await clerk.eof();
});

test('a new identity is told, shown beside the old number, and accepted after a second word', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const engineer = new Terminal(t, branch, ENGINEER, PASSWORDS, []);
  await engineer.text(/connected as/);
  engineer.say(`/safety ${CLERK}`);
  await engineer.text(/you and clerk/);
  engineer.say(`/accept ${CLERK}`);
  await reset(branch, 'clerk', 'made-by-somebody');
  await beginAnew(branch);
  engineer.say(`/safety ${CLERK}`);
  await engineer.text(/with the new key of clerk/);
  engineer.say(`/accept ${CLERK}`);
  await engineer.text(/the new key of clerk.* counts from now on/);
  await engineer.eof();
});

test('a root that is not the one of the network is refused', TIMEOUT, async (t) => {
  const branch = await twoPeople(t);
  const flags = ['--json', '--root', '00'.repeat(32)];
  const clerk = new Terminal(t, branch, CLERK, PASSWORDS, flags);
  await clerk.event({ event: 'ready' });
  clerk.say({ safety: { user: ENGINEER } });
  await clerk.event({ event: 'error', code: 'identity-unproven' });
  await clerk.eof();
  const right = new Terminal(t, branch, CLERK, PASSWORDS, ['--json', '--root', await OVERLAY.rootFingerprint()]);
  await right.event({ event: 'ready' });
  right.say({ safety: { user: ENGINEER } });
  await right.event({ event: 'safety' });
  await right.eof();
});

/** On another device, without the recovery key. */
async function beginAnew(branch: ChatBranch): Promise<void> {
  const { createClient } = await import('../../src/client/client.ts');
  const { nodePlatform } = await import('../../cli/chat/node-platform.ts');
  const platform = nodePlatform();
  const client = createClient({ server: branch.server.url, ...platform });
  await client.login(CLERK, 'made-by-somebody', { newPassword: 'third-password' });
  await client.beginAccountAnew();
  await client.logout({ keepDevice: true });
  await platform.close();
}
