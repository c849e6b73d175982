// The laboratory is what it says: each router maps and filters as its kind does, and a person's desk reaches its LAN alone.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Internet } from './internet.ts';
import type { Namespace } from './namespace.ts';
import type { NatType } from './nat.ts';
import { forgetTranslations } from './network-faults.ts';

const internet = new Internet('self');
const first = internet.publicHost('first');
const second = internet.publicHost('second');
const children = new Set<{ kill(): void }>();
after(() => {
  for (const child of children) child.kill();
});

/** Milliseconds: a fresh cable needs up to a second before it carries, and TCP asks again after one. */
const PATIENCE = 2_500;

/** Where the mirror echoes for as long as one likes. */
const STEADY_PORT = 7_000;

/** Answers each UDP packet and each TCP connection with the address that it came from. */
const MIRROR = `
  require('node:dgram').createSocket('udp4').on('message', function (m, r) {
    this.send(r.address + ':' + r.port, r.port, r.address) }).bind(3478);
  require('node:net').createServer((s) => s.on('error', () => {}).end(s.remoteAddress + ':' + s.remotePort))
    .listen(443, '0.0.0.0', () => console.log('up'));
  require('node:net').createServer((s) => s.on('error', () => {}).pipe(s)).listen(${STEADY_PORT});`;

/** Prints the outer address of one local port as seen by each mirror, one line each; '-' where nothing came back. */
const ASK_UDP = `
  const socket = require('node:dgram').createSocket('udp4'); const seen = {}; const hosts = process.argv.slice(1);
  const tell = () => { console.log(hosts.map((host) => seen[host] ?? '-').join(' ')); process.exit() };
  socket.on('message', (m, r) => { seen[r.address] = String(m); if (hosts.every((host) => seen[host])) tell() });
  const ask = () => hosts.forEach((host) => socket.send('?', 3478, host));
  socket.bind(40000, () => { ask(); setInterval(ask, 150) });
  setTimeout(tell, ${PATIENCE});`;

const ASK_TCP = `
  const host = process.argv[1]; const port = Number(process.argv[2]);
  const socket = require('node:net').connect({ host, port, localPort: 41000 });
  socket.on('data', (d) => { console.log(String(d)); process.exit() }).on('error', () => { console.log('-'); process.exit() });
  setTimeout(() => { console.log('-'); process.exit() }, ${PATIENCE});`;

async function mirror(host: Namespace): Promise<void> {
  const child = host.spawn(process.execPath, ['-e', MIRROR], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  if (child.stdout) await once(child.stdout, 'data');
}

function askUdp(from: Namespace): string[] {
  return from.exec(process.execPath, ['-e', ASK_UDP, first.address, second.address]).trim().split(' ');
}

function askTcp(from: Namespace, address: string, port: number): string {
  return from.exec(process.execPath, ['-e', ASK_TCP, address, String(port)]).trim();
}

await mirror(first.host);
await mirror(second.host);

const MAPPING: Readonly<Record<NatType, 'same' | 'different' | 'none'>> = {
  open: 'same',
  'full-cone': 'same',
  'port-restricted': 'same',
  symmetric: 'different',
  cgnat: 'same',
  'cgnat-symmetric': 'different',
  'udp-blocked': 'none',
  'tcp-443': 'none',
};

for (const [nat, expected] of Object.entries(MAPPING) as [NatType, string][]) {
  test(`a router of kind ${nat}: two hosts see ${expected === 'none' ? 'no packet' : `${expected} address`} of one UDP port`, () => {
    const site = internet.site(nat, nat);
    const [a, b] = askUdp(site.dmz);
    const seen = a === '-' && b === '-' ? 'none' : a === b ? 'same' : 'different';
    assert.equal(seen, expected, `${a} ${b}`);
    assert.notEqual(askTcp(site.dmz, first.address, 443), '-', 'port 443 is open from everywhere');
  });
}

test('the Internet reaches the server of an open site and of a full cone, and of no other', async () => {
  for (const nat of ['open', 'full-cone', 'port-restricted', 'symmetric'] as const) {
    const site = internet.site(`in-${nat}`, nat);
    await mirror(site.dmz);
    const address = nat === 'open' ? site.dmzAddress : site.outer;
    assert.equal(askTcp(first.host, address, 443) !== '-', nat === 'open' || nat === 'full-cone', nat);
  }
});

test('a desk has no route but its LAN; a node reaches the DMZ and not the Internet', async () => {
  const site = internet.site('fence', 'port-restricted');
  await mirror(site.dmz);
  assert.deepEqual(site.desk.ip('route show').trim().split('\n').length, 1);
  assert.notEqual(askTcp(site.node, site.dmzAddress, 443), '-');
  assert.equal(askTcp(site.node, first.address, 443), '-');
  assert.equal(askTcp(site.desk, first.address, 443), '-');
  assert.equal(askTcp(site.desk, site.dmzAddress, 443), '-');
});

test('a router that forgets its translations carries an old connection no more, and new ones at once', async () => {
  const site = internet.site('forgetful', 'port-restricted');
  const program = `
    const socket = require('node:net').connect({ host: '${first.address}', port: ${STEADY_PORT} });
    socket.on('connect', () => setInterval(() => socket.write('.'), 50)).on('data', () => console.log('answered'));`;
  const child = site.dmz.spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  if (child.stdout) await once(child.stdout, 'data');
  forgetTranslations(site);
  await pause(1_000);
  let late = 0;
  child.stdout?.on('data', () => late++);
  await pause(500);
  assert.equal(late, 0);
  assert.notEqual(askTcp(site.dmz, first.address, 443), '-');
});
