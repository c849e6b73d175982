// A realm's program as a process of its own that a test may watch, measure and kill.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Role } from '../../src/realm/names.ts';
import { ENGINE_FLAGS } from '../../src/settings/engine-flags.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const READY_DEADLINE = 40_000;
const STOP_DEADLINE = 10_000;

export type LogLine = Readonly<Record<string, unknown>>;

export interface ProgramInit {
  readonly role: Role;
  readonly dir: string;
  /** Words before the command, such as a tracer. */
  readonly under?: readonly string[];
}

export class Program {
  /** Fields of its ready message. */
  ready: LogLine = {};
  readonly log: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;

  private constructor({ role, dir, under = [] }: ProgramInit) {
    const [command = '', ...args] = [
      ...under,
      process.execPath,
      ...ENGINE_FLAGS[role],
      join(ROOT, role, 'main.ts'),
      '--dir',
      dir,
    ];
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('CANOPY_'));
    const env = { ...Object.fromEntries(own), UV_USE_IO_URING: '0' };
    this.#child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#gone = once(this.#child, 'exit');
    if (this.#child.stderr) {
      createInterface({ input: this.#child.stderr }).on('line', (line) => this.log.push(parse(line)));
    }
  }

  /** Resolves when it is ready. */
  static async start(init: ProgramInit): Promise<Program> {
    const program = new Program(init);
    const timer = setTimeout(() => void program.kill(), READY_DEADLINE);
    try {
      program.ready = await program.#firstLine();
    } finally {
      clearTimeout(timer);
    }
    if (program.ready['ready'] === true) return program;
    throw new Error(`the ${init.role} did not start: ${JSON.stringify([program.ready, ...program.log.slice(-5)])}`);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resident memory in MiB. */
  get memory(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
  }

  /** What it wrote of an event into its log. */
  events(message: string): LogLine[] {
    return this.log.filter((line) => line['event'] === message);
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => void this.kill(), STOP_DEADLINE);
    await this.#gone;
    clearTimeout(timer);
  }

  async #firstLine(): Promise<LogLine> {
    const lines = createInterface({ input: this.#child.stdout ?? process.stdin });
    const [line] = await Promise.race([once(lines, 'line'), this.#gone.then(() => ['{}'])]);
    return parse(String(line));
  }
}

function parse(line: string): LogLine {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : { event: line };
  } catch {
    return { event: line };
  }
}
