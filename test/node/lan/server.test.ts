// The LAN server against browsers of other sites, proxies' habits and hostile clients (fault cases 13, 26, 27, 28, 30, 33).
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createLanServer } from '../../../node/lan/server.ts';
import { proveLogin, registerPassword } from '../../../src/crypto/login.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type Branch, HOST, openBranch, REALM } from './branch-fixture.ts';
import { rawExchange, statusOf } from './raw-http.ts';

const TIMEOUT = { timeout: 30_000 };
const DEVICE = { id: '5a3cb0d2-55a5-4c3e-8c39-0f0e1c2d3b4a', name: 'test' };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function ask(
  branch: Branch,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: object,
): Promise<Answer> {
  const { port } = branch.server;
  const text = body === undefined ? '' : JSON.stringify(body);
  const given = { host: `${HOST}:${port}`, 'content-type': 'application/json', ...headers };
  const lines = Object.entries({ ...given, 'content-length': String(Buffer.byteLength(text)), connection: 'close' });
  const answer = await rawExchange(port, [`${method} ${path} HTTP/1.1`, ...lines.map(([k, v]) => `${k}: ${v}`)], text);
  const [head = '', content = ''] = answer.split('\r\n\r\n');
  const parsed = new Headers();
  for (const line of head.split('\r\n').slice(1))
    parsed.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim());
  const isJson = parsed.get('content-type')?.startsWith('application/json') && parsed.has('content-length');
  return { status: statusOf(answer), headers: parsed, body: isJson ? JSON.parse(content) : {} };
}

function codeOf(answer: Answer): unknown {
  const { error } = answer.body;
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

/** Logs in as a page would: the cookie, as the browser would send it back. */
async function cookieOf(branch: Branch, login: string, password: string): Promise<string> {
  const origin = `http://${HOST}:${branch.server.port}`;
  let loginId = '';
  const { finish } = await proveLogin(password, REALM, async (request) => {
    const { body } = await ask(branch, 'POST', '/api/v1/login/start', { origin }, { login, request });
    loginId = String(body['loginId']);
    return { response: String(body['response']), userId: parseUserId(String(body['userId'])) };
  });
  const answer = await ask(
    branch,
    'POST',
    '/api/v1/login/finish',
    { origin },
    { loginId, finish, device: DEVICE, session: 'cookie' },
  );
  assert.equal(answer.status, 200);
  assert.equal(answer.body['token'], undefined, 'no script ever sees the token');
  const cookie = answer.headers.get('set-cookie') ?? '';
  assert.match(cookie, /^canopy-kyiv\.acme\.ua=[\w-]{43};.*Path=\/; HttpOnly; SameSite=Strict$/);
  return cookie.split(';')[0] ?? '';
}

async function clerkBranch(t: TestContext): Promise<{ branch: Branch; cookie: string }> {
  const branch = await openBranch(t);
  await branch.addUser('clerk', 'Clerk One', 'first-clerk');
  return { branch, cookie: await cookieOf(branch, 'clerk', 'first-clerk') };
}

test('nothing that asks for a proxy is served', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  const { port } = branch.server;
  const host = `Host: ${HOST}:${port}`;
  const refused: [string, number][] = [
    ['CONNECT example.com:443 HTTP/1.1', 405],
    [`CONNECT ${HOST}:${port} HTTP/1.1`, 405],
    ['GET http://example.com/ HTTP/1.1', 400],
    [`GET http://${HOST}:${port}/api/v1/server HTTP/1.1`, 400],
    ['GET //example.com/api/v1/server HTTP/1.1', 400],
    ['OPTIONS * HTTP/1.1', 405],
    ['TRACE /api/v1/server HTTP/1.1', 405],
    ['PUT /api/v1/server HTTP/1.1', 405],
  ];
  for (const [line, status] of refused) {
    assert.equal(statusOf(await rawExchange(port, [line, host, 'Connection: close'])), status, line);
  }
});

test('a name that is not its own is refused, whoever resolves it', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  const { port } = branch.server;
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    HOST,
    `${HOST}:1`,
    `127.0.0.1:${port}`,
    `lviv.localhost:${port}`,
    '',
  ]) {
    const answer = await ask(branch, 'GET', '/api/v1/server', { host });
    assert.equal(answer.status, 421, host);
    assert.equal(codeOf(answer), 'host-refused');
  }
  const twice = ['GET /api/v1/server HTTP/1.1', `Host: ${HOST}:${port}`, 'Host: evil.example', 'Connection: close'];
  assert.ok([400, 421].includes(statusOf(await rawExchange(port, twice))));
  assert.equal((await ask(branch, 'GET', '/api/v1/server', {})).status, 200);
});

