// Runs a command in this process, with streams of its own.
import { PassThrough, Readable } from 'node:stream';
import { runCli } from '../../cli/command-tree.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRun {
  readonly stdin?: string;
  readonly env?: Record<string, string>;
}

export async function canopy(words: readonly string[], run: CliRun = {}): Promise<CliResult> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCli(words, {
    stdin: Readable.from(run.stdin === undefined ? [] : [run.stdin]),
    stdout,
    stderr,
    env: run.env ?? {},
    interactive: false,
    stopSignal: () => new AbortController().signal,
  });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}
