// The data directory, its lock and its files.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRealmName } from '../../src/realm/names.ts';
import { createDataDirectory, openDataDirectory } from '../../src/settings/data-directory.ts';
import { acquireLock, lockOwner } from '../../src/settings/lock.ts';
import { writePrivateFile } from '../../src/settings/private-file.ts';
import { findRealmFile, readRealmFile, writeRealmFile } from '../../src/settings/realm-file.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test("a new directory is its owner's alone and carries its format", async (t) => {
  const directory = await createDataDirectory(join(await temporaryFolder(t), 'realm'));
  assert.equal(await modeOf(directory.path), 0o700);
  assert.equal(await modeOf(directory.format), 0o600);
  assert.equal(await readFile(directory.format, 'utf8'), '1\n');
  await openDataDirectory(directory.path);
});

test('a directory of a newer format is refused', async (t) => {
  const { path, format } = await createDataDirectory(await temporaryFolder(t));
  await writeFile(format, '2\n');
  await assert.rejects(openDataDirectory(path), { code: 'format-newer' });
  await assert.rejects(createDataDirectory(path), { code: 'format-newer' });
});

test('a directory without a realm is told from a damaged one', async (t) => {
  const { path, format } = await createDataDirectory(await temporaryFolder(t));
  await writeFile(format, 'x');
  await assert.rejects(openDataDirectory(path), { code: 'format-damaged' });
  await assert.rejects(openDataDirectory(join(path, 'none')), { code: 'no-realm-here' });
});

test('a private file replaces the old one whole', async (t) => {
  const path = join(await temporaryFolder(t), 'key.pem');
  await writeFile(path, 'old', { mode: 0o644 });
  await writePrivateFile(path, 'new');
  assert.equal(await readFile(path, 'utf8'), 'new');
  assert.equal(await modeOf(path), 0o600);
});

test('a second program of a kind is told who is there', async (t) => {
  const path = join(await temporaryFolder(t), 'node.lock');
  const lock = await acquireLock(path);
  await assert.rejects(acquireLock(path), { code: 'dir-in-use', message: new RegExp(`process ${process.pid}`) });
  assert.equal(await lockOwner(path), process.pid);
  await lock.release();
  assert.equal(await lockOwner(path), undefined);
  await (await acquireLock(path)).release();
});

test('a lock that a killed program left does not count', async (t) => {
  const path = join(await temporaryFolder(t), 'node.lock');
  const child = spawn('sleep', ['60']);
  t.after(() => child.kill('SIGKILL'));
  const began = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(' ')[21];
  await writeFile(path, `${child.pid} ${began}\n`);
  await assert.rejects(acquireLock(path), { code: 'dir-in-use' });
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  await (await acquireLock(path)).release();
});

test('a lock whose pid belongs to another process by now does not count', async (t) => {
  const path = join(await temporaryFolder(t), 'node.lock');
  await writeFile(path, `${process.pid} 1\n`);
  await (await acquireLock(path)).release();
});

test('realm.json reads back as written, and damage is told', async (t) => {
  const directory = await createDataDirectory(await temporaryFolder(t));
  assert.equal(await findRealmFile(directory), undefined);
  await assert.rejects(readRealmFile(directory), { code: 'no-realm-here' });
  const file = {
    realm: parseRealmName('kyiv.acme.ua'),
    tier: 'branch',
    rootFingerprint: 'ab'.repeat(32),
    ancestors: [{ realm: parseRealmName('acme.ua'), relays: ['/ip4/198.51.100.7/tcp/4443/p2p/x'] }],
    programs: ['node'],
    ownRelays: [],
  } as const;
  await writeRealmFile(directory, file);
  assert.deepEqual(await readRealmFile(directory), file);
  await writeFile(directory.realm, '{"schemaVersion":1,"realm":"../etc"}');
  await assert.rejects(readRealmFile(directory), { code: 'realm-file-damaged' });
});
