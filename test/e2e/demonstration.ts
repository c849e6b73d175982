// A running `canopy demo` for browser tests: two branches, a user in each, on temporary data.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '../..');
const CANOPY = join(ROOT, 'cli/canopy.js');

export interface DemoUser {
  readonly user: string;
  readonly name: string;
  readonly password: string;
  readonly url: string;
}

interface DemoDocument {
  readonly ready: boolean;
  readonly users: readonly DemoUser[];
  readonly dirs: Readonly<Record<string, string>>;
}

export class Demonstration {
  readonly clerk: DemoUser;
  readonly engineer: DemoUser;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #dirs: DemoDocument['dirs'];

  private constructor(child: ChildProcess, folder: string, { users, dirs }: DemoDocument) {
    const [clerk, engineer] = users;
    if (!clerk || !engineer) throw new Error('the demonstration has no two users');
    this.clerk = clerk;
    this.engineer = engineer;
    this.#child = child;
    this.#folder = folder;
    this.#dirs = dirs;
  }

  static async start(): Promise<Demonstration> {
    const folder = await mkdtemp(join(tmpdir(), 'canopy-e2e-'));
    const child = spawn(process.execPath, [CANOPY, 'demo', '--json', '--dir', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    child.stderr.on('data', (data: Buffer) => (told += data.toString()));
    for await (const line of createInterface({ input: child.stdout })) {
      const document: DemoDocument = JSON.parse(line);
      if (document.ready) return new Demonstration(child, folder, document);
    }
    throw new Error(`the demonstration did not start:\n${told}`);
  }

  /** Makes one more user at a realm, with a first password. */
  async addUser(realm: string, login: string, name: string, password: string): Promise<void> {
    const dir = this.#dirs[realm] ?? '';
    const args = [CANOPY, 'user', 'add', login, '--name', name, '--dir', dir];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.end(`${password}\n`);
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`user add ended with ${code}`);
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
