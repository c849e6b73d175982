// Canopy's own commands inside a host of the laboratory, as an operator or a person would run them there.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Namespace } from './namespace.ts';

const CANOPY = resolve(import.meta.dirname, '../../cli/canopy.js');
const STOP_LIMIT = 15_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end. */
export async function canopy(
  host: Namespace,
  args: readonly string[],
  options: { input?: string; env?: Record<string, string>; timeout?: number } = {},
): Promise<Ended> {
  const child = start(host, args, options.env);
  const killer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? 60_000);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  child.stdin?.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(killer);
  return { code, stdout, stderr };
}

/** As `canopy`, for a command that must succeed. @returns its standard output without the last line's end */
export async function succeed(
  host: Namespace,
  args: readonly string[],
  options: Parameters<typeof canopy>[2] = {},
): Promise<string> {
  const ended = await canopy(host, args, options);
  if (ended.code !== 0) throw new Error(`canopy ${args.join(' ')}: exit ${ended.code}\n${ended.stderr}${ended.stdout}`);
  return ended.stdout.trimEnd();
}

function start(
  host: Namespace,
  args: readonly string[],
  env: Record<string, string> = {},
  script = CANOPY,
): ChildProcess {
  const { CANOPY_DIR: _, ...inherited } = process.env;
  return host.spawn(process.execPath, [script, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...inherited, NO_COLOR: '1', ...env },
  });
}

/** A command that goes on and speaks JSON lines: a server, or somebody's chat. */
export class Program {
  readonly #child: ChildProcess;
  readonly #lines: Record<string, unknown>[] = [];
  readonly #waiting = new Set<() => void>();
  #stderr = '';

  /** @param script another program than `canopy` */
  constructor(host: Namespace, args: readonly string[], env: Record<string, string> = {}, script = CANOPY) {
    this.#child = start(host, args, env, script);
    this.#child.stderr?.on('data', (chunk) => {
      this.#stderr = (this.#stderr + chunk).slice(-20_000);
    });
    if (this.#child.stdout) createInterface({ input: this.#child.stdout }).on('line', (line) => this.#take(line));
    this.#child.once('exit', () => this.#wake());
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it has said on standard error, the newest 20 kB. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Every JSON line so far, oldest first. */
  get lines(): readonly Record<string, unknown>[] {
    return this.#lines;
  }

  send(line: object): void {
    this.#child.stdin?.write(`${JSON.stringify(line)}\n`);
  }

  /** The first line, past or to come, that `matches`. @throws when it ends or `limit` milliseconds pass before */
  async line(
    matches: (line: Record<string, unknown>, index: number) => boolean,
    limit = 60_000,
  ): Promise<Record<string, unknown>> {
    const end = Date.now() + limit;
    for (;;) {
      const found = this.#lines.find(matches);
      if (found) return found;
      const left = end - Date.now();
      if (left <= 0 || this.#child.exitCode !== null) throw new Error(this.#complaint(left <= 0));
      await this.#next(left);
    }
  }

  /** Asks it to stop, and kills it when it does not. @returns its exit code */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT);
    await ended;
    clearTimeout(killer);
    return this.#child.exitCode;
  }

  #take(line: string): void {
    try {
      this.#lines.push(JSON.parse(line));
    } catch {
      this.#stderr += `not JSON: ${line}\n`;
    }
    this.#wake();
  }

  #wake(): void {
    for (const resume of this.#waiting) resume();
  }

  async #next(limit: number): Promise<void> {
    await new Promise<void>((done) => {
      const resume = () => {
        clearTimeout(timer);
        this.#waiting.delete(resume);
        done();
      };
      const timer = setTimeout(resume, limit);
      this.#waiting.add(resume);
    });
  }

  #complaint(late: boolean): string {
    const why = late ? 'said nothing of the kind in time' : `ended with ${this.#child.exitCode}`;
    const said = this.#lines.map((line) => JSON.stringify(line)).join('\n');
    return `${this.#child.spawnargs.slice(-8).join(' ')}: ${why}\n${said}\n${this.#stderr}`;
  }
}
