// The networks that an operator sets: a node that reads them serves who is in them and nobody else. This computer is the client, by the
// address of an interface that is not loopback; where there is none it comes from loopback, and may always speak.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { freePorts } from '../../../cli/demo/free-ports.ts';
import { makeLoneRealm } from '../../faults/lone-realm.ts';
import { Program } from '../../faults/program.ts';

const LIMIT = { timeout: 60_000 };
const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
const address = interfaces.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';

async function statusFrom(port: number): Promise<number | undefined> {
  // the certificate is no matter of this test
  const asked = request({ host: address, port, path: '/api/v1/server', rejectUnauthorized: false });
  asked.end();
  const [answer] = await once(asked, 'response');
  answer.resume();
  return answer.statusCode;
}

for (const [networks, status] of [
  [['198.51.100.0/24'], address === '127.0.0.1' ? 200 : 403],
  [[`${address}/32`], 200],
] as const) {
  test(`with lan.networks ${networks} a client at ${address} is answered with ${status}`, LIMIT, async (t) => {
    const [port = 0] = await freePorts(1);
    const lan = { 'lan.listen': `0.0.0.0:${port}`, 'lan.scheme': 'https', 'lan.names': ['ua.localhost'] };
    const realm = await makeLoneRealm({ ...lan, 'lan.networks': networks });
    t.after(() => realm.remove());
    const node = await Program.start({ role: 'node', dir: realm.dir });
    t.after(() => node.stop());
    assert.equal(await statusFrom(port), status);
  });
}
