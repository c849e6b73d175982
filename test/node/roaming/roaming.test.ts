// A user of kyiv in the LAN of lviv: logs in, writes, hears, opens the vault; what lviv sees of it, and what is left there. Two real LAN
// servers; between them the fake of the overlay.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import { Guests } from '../../../node/roaming/guests.ts';
import { RoamHost } from '../../../node/roaming/roam-host.ts';
import type { HttpFetch } from '../../../src/client/client.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { under } from '../../../src/store/keys.ts';
import { clientOf, PASSWORDS } from '../../client/account/people.ts';
import { nextEvent } from '../../client/waiting.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { type Branch, REALM } from '../lan/branch-fixture.ts';
import { CLERK, LVIV, twoBranches } from './two-branches.ts';

const LIMIT = { timeout: 60_000 };
const { first, second } = PASSWORDS;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function contents(branch: Branch): Promise<string[]> {
  const rows: string[] = [];
  const all = { gte: new Uint8Array(), lt: Uint8Array.of(0xff) };
  for await (const [key, value] of branch.database.iterate(all)) {
    rows.push(`${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`);
  }
  return rows;
}

test('a user of one branch works in the LAN of another, and nothing is left there', LIMIT, async (t) => {
  const { home, visited, guests } = await twoBranches(t);
  const before = await contents(visited);
  const engineer = clientOf(t, home);
  await engineer.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
  const seen: string[] = [];
  const overheard =
    (fetch: HttpFetch): HttpFetch =>
    async (url, init) => {
      const answer = await fetch(url, init);
      return {
        ...answer,
        status: answer.status,
        json: async () => {
          const body = await answer.json();
          seen.push(JSON.stringify(body));
          return body;
        },
      };
    };
  const storage = memoryStorage();
  const clerk = clientOf(t, visited, storage, overheard);
  const me = await clerk.login(CLERK, first, { newPassword: second });
  assert.equal(me.user.address, CLERK);
  assert.equal(clerk.accountState.kind, 'open');
  await clerk.account?.vault.put('setting', 'theme', bytes('dark'));
  const ready = nextEvent(clerk, 'ready');
  clerk.connect();
  await ready;
  const heard = nextEvent(clerk, 'message');
  engineer.connect();
  await engineer.send({ to: CLERK, text: 'are you there?' });
  assert.equal((await heard).from.address, 'engineer@kyiv.acme.ua');
  await clerk.changePassword(second, 'third-clerk');
  await clerk.logout();
  assert.deepEqual(guests.gauges(), { present: 0 });
  assert.deepEqual(await contents(visited), before);
  assert.deepEqual(await storage.keys(''), []);
  const back = clientOf(t, home);
  await back.login('clerk', 'third-clerk');
  assert.deepEqual(back.account?.vault.get('setting', 'theme'), bytes('dark'));
  assert.deepEqual(
    (await back.account?.devices())?.map(({ current }) => current),
    [true],
  );
  const tokens = [...(await tokensAt(home))];
  assert.ok(tokens.length > 0);
  assert.ok(seen.every((text) => tokens.every((token) => !text.includes(token))));
});

/** Hashes of the tokens that live at the home: none of them is ever shown to a guest's client. */
async function tokensAt({ database }: Branch): Promise<Set<string>> {
  const hashes = new Set<string>();
  for await (const [key] of database.iterate(under('session'))) hashes.add(Buffer.from(key).toString('base64url'));
  return hashes;
}

test("a guest's token is worth nothing at home, and a grant is worth nothing to another branch", LIMIT, async (t) => {
  const { home, visited, networks, host } = await twoBranches(t);
  const clerk = clientOf(t, visited);
  const { token } = await clerk.login(CLERK, first, { newPassword: second });
  assert.equal(await clientOf(t, home).resume(token), undefined);
  assert.deepEqual(host.gauges(), { grants: 1 });
  const odesa = networks.of(parseRealmName('odesa.acme.ua'), 'branch');
  const others = new Guests({
    network: odesa,
    clock: systemClock,
    audit: { record: async () => {} },
    isColleague: () => true,
  });
  const answer = await others.call(REALM, 'made-up-grant', {
    method: 'GET',
    path: '/me',
    from: '192.0.2.1',
    type: '',
    range: '',
    body: new Uint8Array(),
  });
  assert.equal(answer.status, 401);
  others.stop();
});

