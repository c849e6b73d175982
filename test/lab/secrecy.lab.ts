// What the hosts at the edge see and hold: captures of both relays' hosts, the region and the enterprise while a message
// passes, relayed at first and direct afterwards; the keys on the DMZ hosts; the ways out of a desk.
import assert from 'node:assert/strict';
import { createPrivateKey, randomUUID } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { holds, marksBelow } from '../day/search-marks.ts';
import type { Recording } from './capture.ts';
import { recorded, sendInClear } from './captures.ts';
import { DayDesk } from './day-desk.ts';
import { type Branch, Deployment, type PublicRealm } from './deployment.ts';
import { Internet } from './internet.ts';
import { MarkedJourney, type Seat } from './marked-journey.ts';
import type { Namespace } from './namespace.ts';
import { type Program, succeed } from './program.ts';

const DIRECT_LIMIT = 60_000;
const LAN_PORT = 8443;

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
    await deployment.user(kyiv, 'writer', 'Writer One');
    await deployment.user(lviv, 'reader', 'Reader One');
    const addresses = ['clerk@kyiv.acme.ua', 'engineer@lviv.acme.ua', 'writer@kyiv.acme.ua', 'reader@lviv.acme.ua'];
    await deployment.acquaint([kyiv, lviv], addresses);
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
  const markers: (string | Uint8Array)[] = [];
  const control = `CONTROL-${randomUUID()}`;
  const recordings = await recorded(hosts, deployment.folder, async () => {
    clerk = await deployment.chat(kyiv, 'clerk');
    engineer = await deployment.chat(lviv, 'engineer');
    markers.push(...(await exchange(`MARKER-${randomUUID()}`)));
    await becomesDirect();
    markers.push(...(await exchange(`MARKER-${randomUUID()}`)));
    for (const host of Object.values(hosts)) sendInClear(host, control);
  });
  for (const [name, recording] of recordings) {
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

test('what people write, name, send and sign in with is on no wire, on no disk and in no log of a server', {
  timeout: 240_000,
}, async (t) => {
  const wires = { ...wiresOf('kyiv', kyiv), ...wiresOf('lviv', lviv) };
  const hosts = { ...wires, enterprise: enterprise.where.host, region: region.where.host };
  const desks = [new DayDesk(kyiv.site.desk), new DayDesk(lviv.site.desk)] as const;
  t.after(() => Promise.all(desks.map((desk) => desk.stop())));
  const journey = new MarkedJourney();
  const control = `CONTROL-${randomUUID()}`;
  const recordings = await recorded(hosts, deployment.folder, async () => {
    await journey.go(await seat(desks[0], kyiv, 'writer'), await seat(desks[1], lviv, 'reader'));
    // Across the LANs, and from both DMZs through the routers to the hosts that are public.
    for (const { site } of [kyiv, lviv]) {
      sendInClear(site.desk, control, site.nodeAddress);
      for (const { where } of [region, enterprise]) sendInClear(site.dmz, control, where.address);
    }
  });
  for (const [name, recording] of recordings) {
    for (const mark of journey.secret) assert.ok(!recording.shows(mark), `${mark} is in the capture of ${name}`);
    assert.ok(recording.shows(control), `the search of ${name}'s capture finds what was sent in clear`);
  }

  const programs = [kyiv.node, kyiv.relay, lviv.node, lviv.relay, enterprise.server, region.server];
  for (const program of programs) {
    await program.stop();
    const said = Buffer.from(`${JSON.stringify(program.lines)}${program.stderr}`);
    for (const mark of journey.secret) assert.ok(!holds(said, mark), `a server said ${mark}`);
  }
  const found = await marksBelow(deployment.folder, [...journey.secret, 'Writer One']);
  for (const mark of journey.secret) assert.deepEqual(found.get(mark), [], String(mark));
  for (const realm of ['kyiv.acme.ua', 'lviv.acme.ua']) {
    const places = found.get('Writer One') ?? [];
    assert.ok(
      places.some((place) => place.startsWith(`rows of ${realm}`)),
      `the search finds a person's name in ${realm}`,
    );
  }
});

/** Whoever listens here hears each cable of a branch. */
function wiresOf(name: string, { site: { desk, node, dmz, router } }: Branch): Record<string, Namespace> {
  return { [`${name}-desk`]: desk, [`${name}-node`]: node, [`${name}-dmz`]: dmz, [`${name}-router`]: router };
}

async function seat(desk: DayDesk, { site, realm, lanAuthority }: Branch, user: string): Promise<Seat> {
  const server = `https://${site.nodeAddress}:${LAN_PORT}`;
  const login = { server, ca: await readFile(lanAuthority, 'utf8'), user: `${user}@${realm}` };
  return { desk, login, firstPassword: Deployment.firstLogin.password };
}

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
