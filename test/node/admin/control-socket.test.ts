// The control socket from both ends, over a real Unix socket.
import assert from 'node:assert/strict';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AdminClient, NotRunningError } from '../../../node/admin/api.ts';
import { type AdminActions, AdminServer } from '../../../node/admin/server.ts';
import { ConflictError, RefusedError, UnreachableError } from '../../../src/realm/errors.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const ua = parseRealmName('ua');
const user = { id: 'u', address: 'clerk@ua', name: 'Clerk One', kind: 'person', status: 'active', hidden: false };

const actions: AdminActions = {
  status: async () => Promise.reject(new Error('a fault of ours')),
  users: async () => [user],
  directory: async () => [user, { ...user, address: 'engineer@lviv.acme.ua' }],
  startUser: async () => Promise.reject(new ConflictError('login-taken', 'clerk is taken', { hint: 'Take another.' })),
  finishUser: async () => user,
  invite: async ({ realm, tier, ttl }) => ({ token: 'canopy1.x.y', realm, tier, expires: ttl }),
  enrol: async (bytes) => bytes.toReversed(),
  ping: async () => Promise.reject(new UnreachableError('no-path', 'no way')),
};

async function serve(t: TestContext, folder?: string): Promise<string> {
  const socket = join(folder ?? (await temporaryFolder(t)), 'node.sock');
  const server = new AdminServer({ socket }, { actions, log: silentLog });
  await server.start();
  t.after(() => server.stop());
  return socket;
}

function post(socketPath: string, path: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, method: 'POST' }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

test('answers come back as they were given', async (t) => {
  const admin = new AdminClient(await serve(t));
  assert.deepEqual(await admin.users(), [user]);
  assert.equal((await admin.directory()).length, 2);
  const realm = parseRealmName('acme.ua');
  assert.deepEqual(await admin.invite({ tier: 'enterprise', realm, ttl: 5 }), {
    token: 'canopy1.x.y',
    tier: 'enterprise',
    realm,
    expires: 5,
  });
  assert.deepEqual(await admin.enrol(Uint8Array.of(1, 2, 3)), Uint8Array.of(3, 2, 1));
});

test('an error keeps its class, code and hint', async (t) => {
  const admin = new AdminClient(await serve(t));
  await assert.rejects(
    admin.startUser({ login: 'clerk', name: 'Clerk One', request: 'x' }),
    (error) => error instanceof ConflictError && error.code === 'login-taken' && error.hint === 'Take another.',
  );
  await assert.rejects(admin.ping(ua), (error) => error instanceof UnreachableError && error.code === 'no-path');
  await assert.rejects(admin.status(), { code: 'internal' });
});

test('only its owner can open the socket', async (t) => {
  const { mode } = await stat(await serve(t));
  assert.equal(mode & 0o777, 0o600);
});

test('a socket whose server is gone, or was never there, says that nothing runs', async (t) => {
  const folder = await temporaryFolder(t);
  const socket = join(folder, 'node.sock');
  await assert.rejects(new AdminClient(socket).users(), NotRunningError);
  await writeFile(socket, '');
  await assert.rejects(new AdminClient(socket).users(), NotRunningError);
});

test('a stale socket is replaced', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'node.sock'), '');
  assert.deepEqual(await new AdminClient(await serve(t, folder)).users(), [user]);
});

test("a folder deeper than a socket's name may be long is served too", async (t) => {
  const folder = join(await temporaryFolder(t), 'x'.repeat(120));

  await mkdir(folder);
  assert.deepEqual(await new AdminClient(await serve(t, folder)).users(), [user]);
});

test('a request that is no JSON, of another form, too long or for no route is refused', async (t) => {
  const socket = await serve(t);
  assert.equal(await post(socket, '/v1/invite', '{'), 400);
  assert.equal(await post(socket, '/v1/invite', '{"tier":"planet","realm":"x","ttl":1}'), 400);
  assert.equal(await post(socket, '/v1/invite', `"${'x'.repeat(70_000)}"`), 400);
  assert.equal(await post(socket, '/v1/nothing', '{}'), 400);
});

test('a refusal of ours is a refusal there', async (t) => {
  const folder = await temporaryFolder(t);
  const socket = join(folder, 'node.sock');
  const refusing: AdminActions = { ...actions, users: async () => Promise.reject(new RefusedError('no', 'no')) };
  const server = new AdminServer({ socket }, { actions: refusing, log: silentLog });
  await server.start();
  t.after(() => server.stop());
  await assert.rejects(new AdminClient(socket).users(), RefusedError);
});
