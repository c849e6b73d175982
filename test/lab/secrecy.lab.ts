// What the hosts at the edge see and hold: captures of both relays' hosts, the region and the enterprise while a message
// passes, relayed at first and direct afterwards; the keys on the DMZ hosts; the ways out of a desk.
import assert from 'node:assert/strict';
import { createPrivateKey, randomUUID } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Capture, type Recording } from './capture.ts';
import { type Branch, Deployment, type PublicRealm } from './deployment.ts';
import { Internet } from './internet.ts';
import type { Namespace } from './namespace.ts';
import { type Program, succeed } from './program.ts';

const DIRECT_LIMIT = 60_000;
/** Sent in clear beside the product's traffic, so that each search is known to find what is there. */
const CONTROL_PORT = 9_999;

const internet = new Internet('secret');
let deployment: Deployment;
let region: PublicRealm;
let enterprise: PublicRealm;
let kyiv: Branch;
let lviv: Branch;
let clerk: Program;
let engineer: Program;

before(
  async () => {
    deployment = await Deployment.create(internet);
    region = await deployment.region('ua');
    enterprise = await deployment.enterprise('acme.ua', region);
    kyiv = await deployment.branch('kyiv.acme.ua', internet.site('kyiv', 'port-restricted'), enterprise);
    lviv = await deployment.branch('lviv.acme.ua', internet.site('lviv', 'port-restricted'), enterprise);
    await deployment.user(kyiv, 'clerk', 'Clerk One');
    await deployment.user(lviv, 'engineer', 'Engineer One');
    await deployment.acquaint([kyiv, lviv], ['clerk@kyiv.acme.ua', 'engineer@lviv.acme.ua']);
  },
  { timeout: 180_000 },
);

after(async () => deployment.stop(), { timeout: 60_000 });

test('no byte of an envelope is in clear on any host at the edge', { timeout: 180_000 }, async () => {
  const hosts = {
    kyiv: kyiv.site.dmz,
    lviv: lviv.site.dmz,
    enterprise: enterprise.where.host,
    region: region.where.host,
  };
  const captures = await recordAll(hosts);
  clerk = await deployment.chat(kyiv, 'clerk');
  engineer = await deployment.chat(lviv, 'engineer');

  const markers: (string | Uint8Array)[] = [];
  markers.push(...(await exchange(`MARKER-${randomUUID()}`)));
  await becomesDirect();
  markers.push(...(await exchange(`MARKER-${randomUUID()}`)));

  const control = `CONTROL-${randomUUID()}`;
  for (const host of Object.values(hosts)) sendInClear(host, control);

  for (const [name, recording] of Object.entries(await stopAll(captures))) {
    for (const marker of markers) assert.ok(!recording.holds(marker), `${name} saw a message in clear`);
    assert.ok(recording.holds(control), `the search of ${name}'s capture finds what was sent in clear`);
    assertTraffic(name, recording);
  }
});

test('neither the key of the authority nor that of the node lies on a DMZ host', async () => {
  for (const branch of [kyiv, lviv]) {
    const held = await everythingBelow(branch.relayDir);
    for (const file of ['authority/key.pem', 'node/key.pem', 'lan/key.pem', 'lan/authority-key.pem']) {
      assert.ok(!held.includes(await secretOf(join(branch.nodeDir, file))), `${file} of ${branch.realm}`);
    }
    assert.ok(
      held.includes(await secretOf(join(branch.relayDir, 'relay/key.pem'))),
      'the search finds the key that must be there',
    );
  }
});

test("a desk reaches its node and nothing else, and the node's host only its relay", () => {
  const { desk, node } = kyiv.site;
  const routes = desk.ip('route show').trim().split('\n');
  assert.equal(routes.length, 1, 'the LAN alone');
  for (const address of [region.where.address, enterprise.where.address, kyiv.site.dmzAddress, lviv.site.outer]) {
    assert.equal(connects(desk, address, 4443), false, `desk to ${address}`);
  }
  assert.equal(connects(desk, kyiv.site.nodeAddress, 8443), true);
  assert.equal(connects(node, region.where.address, 4443), false);
  assert.equal(connects(node, kyiv.site.dmzAddress, 4443), true);
});

