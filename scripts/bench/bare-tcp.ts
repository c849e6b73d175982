// Bytes over one plain TCP connection on loopback, from a process of its own: the yardstick of the same run.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const CHUNK = 256 * 1024;

const SENDER = `
  const [port, bytes] = process.argv.slice(1).map(Number);
  const chunk = Buffer.alloc(${CHUNK}, 7); let left = bytes;
  const socket = require('node:net').connect(port, '127.0.0.1', push).on('drain', push);
  function push() { while (left > 0) { left -= chunk.length; if (!socket.write(chunk)) return } socket.end() }
  socket.on('close', () => { const { user, system } = process.cpuUsage(); console.log((user + system) / 1e6) });`;

export async function measureBare(bytes: number): Promise<{ mbit: number; cpuPerGb: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const before = process.cpuUsage();
  const sender = spawn(process.execPath, ['-e', SENDER, String(port), String(bytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  sender.stdout.on('data', (data) => (told += data));
  const exit = new Promise((resolve) => sender.once('exit', resolve));
  const ms = await receive(server);
  await exit;
  server.close();
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1e6 + Number(told);
  return { mbit: (bytes * 8) / 1_000 / ms, cpuPerGb: cpu / (bytes / 1e9) };
}

function receive(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('connection', (socket) => {
      const begun = performance.now();
      socket.on('error', reject);
      socket.on('data', () => {});
      socket.on('end', () => {
        socket.end();
        resolve(performance.now() - begun);
      });
    });
  });
}
