// Preloaded into the programs under test (NODE_OPTIONS=--import): whoever connects to the process's Unix socket in
// CANOPY_PROBE is told, after a forced garbage collection, what the process holds. No part of the product.
import { readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Holding } from './probe.ts';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

function holding(): Holding {
  // Twice: what finalizers let go of in the first round goes in the second.
  for (let round = 0; round < 2; round++) if (typeof collect === 'function') collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  const handles: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) handles[name] = (handles[name] ?? 0) + 1;
  const open = readdirSync('/proc/self/fd').map(target);
  const sockets = open.filter((name) => name.startsWith('socket:')).length;
  return { script: process.argv[1] ?? '', heapUsed, external, rss, handles, sockets, files: open.length - sockets };
}

/** The descriptor that lists the folder is gone by then. */
function target(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

const folder = process.env['CANOPY_PROBE'];
if (folder !== undefined) {
  const server = createServer((socket) => socket.on('error', () => {}).end(JSON.stringify(holding())));
  server.listen(join(folder, `${process.pid}.sock`)).unref();
}