test('a page of another origin is refused, on requests and on upgrades', TIMEOUT, async (t) => {
  const { branch, cookie } = await clerkBranch(t);
  const { port } = branch.server;
  for (const origin of ['http://evil.example', `http://lviv.localhost:${port}`, `https://${HOST}:${port}`, 'null']) {
    const request = await ask(branch, 'GET', '/api/v1/me', { origin, cookie });
    assert.equal(codeOf(request), 'origin-refused', origin);
    assert.equal((await upgrade(branch, { cookie, origin })).status, 403, origin);
  }
  assert.equal(
    codeOf(await ask(branch, 'GET', '/api/v1/me', { cookie, 'sec-fetch-site': 'cross-site' })),
    'origin-refused',
  );
  assert.equal((await upgrade(branch, { cookie })).status, 403, 'a cookie without an origin');
  assert.equal(codeOf(await ask(branch, 'POST', '/api/v1/logout', { cookie }, {})), 'origin-refused');
  assert.equal((await ask(branch, 'GET', '/api/v1/me', { cookie })).status, 200);
});

function upgrade(branch: Branch, headers: Record<string, string>): Promise<Answer> {
  return ask(branch, 'GET', '/api/v1/live', {
    ...headers,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'canopy.v1',
  });
}

test('a form of another page can not log in', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  const answer = await ask(
    branch,
    'POST',
    '/api/v1/login/start',
    { 'content-type': 'text/plain' },
    { login: 'clerk', request: 'AA' },
  );
  assert.equal(answer.status, 400);
  assert.equal(codeOf(answer), 'request-malformed');
});

test('a cookie is worth nothing after logout, and an invented or doubled one never', TIMEOUT, async (t) => {
  const { branch, cookie } = await clerkBranch(t);
  const origin = `http://${HOST}:${branch.server.port}`;
  const invented = `canopy-${REALM}=${'A'.repeat(43)}`;
  for (const bad of [invented, `${cookie}; ${invented}`, `canopy-${REALM}=`, `__Host-${cookie}`, 'x'.repeat(4000)]) {
    assert.equal((await ask(branch, 'GET', '/api/v1/me', { cookie: bad })).status, 401, bad.slice(0, 60));
  }
  assert.equal((await ask(branch, 'POST', '/api/v1/logout', { cookie, origin }, {})).status, 200);
  // Whoever is nobody any more has left: no error, and the cookie goes.
  const again = await ask(branch, 'POST', '/api/v1/logout', { cookie, origin }, {});
  assert.equal(again.status, 200);
  assert.match(String(again.headers.get('set-cookie')), /Max-Age=0/i);
  assert.equal((await ask(branch, 'GET', '/api/v1/me', { cookie })).status, 401);
});

test('each login makes another session, and one whose whose password is due opens nothing else', TIMEOUT, async (t) => {
  const { branch, cookie: before } = await clerkBranch(t);
  const cookie = await cookieOf(branch, 'clerk', 'first-clerk');
  assert.notEqual(cookie, before);
  for (const path of ['/api/v1/conversations', '/api/v1/users?prefix=c', '/api/v1/messages/x']) {
    assert.equal(codeOf(await ask(branch, 'GET', path, { cookie })), 'password-change-required', path);
  }
  const origin = `http://${HOST}:${branch.server.port}`;
  assert.equal((await upgrade(branch, { cookie, origin })).status, 403);
});

test('a change of password ends the other sessions and replaces the cookie of this one', TIMEOUT, async (t) => {
  const { branch, cookie } = await clerkBranch(t);
  const origin = `http://${HOST}:${branch.server.port}`;
  const { body: me } = await ask(branch, 'GET', '/api/v1/me', { cookie });
  const userId = parseUserId(String(Object(me['user'])['id']));
  let changeId = '';
  const { record } = await registerPassword('second-clerk', REALM, async (request) => {
    const { body } = await ask(branch, 'POST', '/api/v1/password/start', { cookie, origin }, { request });
    changeId = String(body['changeId']);
    return { response: String(body['response']), userId };
  });
  const finish = { changeId, record, session: 'cookie' };
  const answer = await ask(branch, 'POST', '/api/v1/password/finish', { cookie, origin }, finish);
  const [fresh = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
  assert.match(fresh, /^canopy-kyiv\.acme\.ua=[\w-]{43}$/);
  assert.equal((await ask(branch, 'GET', '/api/v1/me', { cookie })).status, 401);
  assert.equal((await ask(branch, 'GET', '/api/v1/conversations', { cookie: fresh })).status, 200);
});

test('guessing passwords is slowed down, and the answer says how long to wait', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  await branch.addUser('clerk', 'Clerk One', 'first-clerk');
  const { client, ready } = await import('@serenity-kit/opaque');
  await ready;
  const request = client.startLogin({ password: 'guess' }).startLoginRequest;
  const answers: Answer[] = [];
  for (let i = 0; i < 40; i++)
    answers.push(await ask(branch, 'POST', '/api/v1/login/start', {}, { login: 'clerk', request }));
  const last = answers.at(-1) ?? assert.fail();
  assert.equal(last.status, 429);
  assert.equal(codeOf(last), 'login-backoff');
  assert.ok(Number(last.headers.get('retry-after')) >= 1);
});