test('a node fetches nothing for a desk: no CONNECT, no absolute address, no other Host', () => {
  const server = `${kyiv.site.nodeAddress}:8443`;
  const target = `${enterprise.where.address}:443`;
  const asks = [
    `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
    `GET http://${target}/ HTTP/1.1\r\nHost: ${target}\r\nConnection: close\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${target}\r\nConnection: close\r\n\r\n`,
    `GET /api/v1/live HTTP/1.1\r\nHost: ${server}\r\nOrigin: https://${target}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: canopy.v1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  ];
  for (const ask of asks) {
    const answer = kyiv.site.desk.exec(
      process.execPath,
      ['-e', TLS_ASK, kyiv.site.nodeAddress, kyiv.lanAuthority],
      ask,
    );
    assert.match(answer, /^(HTTP\/1\.1 4\d\d .*|closed)$/m, ask);
    assert.doesNotMatch(answer, /^HTTP\/1\.1 (101|2|3)/);
  }
});

const TLS_ASK = `
  const socket = require('node:tls').connect({ host: process.argv[1], port: 8443, ca: require('node:fs').readFileSync(process.argv[2]) });
  let answer = '';
  socket.on('data', (data) => { answer += data }).on('error', () => {}).on('close', () => console.log(answer || 'closed'));
  process.stdin.pipe(socket, { end: false });
  setTimeout(() => socket.destroy(), 3000).unref();`;

const CONNECT = `
  const socket = require('node:net').connect({ host: process.argv[1], port: Number(process.argv[2]) });
  const tell = (text) => { console.log(text); process.exit() };
  socket.on('connect', () => tell('yes')).on('error', () => tell('no'));
  setTimeout(() => tell('no'), 2000);`;

function connects(from: Namespace, address: string, port: number): boolean {
  return from.exec(process.execPath, ['-e', CONNECT, address, String(port)]).trim() === 'yes';
}

/** A message each way. @returns what must not be seen: the texts and the ids, as text and as bytes */
async function exchange(marker: string): Promise<(string | Uint8Array)[]> {
  const seen: (string | Uint8Array)[] = [marker];
  for (const [from, to, address] of [
    [clerk, engineer, `engineer@${lviv.realm}`],
    [engineer, clerk, `clerk@${kyiv.realm}`],
  ] as const) {
    const id = randomUUID();
    from.send({ send: { id, to: address, text: marker } });
    await to.line((line) => line['event'] === 'message' && line['id'] === id);
    seen.push(id, Buffer.from(id.replaceAll('-', ''), 'hex'));
  }
  return seen;
}

async function becomesDirect(): Promise<void> {
  for (const end = Date.now() + DIRECT_LIMIT; Date.now() < end; ) {
    const answer = await succeed(kyiv.site.node, ['ping', lviv.realm, '--json', '--dir', kyiv.nodeDir]);
    if (answer.includes('direct-tcp')) return;
  }
  assert.fail('the path did not become direct');
}

/** The capture saw the hosts that it should: without that a search of it proves nothing. */
function assertTraffic(name: string, recording: Recording): void {
  const expected: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
    kyiv: [
      [kyiv.site.dmzAddress, lviv.site.outer],
      [kyiv.site.dmzAddress, kyiv.site.nodeAddress],
    ],
    lviv: [
      [lviv.site.dmzAddress, kyiv.site.outer],
      [lviv.site.dmzAddress, lviv.site.nodeAddress],
    ],
    enterprise: [
      [enterprise.where.address, kyiv.site.outer],
      [enterprise.where.address, lviv.site.outer],
    ],
    region: [[region.where.address, enterprise.where.address]],
  };
  for (const [a, b] of expected[name] ?? []) {
    assert.ok(recording.trafficBetween(a, b) > 500, `${name}'s capture holds traffic between ${a} and ${b}`);
  }
}

async function recordAll(hosts: Readonly<Record<string, Namespace>>): Promise<Map<string, Capture>> {
  const captures = new Map<string, Capture>();
  for (const [name, host] of Object.entries(hosts)) {
    captures.set(name, await Capture.start(host, join(deployment.folder, `${name}.pcap`)));
  }
  return captures;
}

async function stopAll(captures: Map<string, Capture>): Promise<Record<string, Recording>> {
  const recordings: Record<string, Recording> = {};
  for (const [name, capture] of captures) recordings[name] = await capture.stop();
  return recordings;
}

function sendInClear(host: Namespace, text: string): void {
  const send = `require('node:dgram').createSocket('udp4').send(process.argv[1], ${CONTROL_PORT}, '127.0.0.1', () => process.exit())`;
  host.exec(process.execPath, ['-e', send, text]);
}

/** The private number of a key. */
async function secretOf(file: string): Promise<Buffer> {
  const { d } = createPrivateKey(await readFile(file)).export({ format: 'jwk' });
  assert.ok(d !== undefined);
  return Buffer.from(d, 'base64url');
}

/** Every file below a folder, end to end, with what its PEM blocks hold beside them. */
async function everythingBelow(folder: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    if (!(await stat(join(folder, name))).isFile()) continue;
    const bytes = await readFile(join(folder, name));
    const blocks = bytes.toString('latin1').matchAll(/-----BEGIN [^-]+-----([^-]+)-----END/g);
    parts.push(bytes, ...[...blocks].map(([, body = '']) => Buffer.from(body, 'base64')));
  }
  return Buffer.concat(parts);
}
