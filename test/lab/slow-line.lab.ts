// The slow line is what it says: it delays, it loses, it is thin, and it hands on whole packets.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { Internet } from './internet.ts';
import type { Namespace } from './namespace.ts';
import { SlowLine } from './slow-line.ts';

const PORT = 9_000;
const DELAY = 40;

const internet = new Internet('slow');
const host = internet.publicHost('host');
const site = internet.site('site', 'port-restricted');
const line = await SlowLine.lay(internet, site, { delay: DELAY });

/** Echoes UDP; over TCP tells how many bytes came. */
const ECHO = `
  require('node:dgram').createSocket('udp4').on('message', function (m, r) { this.send(m, r.port, r.address) }).bind(${PORT});
  require('node:net').createServer({ allowHalfOpen: true }, (s) => { let n = 0;
    s.on('data', (d) => (n += d.length)).on('end', () => s.end(String(n))).on('error', () => {}) })
    .listen(${PORT}, '0.0.0.0', () => console.log('up'));`;
const echo = host.host.spawn(process.execPath, ['-e', ECHO], { stdio: ['ignore', 'pipe', 'inherit'] });
if (echo.stdout) await once(echo.stdout, 'data');

after(async () => {
  echo.kill();
  await line.stop();
});

/** Sends packets one after the other. @returns how many came back, and the shortest time of one in milliseconds */
function ask(from: Namespace, count: number): { back: number; shortest: number } {
  const program = `
    const socket = require('node:dgram').createSocket('udp4'); const sent = []; const times = [];
    socket.on('message', (m) => times.push(performance.now() - sent[Number(m)]));
    socket.bind(0, () => { let n = 0; const timer = setInterval(() => {
      if (n === ${count}) { clearInterval(timer); setTimeout(() => {
        console.log(JSON.stringify({ back: times.length, shortest: Math.min(...times) })); process.exit() }, 300); return }
      sent[n] = performance.now(); socket.send(String(n++), ${PORT}, '${host.address}') }, 2) });`;
  return JSON.parse(from.exec(process.execPath, ['-e', program]));
}

/** Sends bytes over TCP. @returns how many came, and the seconds that it took */
function pour(from: Namespace, bytes: number): { came: number; seconds: number } {
  const program = `
    const begun = performance.now();
    const socket = require('node:net').connect(${PORT}, '${host.address}'); socket.end(Buffer.alloc(${bytes}));
    socket.on('data', (d) => console.log(JSON.stringify({ came: Number(d), seconds: (performance.now() - begun) / 1000 })));`;
  return JSON.parse(from.exec(process.execPath, ['-e', program]));
}

test('a packet takes its time, both ways, and none is lost', () => {
  const { back, shortest } = ask(site.dmz, 100);
  assert.equal(back, 100);
  assert.ok(shortest >= 2 * DELAY, `${shortest} ms`);
});

test('a lossy line loses its share, and TCP still brings all', () => {
  line.change({ delay: 5, loss: 0.1 });
  const { back } = ask(site.dmz, 500);
  assert.ok(back > 300 && back < 475, `${back} of 500 came back; 405 are expected`);
  assert.equal(pour(site.dmz, 200_000).came, 200_000);
});

test('a thin line carries no more than its rate', () => {
  line.change({ delay: 5, rate: 250_000 });
  const { came, seconds } = pour(site.dmz, 500_000);
  assert.equal(came, 500_000);
  assert.ok(seconds > 1.5, `${seconds} s`);
});
