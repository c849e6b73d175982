// Runs in a process of its own: the test runner follows every promise, and a simulation has hundreds of millions.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Verdict } from './run.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'scripts', 'simulate.ts');
/** Megabytes: 500 realms on their disks in memory. */
const HEAP = 12_000;
/** Megabytes: what lives for a few events dies young. Its CPU is what is measured, so collecting keeps to one thread. */
const YOUNG = 64;
/**
 * Megabytes, for hundreds of realms: a stream that waits for a minute of their time waits for thousands of events, and what lasts
 * is not gone through again before there is so much of it. Else a third of the CPU goes there.
 */
const YOUNG_OF_MANY = 256;
const FIRST_OF_MANY = 4_000;

function memoryFor(many: boolean): string[] {
  const always = [`--max-old-space-size=${HEAP}`, '--single-threaded-gc'];
  if (!many) return [...always, `--max-semi-space-size=${YOUNG}`];
  const young = [`--min-semi-space-size=${YOUNG_OF_MANY}`, `--max-semi-space-size=${YOUNG_OF_MANY}`];
  return [...always, '--expose-gc', ...young, `--initial-heap-size=${FIRST_OF_MANY}`];
}

/** What `npm run simulate -- ARGS --json` says of each run, in the order of the seeds. `many`: hundreds of realms in one world. */
export async function simulateApart(args: readonly string[], { many = false } = {}): Promise<Verdict[]> {
  const command = [...memoryFor(many), SCRIPT, ...args, '--json'];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0 && code !== 1) throw new Error(`the simulation ended with ${code}`);
  const { runs }: { runs: Verdict[] } = JSON.parse(Buffer.concat(parts).toString());
  return runs;
}
