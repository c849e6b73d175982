// Ports on loopback for the demonstration.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { LocalError } from '../../src/realm/errors.ts';

const HOST = '127.0.0.1';
/** Ports tried after a wanted one. */
const MAX_MOVES = 200;
const MAX_TRIES = 50;
/** Below what systems give to outgoing connections (Linux: from 32768): a program that starts again finds its port free. */
const RANGE = { from: 20_000, to: 32_000 };

/** The wanted port, or the next one up that nobody has. */
export async function portFrom(wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + MAX_MOVES; port += 1) {
    if ((await holdTcp(port)) !== undefined) return port;
  }
  throw new LocalError('no-port', `no port from ${wanted} to ${wanted + MAX_MOVES} is free on ${HOST}`, {
    hint: 'Stop what uses them: ss -ltnp',
  });
}

/** Ports that are free for TCP and UDP alike, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count && attempt < count + MAX_TRIES; attempt += 1) {
    const port = await holdTcp(randomInt(RANGE.from, RANGE.to));
    if (port !== undefined && (await isUdpFree(port))) ports.add(port);
  }
  if (ports.size < count) throw new LocalError('no-port', `${count} free ports were not found on ${HOST}`);
  return [...ports];
}

/** Listens for a moment. Returns the port, or undefined when somebody has it. */
function holdTcp(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: HOST, exclusive: true }, () => {
      const address = server.address();
      const held = typeof address === 'object' && address ? address.port : undefined;
      server.close(() => resolve(held));
    });
  });
}

function isUdpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, HOST, () => socket.close(() => resolve(true)));
  });
}
