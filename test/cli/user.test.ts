// canopy user show, sessions, reset, disable, enable, hide, unhide, sign-out, move against a running node: exit codes, JSON, dry runs.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { canopy } from './run-cli.ts';
import { type RunningRegion, runRegion } from './running-region.ts';

const LIMIT = { timeout: 60_000 };
let region: RunningRegion;

before(async () => {
  region = await runRegion();
  const added = await run('add', '--name', 'Clerk One', { stdin: 'first password\n' });
  assert.equal(added.code, 0, added.stderr);
}, LIMIT);
after(() => region.stop(), LIMIT);

function run(verb: string, ...rest: (string | { stdin: string })[]) {
  const words = rest.filter((one) => typeof one === 'string');
  const given = rest.find((one) => typeof one !== 'string');
  return canopy(['user', verb, 'clerk', ...words, '--dir', region.dir], given ?? {});
}

async function json(verb: string, ...rest: (string | { stdin: string })[]) {
  const { code, stdout, stderr } = await run(verb, '--json', ...rest);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

test('a user is shown with status, identity and devices', LIMIT, async () => {
  const { user, schemaVersion } = await json('show');
  assert.equal(schemaVersion, 1);
  assert.equal(user.status, 'active');
  assert.equal(user.mustChangePassword, true);
  assert.equal(user.hasVault, false);
  assert.deepEqual(user.devices, []);
  assert.deepEqual((await json('sessions')).devices, []);
  assert.match((await run('show')).stdout, /identity {2}none before the first login/);
});

test('disable and enable say what they would do, ask, and do it', LIMIT, async () => {
  assert.equal((await json('disable', '--dry-run')).dryRun, true);
  assert.equal((await json('show')).user.status, 'active');
  const unasked = await run('disable');
  assert.equal(unasked.code, 2, unasked.stderr);
  assert.equal((await json('disable', '--yes')).status, 'disabled');
  assert.equal((await json('show')).user.status, 'disabled');
  assert.equal((await json('enable')).status, 'active');
  assert.equal((await json('show')).user.status, 'active');
});

test('a photo is set from a file, and removed; what is none is refused', LIMIT, async () => {
  const file = join(region.dir, 'photo.webp');
  await writeFile(file, Buffer.from('UklGRgAAAABXRUJQVlA4WAoAAAAAAAAAjwAAjwAA', 'base64'));
  assert.equal((await json('photo', file)).bytes, 30);
  assert.equal((await json('photo', '--remove')).bytes, 0);
  await writeFile(file, '<svg/>');
  const refused = await run('photo', file);
  assert.deepEqual([refused.code, /no photo for a profile/.test(refused.stderr)], [2, true], refused.stderr);
  assert.equal((await run('photo')).code, 2);
});

test('a department is set, listed, shown and taken back; one that would mislead is refused', LIMIT, async () => {
  assert.equal((await json('department', ' Accounts ')).department, 'Accounts');
  assert.equal((await json('show')).user.department, 'Accounts');
  assert.match((await run('show')).stdout, /works in {2}Accounts/);
  const listed = await canopy(['user', 'list', '--json', '--dir', region.dir]);
  assert.equal(JSON.parse(listed.stdout).users[0].department, 'Accounts');
  assert.match((await canopy(['user', 'list', '--dir', region.dir])).stdout, /DEPARTMENT[^]*Accounts/);
  const refused = await run('department', 'a\u202eb');
  assert.deepEqual([refused.code, /can't be a department/.test(refused.stderr)], [2, true], refused.stderr);
  assert.equal((await run('department')).code, 2);
  assert.equal((await json('department', '--remove')).department, null);
  assert.equal((await json('show')).user.department, undefined);
  const second = ['user', 'add', 'second', '--name', 'Second', '--department', 'Sales', '--json', '--dir', region.dir];
  const added = await canopy(second, { stdin: 'first password\n' });
  assert.equal(added.code, 0, added.stderr);
  assert.equal(JSON.parse(added.stdout).user.department, 'Sales');
});

test('a user is hidden, listed and shown as that, and found again', LIMIT, async () => {
  const listed = async () => {
    const [user] = JSON.parse((await canopy(['user', 'list', '--json', '--dir', region.dir])).stdout).users;
    return user.hidden;
  };
  assert.equal(await listed(), false);
  const { schemaVersion, address, hidden } = await json('hide');
  assert.deepEqual([schemaVersion, address, hidden], [1, 'clerk@ua', true]);
  assert.deepEqual([await listed(), (await json('show')).user.hidden], [true, true]);
  assert.match((await canopy(['user', 'list', '--dir', region.dir])).stdout, /clerk@ua .* active, hidden /);
  assert.match((await run('show')).stdout, /status {4}active, hidden/);
  assert.match((await run('unhide')).stdout, /^clerk@ua is found by everybody$/m);
  assert.deepEqual([await listed(), (await json('show')).user.hidden], [false, false]);
  const nobody = await canopy(['user', 'hide', 'nobody', '--dir', region.dir]);
  assert.deepEqual([nobody.code, /no user "nobody"/.test(nobody.stderr)], [2, true], nobody.stderr);
});

test('reset takes a first password from stdin and never from the command line', LIMIT, async () => {
  const done = await json('reset', '--yes', { stdin: 'another first password\n' });
  assert.deepEqual([done.dryRun, done.hasVault], [false, false]);
  const short = await run('reset', '--yes', { stdin: 'short\n' });
  assert.equal(short.code, 2, short.stderr);
});

test('sign-out and move refuse what is not there', LIMIT, async () => {
  assert.deepEqual((await json('sign-out', '--yes')).devices, []);
  const device = '00000000-0000-4000-8000-000000000001';
  assert.equal((await run('sign-out', '--yes', '--device', device)).code, 2);
  const moved = await run('move', '--yes', '--to', 'lviv.acme.example');
  assert.equal(moved.code, 2, moved.stderr);
  assert.match(moved.stderr, /no other realm of this enterprise/);
  assert.equal((await canopy(['user', 'show', 'nobody', '--dir', region.dir])).code, 2);
});
