// Fault cases 26, 27, 28 and 33 at the LAN side of a node that runs as a process of its own.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { client as opaque, ready } from '@serenity-kit/opaque';
import { registerUser } from '../../cli/register-user.ts';
import { AdminClient } from '../../node/admin/api.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { nextEvent } from '../client/waiting.ts';
import { rawExchange, statusOf } from '../node/lan/raw-http.ts';
import { type LoneRealm, makeLoneRealm, type Person } from './lone-realm.ts';
import { Program } from './program.ts';

const LIMIT = { timeout: 90_000 };
const MARKUP = `</script><script>alert(1)</script><img src=x onerror="alert(2)">`;

describe('the LAN side of a node', LIMIT, () => {
  let realm: LoneRealm;
  let node: Program;
  let people: readonly [Person, Person];
  let canary: Server;
  let canaryPort: number;
  let touched = 0;

  before(async () => {
    realm = await makeLoneRealm();
    node = await Program.start({ role: 'node', dir: realm.dir });
    people = await realm.people();
    canary = createServer((socket) => {
      touched++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    const address = canary.address();
    canaryPort = typeof address === 'object' && address ? address.port : 0;
  });
  after(async () => {
    for (const { client } of people ?? []) client.disconnect();
    canary?.close();
    await node?.stop();
    await realm?.remove();
  });

  const exchange = (line: string, headers: readonly string[] = [], body = '', host = `ua.localhost:${realm.lanPort}`) =>
    rawExchange(realm.lanPort, [line, `Host: ${host}`, 'Connection: close', ...headers], body);

  function post(path: string, body: object, headers: readonly string[] = []): Promise<string> {
    const text = JSON.stringify(body);
    const own = ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`];
    return exchange(`POST /api/v1${path} HTTP/1.1`, [...own, ...headers], text);
  }

  test('fault 33: nothing that a client says makes the node connect anywhere', LIMIT, async () => {
    const place = `127.0.0.1:${canaryPort}`;
    const asked: [string, readonly string[], string?][] = [
      [`CONNECT ${place} HTTP/1.1`, []],
      [`GET http://${place}/ HTTP/1.1`, []],
      [`POST http://${place}/api/v1/login/start HTTP/1.1`, ['Content-Length: 0']],
      ['GET / HTTP/1.1', [], place],
      [`GET //${place}/ HTTP/1.1`, []],
      [`GET /api/v1/server?url=http://${place}/ HTTP/1.1`, [`X-Forwarded-Host: ${place}`, `Referer: http://${place}/`]],
      ['TRACE / HTTP/1.1', []],
      ['OPTIONS * HTTP/1.1', []],
      ['GET / HTTP/1.1', ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAP__']],
      ['PRI * HTTP/2.0', []],
    ];
    for (const [line, headers, host] of asked) {
      const answer = await exchange(line, headers, '', host);
      assert.doesNotMatch(answer, /Transfer-Encoding: chunked\r\n.*proxy/i, line);
      assert.ok(line.startsWith('GET /') || statusOf(answer) >= 400, `${line}: ${answer.slice(0, 40)}`);
    }
    const [clerk] = people;
    await assert.rejects(clerk.client.send({ to: `anybody@${place}`, text: 'x' }));
    await assert.rejects(clerk.client.send({ to: 'anybody@nowhere.ua', text: `http://${place}/preview.png` }));
    assert.equal(touched, 0);
  });

  test(
    'fault 27: another origin, another name of this host, or no origin opens no socket and ends no session',
    LIMIT,
    async () => {
      const upgrade = (headers: readonly string[], host?: string) =>
        exchange(
          'GET /api/v1/live HTTP/1.1',
          [
            'Upgrade: websocket',
            'Sec-WebSocket-Version: 13',
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
            'Sec-WebSocket-Protocol: canopy.v1',
            ...headers,
          ],
          '',
          host,
        );
      const bearer = `Authorization: Bearer ${people[0].client.me?.token}`;
      const cookie = `Cookie: canopy-ua=${people[0].client.me?.token}`;
      for (const origin of [
        'http://evil.example',
        'null',
        `http://kyiv.localhost:${realm.lanPort}`,
        'http://ua.localhost',
      ]) {
        assert.equal(statusOf(await upgrade([bearer, `Origin: ${origin}`])), 403, origin);
        assert.equal(statusOf(await upgrade([cookie, `Origin: ${origin}`])), 403, origin);
        assert.equal(statusOf(await post('/logout', {}, [cookie, `Origin: ${origin}`])), 403, origin);
      }
      assert.equal(statusOf(await upgrade([cookie])), 403, 'a cookie and no origin');
      assert.equal(statusOf(await post('/logout', {}, [cookie])), 403, 'a cookie and no origin');
      for (const host of [
        'evil.example',
        `evil.example:${realm.lanPort}`,
        `127.0.0.1:${realm.lanPort}`,
        'ua.localhost',
      ]) {
        assert.equal(statusOf(await upgrade([bearer], host)), 421, host);
      }
      assert.equal(statusOf(await exchange('GET /api/v1/me HTTP/1.1', [bearer])), 200, 'the session lives');
    },
  );

  test(
    'fault 28: markup in a message and in a name comes back as the text it is, in an answer that nobody takes for a page',
    LIMIT,
    async () => {
      const [clerk, engineer] = people;
      for (const { client } of people) client.connect();
      const arrives = nextEvent(engineer.client, 'message', ({ mine }) => !mine);
      await clerk.client.send({ to: engineer.address, text: MARKUP });
      assert.equal((await arrives).text, MARKUP);
      const admin = new AdminClient(dataDirectory(realm.dir).socket.node);
      await registerUser(admin, { login: 'markup', name: MARKUP.slice(0, 60), password: 'first password' });
      for (const [login, name] of [
        ['control', 'a\u0000b'],
        ['override', 'a\u202eb'],
        ['lines', 'a\nb'],
        ['<b>', 'B'],
        ['__proto__/..', 'B'],
      ] as const) {
        await assert.rejects(registerUser(admin, { login, name, password: 'first password' }), `${login} ${name}`);
      }
      const bearer = `Authorization: Bearer ${clerk.client.me?.token}`;
      const answer = await exchange('GET /api/v1/users?address=markup%40ua HTTP/1.1', [bearer]);
      assert.match(answer, /\r\ncontent-type: application\/json/i);
      assert.match(answer, /\r\nx-content-type-options: nosniff/i);
      assert.match(answer, /\r\ncontent-security-policy: default-src 'self'/i);
      assert.ok(answer.includes(JSON.stringify(MARKUP.slice(0, 60))));
      const missing = await exchange(`GET /api/v1/users?address=${encodeURIComponent(MARKUP)} HTTP/1.1`, [bearer]);
      assert.ok(!missing.includes('<script>'), 'nothing of a request is said back');
    },
  );

  test(
    'fault 26: who exists can not be told from answers, from their sizes or from when guessing is held back',
    LIMIT,
    async () => {
      await ready;
      const { startLoginRequest: request } = opaque.startLogin({ password: 'a guess' });
      const forms: string[][] = [];
      for (const login of ['engineer', 'nobody', 'engineer@ua', 'nobody@ua', 'engineer@elsewhere.ua']) {
        const form: string[] = [];
        for (let guess = 0; guess < 8; guess++) form.push(formOf(await post('/login/start', { login, request })));
        forms.push(form);
      }
      const [known, unknown, knownInFull, unknownInFull, elsewhere] = forms;
      assert.deepEqual(unknown, known);
      assert.deepEqual(unknownInFull, knownInFull);
      assert.deepEqual(elsewhere, known);
      assert.match(known?.[0] ?? '', /^200 /);
      assert.match(known?.at(-1) ?? '', /^429 .*login-backoff/);
    },
  );
});

/** Status, header names and the fields of the body with their lengths: all that a guesser sees but the values. */
function formOf(answer: string): string {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const names = head
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(':')[0]?.toLowerCase());
  const json: unknown = JSON.parse(body);
  const fields = Object.entries(typeof json === 'object' && json !== null ? json : {}).map(([name, value]) =>
    typeof value === 'string' ? `${name}:${value.length}` : `${name}:${JSON.stringify(value)}`,
  );
  return [statusOf(answer), body.length, ...names, ...fields].join(' ');
}