test('a request above its limit, or of no known form, is refused', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  const big = await ask(branch, 'POST', '/api/v1/login/start', {}, { login: 'a'.repeat(20_000), request: 'AA' });
  assert.equal(big.status, 413);
  for (const body of [
    {},
    { login: 'x' },
    { login: 'x', request: '<>' },
    { login: 'x', request: 'AA', more: 1 },
    { __proto__: null, login: {} },
  ]) {
    assert.equal(codeOf(await ask(branch, 'POST', '/api/v1/login/start', {}, body)), 'request-malformed');
  }
  assert.equal((await ask(branch, 'GET', '/api/v1/nothing', {})).status, 401);
  assert.equal((await ask(branch, 'GET', '/api/v1/me', {})).status, 401);
});

test('every answer carries the headers that keep pages to themselves', TIMEOUT, async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Canopy</title>');
  await writeFile(join(folder, 'assets', 'main-abc123.js'), 'export {};');
  await writeFile(join(folder, 'secret.pem'), 'a type that is not served');
  const branch = await openBranch(t, { pages: folder });
  const caching: [string, number, RegExp][] = [
    ['/', 200, /^no-cache$/],
    ['/index.html', 200, /^no-cache$/],
    ['/chat/anybody', 200, /^no-cache$/],
    ['/assets/main-abc123.js', 200, /immutable/],
    ['/assets/other.js', 404, /^$/],
    ['/secret.pem', 404, /^$/],
    ['/../../etc/passwd.txt', 404, /^$/],
    ['/%2e%2e/%2e%2e/etc/passwd.txt', 404, /^$/],
    ['/api/v1/server', 200, /^no-store$/],
  ];
  for (const [path, status, cache] of caching) {
    const answer = await ask(branch, 'GET', path, {});
    assert.equal(answer.status, status, path);
    assert.match(answer.headers.get('cache-control') ?? '', cache, path);
    const policy = answer.headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'self'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "'wasm-unsafe-eval'",
    ]) {
      assert.ok(policy.includes(part), `${path}: ${part}`);
    }
    assert.ok(!policy.includes('unsafe-inline') && !policy.includes("'unsafe-eval'"));
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', path);
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer', path);
    assert.equal(answer.headers.get('cross-origin-opener-policy'), 'same-origin', path);
  }
  const first = await ask(branch, 'GET', '/', {});
  assert.equal((await ask(branch, 'GET', '/', { 'if-none-match': first.headers.get('etag') ?? '' })).status, 304);
});

test('health is told to this host by named checks', TIMEOUT, async (t) => {
  const branch = await openBranch(t);
  assert.deepEqual((await ask(branch, 'GET', '/healthz', {})).body, { schemaVersion: 1, ok: true });
  const ready = await ask(branch, 'GET', '/readyz', {});
  assert.deepEqual(ready.body, { schemaVersion: 1, ok: true, checks: [{ name: 'store', ok: true }] });
});

test('plain HTTP is refused for any address but loopback and any name but *.localhost', TIMEOUT, async (t) => {
  const { components } = await openBranch(t);
  for (const settings of [
    { host: '0.0.0.0', port: 0, names: [HOST] },
    { host: '127.0.0.1', port: 0, names: ['chat.acme.ua'] },
    { host: '127.0.0.1', port: 0, names: ['evillocalhost'] },
    { host: '127.0.0.1', port: 0, names: [] },
  ]) {
    assert.throws(() => createLanServer(components, settings), { code: 'lan-needs-tls' });
  }
});

test('a port that is taken is named', TIMEOUT, async (t) => {
  const { components, server } = await openBranch(t);
  const second = createLanServer(components, { host: '127.0.0.1', port: server.port, names: [HOST] });
  await assert.rejects(second.start(), { code: 'port-in-use' });
  await second.stop();
});