test('an unknown user, a wrong password and a known user look the same from another branch', LIMIT, async (t) => {
  const { visited } = await twoBranches(t);
  const client = clientOf(t, visited);
  await assert.rejects(client.login('nobody@kyiv.acme.ua', 'guess-guess'), { code: 'wrong-password' });
  await assert.rejects(client.login(CLERK, 'guess-guess'), { code: 'wrong-password' });
  // Without the branch nobody is looked for elsewhere.
  await assert.rejects(client.login('clerk', first), { code: 'wrong-password' });
});

test('guessing from another branch is slowed down like any other', LIMIT, async (t) => {
  const { visited } = await twoBranches(t);
  const client = clientOf(t, visited);
  for (let n = 0; n < 5; n++)
    await assert.rejects(client.login(CLERK, `guess number ${n}`), { code: 'wrong-password' });
  await assert.rejects(client.login(CLERK, first), { code: 'login-backoff' });
});

test('while the home is away nobody is let in, and a guest who is there is told', LIMIT, async (t) => {
  const { visited, networks } = await twoBranches(t);
  const clerk = clientOf(t, visited);
  await clerk.login(CLERK, first, { newPassword: second });
  networks.cut(REALM);
  await assert.rejects(clerk.conversations(), { code: 'home-unreachable' });
  await assert.rejects(clientOf(t, visited).login(CLERK, second), { code: 'home-unreachable' });
  networks.heal(REALM);
  assert.deepEqual(await clerk.conversations(), []);
});

test('an answer that is longer than memory allows is refused before it is read', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  let read = 0;
  let ended = false;
  const file = (): Response => {
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      read += 1024 * 1024;
      controller.enqueue(new Uint8Array(1024 * 1024));
    };
    const cancel = (): void => {
      ended = true;
    };
    const headers = { 'content-length': String(5 * 1024 ** 3) };
    return new Response(new ReadableStream({ pull, cancel }), { headers });
  };
  const door = { request: async () => file(), adopt: () => {} };
  const network = networks.of(REALM, 'branch');
  const host = new RoamHost({ network, door, isColleague: () => true, clock: systemClock, log: silentLog });
  host.start();
  t.after(() => host.stop());
  const visitor = { network: networks.of(LVIV, 'branch'), clock: systemClock };
  const guests = new Guests({ ...visitor, audit: { record: async () => {} }, isColleague: () => true });
  t.after(() => guests.stop());
  const call = { method: 'GET', path: '/login/start', from: '10.0.0.1', type: '', range: '', body: new Uint8Array() };
  assert.equal((await guests.call(REALM, '', call)).status, 413);
  assert.deepEqual([ended, read < 4 * 1024 * 1024], [true, true]);
});

test(
  'pieces of files go up and down for a guest as they are: type, range, and a body of several frames',
  LIMIT,
  async (t) => {
    const { home, visited, guests, host } = await twoBranches(t);
    const clerk = clientOf(t, visited);
    await clerk.login(CLERK, first, { newPassword: second });
    assert.deepEqual([guests.gauges()['present'], host.gauges()['grants']], [1, 1]);
    const { door } = home.server;
    const asked: { readonly type: string; readonly range: string; readonly body: Uint8Array }[] = [];
    const original = door.request;
    door.request = async (request) => {
      if (!request.path.startsWith('/uploads/') && !request.path.startsWith('/blobs/')) return original(request);
      asked.push(request);
      const headers = { 'content-type': 'application/octet-stream', 'content-range': 'bytes 5-8/9' };
      return new Response(bytes('abcd'), { status: 206, headers });
    };
    const platform = nodePlatform();
    t.after(() => platform.close());
    const { fetch } = platform;
    const asking = { credentials: 'same-origin', redirect: 'error', signal: AbortSignal.timeout(20_000) } as const;
    const file = new Uint8Array(3 * 1024 * 1024).map((_, at) => at % 251);
    const url = `${visited.server.url}/api/v1`;
    const token = clerk.me?.token ?? assert.fail();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' };
    await fetch(`${url}/uploads/${'0'.repeat(32)}?offset=0`, { ...asking, method: 'POST', headers, body: file });
    const answer = await fetch(`${url}/blobs/some`, {
      ...asking,
      method: 'GET',
      headers: { ...headers, range: 'bytes=5-8' },
    });
    assert.deepEqual(
      [answer.status, answer.headers.get('content-range'), Buffer.from(await answer.arrayBuffer()).toString()],
      [206, 'bytes 5-8/9', 'abcd'],
    );
    assert.equal(asked[0]?.type, 'application/octet-stream');
    assert.deepEqual(asked[0]?.body, file);
    assert.equal(asked[1]?.range, 'bytes=5-8');
  },
);
