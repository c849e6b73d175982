// A running `canopy demo` for browser tests: two branches, a user in each, on temporary data.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { AdminClient } from '../../node/admin/api.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';

const ROOT = resolve(import.meta.dirname, '../..');

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
  readonly #canopy: string;

  private constructor(child: ChildProcess, folder: string, canopy: string, { users, dirs }: DemoDocument) {
    const [clerk, engineer] = users;
    if (!clerk || !engineer) throw new Error('the demonstration has no two users');
    this.clerk = clerk;
    this.engineer = engineer;
    this.#child = child;
    this.#folder = folder;
    this.#dirs = dirs;
    this.#canopy = canopy;
  }

  /** @param root folder of the programs that run */
  static async start(root = ROOT): Promise<Demonstration> {
    const canopy = join(root, 'cli/canopy.js');
    const folder = await mkdtemp(join(tmpdir(), 'canopy-e2e-'));
    const child = spawn(process.execPath, [canopy, 'demo', '--json', '--dir', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    child.stderr.on('data', (data: Buffer) => (told += data.toString()));
    for await (const line of createInterface({ input: child.stdout })) {
      const document: DemoDocument = JSON.parse(line);
      if (document.ready) return new Demonstration(child, folder, canopy, document);
    }
    throw new Error(`the demonstration did not start:\n${told}`);
  }

  /** The data directory of a realm. */
  dirOf(realm: string): string {
    const dir = this.#dirs[realm];
    if (dir === undefined) throw new Error(`the demonstration has no realm "${realm}"`);
    return dir;
  }

  /** Makes one more user at a realm, with a first password. */
  async addUser(realm: string, login: string, name: string, password: string): Promise<void> {
    await this.#administer(realm, ['user', 'add', login, '--name', name], password);
  }

  /** What an administrator does for somebody who forgot the password: a new first one. */
  async resetPassword(realm: string, login: string, password: string): Promise<void> {
    await this.#administer(realm, ['user', 'reset', login, '--yes'], password);
  }

  /** Runs a command of `canopy` at a realm; the password goes in by stdin. */
  async #administer(realm: string, words: readonly string[], password: string): Promise<void> {
    const args = [this.#canopy, ...words, '--dir', this.dirOf(realm)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.end(`${password}\n`);
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`canopy ${words.join(' ')} ended with ${code}`);
  }

  /** What `kill -9` does to the node of a realm. It stays away until the call that is returned. */
  async killNode(realm: string): Promise<() => void> {
    const pid = await this.#nodeOf(realm);
    // whoever would start it again is held meanwhile
    this.#child.kill('SIGSTOP');
    process.kill(pid, 'SIGKILL');
    return () => this.#child.kill('SIGCONT');
  }

  /** A cable that is pulled out: connections stand, and nobody answers until the call that is returned. */
  async cutNode(realm: string): Promise<() => void> {
    const pid = await this.#nodeOf(realm);
    process.kill(pid, 'SIGSTOP');
    return () => process.kill(pid, 'SIGCONT');
  }

  async #nodeOf(realm: string): Promise<number> {
    return (await new AdminClient(dataDirectory(this.dirOf(realm)).socket.node).status()).pid;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGCONT');
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
