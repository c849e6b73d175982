// The LAN server over TLS, with a certificate of the realm's LAN authority.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import { sessionCookie } from '../../../node/lan/cookies.ts';
import { createClient } from '../../../src/client/client.ts';
import { createLanKeys } from '../../../src/pki/bootstrap.ts';
import { nextEvent } from '../../client/waiting.ts';
import { type Branch, openBranch, REALM } from './branch-fixture.ts';

const TIMEOUT = { timeout: 30_000 };
const ADDRESS = '127.0.0.1';

async function secureBranch(t: TestContext): Promise<{ branch: Branch; url: string; ca: string }> {
  const lan = { hosts: ['chat.acme.lan', ADDRESS], scope: { zones: ['acme.lan'], ranges: ['127.0.0.0/8'] } };
  const files = await createLanKeys({ realm: REALM, now: Date.now(), lan });
  const branch = await openBranch(t, { names: ['chat.acme.lan'], tls: { key: files.keyPem, chain: files.chainPem } });
  return { branch, url: `https://${ADDRESS}:${branch.server.port}`, ca: files.authorityPem };
}

test(
  'a client that trusts the LAN authority logs in and is live, by the address that it reached',
  TIMEOUT,
  async (t) => {
    const { branch, url, ca } = await secureBranch(t);
    await branch.addUser('clerk', 'Clerk One', 'first-clerk');
    const platform = nodePlatform({ ca });
    t.after(() => platform.close());
    const client = createClient({ server: url, ...platform });
    await client.login('clerk', 'first-clerk', { newPassword: 'second-clerk' });
    const ready = nextEvent(client, 'ready');
    client.connect();
    await ready;
    client.disconnect();
  },
);

test('a client that does not trust it says so', TIMEOUT, async (t) => {
  const { url } = await secureBranch(t);
  const platform = nodePlatform();
  t.after(() => platform.close());
  await assert.rejects(createClient({ server: url, ...platform }).server(), { code: 'server-certificate' });
});

test('TLS below 1.2 is refused, and a name that is not the server’s is too', TIMEOUT, async (t) => {
  const { branch, ca } = await secureBranch(t);
  const { port } = branch.server;
  const old = connect({
    port,
    host: ADDRESS,
    ca,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  const [error] = await once(old, 'error');
  assert.match(String(error), /protocol version|unsupported protocol|alert/i);
  for (const [host, status] of [
    [`evil.example:${port}`, '421'],
    [`127.0.0.2:${port}`, '421'],
    [`chat.acme.lan:${port}`, '200'],
  ]) {
    const answer = await exchange(
      port,
      ca,
      `GET /api/v1/server HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), host);
    assert.match(answer, /strict-transport-security: max-age=\d+/);
  }
});

async function exchange(port: number, ca: string, request: string): Promise<string> {
  const socket = connect({ port, host: ADDRESS, ca }).setEncoding('utf8');
  let text = '';
  socket.on('data', (part) => {
    text += part;
  });
  socket.write(request);
  await once(socket, 'close');
  return text;
}

test('the cookie of a secure server is bound to it', () => {
  const cookie = sessionCookie(REALM, true);
  assert.match(
    cookie.set('t'),
    /^__Host-canopy-kyiv\.acme\.ua=t; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
  assert.equal(cookie.read('a=1; __Host-canopy-kyiv.acme.ua=xyz; b=2'), 'xyz');
  assert.equal(cookie.read('canopy-kyiv.acme.ua=xyz'), undefined);
});
