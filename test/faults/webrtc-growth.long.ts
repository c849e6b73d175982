// What WebRTC keeps of each connection that came and went. Its native library is known to give a part of it never back
// (60 to 90 kB were seen with libp2p alone); it must not be more than 100 kB for each end, or links that flap for weeks would
// fill a relay. Kept in docs/measured/webrtc-growth.md, apart from the soak.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PAGE = join(import.meta.dirname, '../../docs/measured/webrtc-growth.md');
const PROGRAM = fileURLToPath(new URL('./webrtc-growth-program.ts', import.meta.url));
const PROGRAM_LIMIT = 420_000;
const LIMIT = 100_000;

interface Growth {
  /** Bytes for each end of a connection. */
  readonly each: number;
  readonly heap: number;
  readonly connections: number;
  readonly warmUp: number;
}

test('a WebRTC connection that came and went keeps at most 100 kB for each end', { timeout: 450_000 }, async (t) => {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  const killer = setTimeout(() => child.kill('SIGKILL'), PROGRAM_LIMIT);
  const said: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => said.push(part));
  await once(child, 'close');
  clearTimeout(killer);
  const growth: Growth = JSON.parse(Buffer.concat(said).toString('utf8'));
  t.diagnostic(
    `${kilobytes(growth.each)} kB resident for each end of a connection, of them ${kilobytes(growth.heap)} kB on the heap`,
  );
  await writeFile(PAGE, page(growth));
  assert.ok(growth.each <= LIMIT, `${kilobytes(growth.each)} kB`);
});

function kilobytes(bytes: number): number {
  return Math.round(bytes / 1000);
}

function page({ each, heap, connections, warmUp }: Growth): string {
  return `# WebRTC's growth

What a process keeps of each WebRTC connection that came and went, for each of its two ends, after a forced collection: **${kilobytes(each)} kB** resident, of them ${kilobytes(heap)} kB on the heap. The rest is the native library's. ${connections} connections between two relays, after ${warmUp} that were not counted; at most 100 kB is
tolerated. ${new Date().toISOString().slice(0, 10)}, by \`npm run test:long -- test/faults/webrtc-growth.long.ts\`.
`;
}
