// canopy ledger, incarnation and user remove against a running region.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { registerUser } from '../../cli/register-user.ts';
import { AdminClient } from '../../node/admin/api.ts';
import { parseLogin } from '../../src/realm/user-address.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { canopy } from './run-cli.ts';
import { type RunningRegion, runRegion } from './running-region.ts';

const LIMIT = { timeout: 120_000 };
let region: RunningRegion;

before(async () => {
  region = await runRegion();
  const admin = new AdminClient(dataDirectory(region.dir).socket.node);
  await registerUser(admin, { login: parseLogin('clerk'), name: 'The clerk', password: 'first of clerk' });
}, LIMIT);

after(() => region.stop(), LIMIT);

const run = (...words: string[]) => canopy([...words, '--dir', region.dir]);

async function json(...words: string[]) {
  const { code, stdout, stderr } = await run(...words, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

test('ledger verify tells of each chain whether it stands, for people and for scripts', LIMIT, async () => {
  const { schemaVersion, realm, chains } = await json('ledger', 'verify');
  assert.deepEqual([schemaVersion, realm, chains.length], [1, 'ua', 2]);
  for (const { whole, n, from, time } of chains) {
    assert.deepEqual([whole, from], [true, 1]);
    assert.ok(n >= 1 && new Date(time).toISOString() === time);
  }
  const { stdout } = await run('ledger', 'verify');
  assert.match(stdout, /^ua directory: \d+ entries, incarnation 1: whole$/m);
});

test('ledger tail shows the newest entries, and no name', LIMIT, async () => {
  const { entries } = await json('ledger', 'tail', '--chain', 'directory');
  assert.deepEqual(
    entries.slice(0, 2).map(({ kind }: { kind: string }) => kind),
    ['key', 'user-added'],
  );
  const { stdout } = await run('ledger', 'tail', '-n', '1');
  assert.equal(stdout.trimEnd().split('\n').length, 2);
  assert.ok(!JSON.stringify(entries).includes('clerk'));
  assert.equal((await run('ledger', 'tail', '-n', '0')).code, 2);
});

test('incarnation show tells who was asked; there is nothing to confirm', LIMIT, async () => {
  const shown = await json('incarnation', 'show');
  assert.deepEqual([shown.incarnation, shown.mayWrite], [1, true]);
  const { code, stderr } = await run('incarnation', 'confirm');
  assert.equal(code, 2);
  assert.match(stderr, /--yes/);
  assert.match((await run('incarnation', 'confirm', '--yes')).stderr, /writes, or will do so by itself/);
});

test('a user is removed after a question, and the login is free again', LIMIT, async () => {
  assert.equal((await json('user', 'remove', 'clerk', '--dry-run')).dryRun, true);
  assert.equal((await run('user', 'remove', 'clerk')).code, 2);
  const { dryRun, user } = await json('user', 'remove', 'clerk', '--yes');
  assert.deepEqual([dryRun, user.address], [false, 'clerk@ua']);
  assert.deepEqual((await json('user', 'list')).users, []);
  assert.equal((await run('user', 'remove', 'clerk', '--yes')).code, 2);
});
