// Runs in a process of its own: the test runner follows every promise, and a simulation has hundreds of millions.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Verdict } from './run.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'scripts', 'simulate.ts');
/** Megabytes: 500 realms on their disks in memory. */
const HEAP = 12_000;
/** Megabytes: what lives for a few events dies young. Its CPU is what is measured, so collecting keeps to one thread. */
const YOUNG = 64;

/** What `npm run simulate -- ARGS --json` says of each run, in the order of the seeds. */
export async function simulateApart(args: readonly string[]): Promise<Verdict[]> {
  const memory = [`--max-old-space-size=${HEAP}`, `--max-semi-space-size=${YOUNG}`, '--single-threaded-gc'];
  const command = [...memory, SCRIPT, ...args, '--json'];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0 && code !== 1) throw new Error(`the simulation ended with ${code}`);
  const { runs }: { runs: Verdict[] } = JSON.parse(Buffer.concat(parts).toString());
  return runs;
}
