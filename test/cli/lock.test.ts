// canopy lock and unlock against a node that is a process of its own, and is killed the moment the lock is acknowledged.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { freePorts } from '../../cli/demo/free-ports.ts';
import { initRegion } from '../../cli/setup/init-region.ts';
import { AdminClient } from '../../node/admin/api.ts';
import { type Client, createClient } from '../../src/client/client.ts';
import { memoryStorage } from '../../src/client/platform.ts';
import { parseUserId } from '../../src/realm/ids.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { quickPasswords } from '../client/account/people.ts';
import { nextEvent } from '../client/waiting.ts';
import { Program } from '../faults/program.ts';
import { canopy } from './run-cli.ts';

const LIMIT = { timeout: 120_000 };
const REALM = parseRealmName('ua');
const FIRST = 'first password of the clerk';
const SECOND = 'second password of the clerk';
let folder: string;
let dir: string;
let url: string;
let node: Program;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'canopy-test-'));
  dir = join(folder, 'ua');
  const [lan, wan, stun] = await freePorts(3);
  const given = {
    'lan.listen': `127.0.0.1:${lan}`,
    'lan.scheme': 'http',
    'lan.names': ['ua.localhost'],
    'relay.listen': [`127.0.0.1:${wan}`],
    'relay.announce': [`127.0.0.1:${wan}`],
    'relay.stun': [`127.0.0.1:${stun}`],
    'metrics.node': 'off',
  } as const;
  await initRegion({ realm: REALM, dir, given });
  url = `http://ua.localhost:${lan}`;
  node = await Program.start({ role: 'node', dir });
  await addClerk();
}, LIMIT);

after(async () => {
  await node.stop();
  await rm(folder, { recursive: true, force: true });
}, LIMIT);

async function addClerk(): Promise<void> {
  const admin = new AdminClient(dataDirectory(dir).socket.node);
  let registrationId = '';
  const { record } = await quickPasswords.registerPassword(FIRST, REALM, async (request) => {
    const started = await admin.startUser({ login: 'clerk', name: 'Clerk One', request });
    registrationId = started.registrationId;
    return { ...started, userId: parseUserId(started.userId) };
  });
  await admin.finishUser({ registrationId, record });
}

async function ran(...words: string[]) {
  const { code, stdout, stderr } = await canopy([...words, '--dir', dir]);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function json(...words: string[]) {
  return JSON.parse(await ran(...words, '--json'));
}

function person(t: { after(run: () => Promise<void>): void }, storage = memoryStorage()): Client {
  const platform = nodePlatform();
  const client = createClient({ server: url, ...platform, storage, passwords: quickPasswords });
  t.after(async () => {
    client.disconnect();
    await platform.close();
  });
  return client;
}

async function connected(client: Client): Promise<void> {
  const ready = nextEvent(client, 'ready');
  client.connect();
  await ready;
}

test(
  'a lock is kept when the node is killed the moment it is acknowledged, and taken back by unlock',
  LIMIT,
  async (t) => {
    const clerk = person(t);
    const { token } = await clerk.login('clerk', FIRST, { newPassword: SECOND });
    await connected(clerk);
    const unasked = await canopy(['lock', '--dir', dir]);
    assert.deepEqual([unasked.code, /nobody is here to ask/.test(unasked.stderr)], [2, true], unasked.stderr);
    assert.equal((await json('status')).locked, undefined);

    const ended = nextEvent(clerk, 'signed-out');
    const locked = await json('lock', '--yes');
    await node.kill();
    assert.deepEqual([locked.schemaVersion, locked.realm, locked.wipe, locked.sessions], [1, 'ua', false, 1]);
    assert.deepEqual(await ended, { code: 'branch-locked' });

    node = await Program.start({ role: 'node', dir });
    await assert.rejects(person(t).login('clerk', SECOND), { code: 'branch-locked' });
    await assert.rejects(person(t).resume(token), { code: 'branch-locked' });
    const status = await json('status');
    assert.deepEqual(status.locked, { since: locked.since, wipe: false });
    assert.match(status.warnings[0], /^the branch is locked since /);
    const doctor = await canopy(['doctor', '--dir', dir]);
    assert.match(doctor.stdout, /the branch is locked since .*canopy unlock/);

    assert.match(await ran('unlock'), /^ua is open again; it was locked since /);
    assert.equal((await json('status')).locked, undefined);
    assert.equal((await json('unlock')).wasLocked, false);
    await person(t).login('clerk', SECOND);
  },
);

test('what is to be erased is kept as well, and is erased after a crash and after the unlocking', LIMIT, async (t) => {
  const storage = memoryStorage();
  const clerk = person(t, storage);
  const { token } = await clerk.login('clerk', SECOND);
  await connected(clerk);
  clerk.disconnect();
  const locked = await json('lock', '--wipe', '--yes');
  await node.kill();
  assert.equal(locked.wipe, true);
  assert.ok(locked.devices > 0);
  node = await Program.start({ role: 'node', dir });
  await ran('unlock');
  assert.ok((await storage.keys('')).length > 0);
  const later = person(t, storage);
  const wiped = nextEvent(later, 'wiped');
  assert.equal(await later.resume(token), undefined);
  await wiped;
  assert.deepEqual(await storage.keys(''), []);
  await later.login('clerk', SECOND);
  assert.equal(later.accountState.kind, 'open');
});
