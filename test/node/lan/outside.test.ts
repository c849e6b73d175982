// A computer that is not of the server's networks: it is told nothing, and nobody logs in from there. The computer is this one, by the
// address of an interface that is not loopback; where there is none, the same server that allows its networks shows what is open.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import { createClient } from '../../../src/client/client.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import { createLanKeys } from '../../../src/pki/bootstrap.ts';
import { addUser, PASSWORDS, quickPasswords } from '../../client/account/people.ts';
import { openBranch, REALM } from './branch-fixture.ts';

const LIMIT = { timeout: 30_000 };
const { first, second } = PASSWORDS;

const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
const address = interfaces.find(({ internal, family }) => !internal && family === 'IPv4')?.address;

test('from outside the networks of the server nobody logs in, with whatever password', LIMIT, async (t) => {
  const host = address ?? '127.0.0.1';
  const lan = { hosts: [host], scope: { zones: [], ranges: [`${host}/32`] } };
  const keys = await createLanKeys({ realm: REALM, now: Date.now(), lan });
  const platform = nodePlatform({ ca: keys.authorityPem });
  t.after(() => platform.close());
  const given = { host: '0.0.0.0', tls: { key: keys.keyPem, chain: keys.chainPem } };
  const branch = await openBranch(t, { ...given, networks: ['198.51.100.0/24'] });
  await addUser(branch, 'clerk', first);
  const at = (port: number) =>
    createClient({
      server: `https://${host}:${port}`,
      ...platform,
      storage: memoryStorage(),
      passwords: quickPasswords,
    });
  const login = (port: number) => at(port).login('clerk', first, { newPassword: second });
  if (address !== undefined) {
    await assert.rejects(login(branch.server.port), { code: 'not-from-here' });
    await assert.rejects(at(branch.server.port).server(), { code: 'not-from-here' });
    const told = (await branch.audit.tail(20)).map(({ code }) => code);
    assert.deepEqual(told, ['user-added']);
  }
  const open = await openBranch(t, { ...given, networks: [`${host}/32`] });
  await addUser(open, 'clerk', first);
  assert.equal((await login(open.server.port)).user.address, `clerk@${REALM}`);
});
