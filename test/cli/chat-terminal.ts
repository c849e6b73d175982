// Terminals for tests: runs of `canopy chat` against a real LAN server, each with its own streams.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { TestContext } from 'node:test';
import type { Cli } from '../../cli/cli.ts';
import { chatCommand } from '../../cli/commands/chat.ts';
import { type Branch, openBranch } from '../node/lan/branch-fixture.ts';
import { temporaryFolder } from '../temporary-folder.ts';

export const ENGINEER = 'engineer@kyiv.acme.ua';
export const CLERK = 'clerk@kyiv.acme.ua';

export interface Line {
  readonly [key: string]: unknown;
}

/** One run of the command, its lines parsed as they come. */
export class Terminal {
  readonly lines: string[] = [];
  readonly ended: Promise<void>;
  readonly #stdin = new PassThrough();
  readonly #stdout = new PassThrough();
  readonly #stop = new AbortController();

  constructor(
    t: TestContext,
    branch: ChatBranch,
    user: string,
    env: Record<string, string>,
    flags: readonly string[] = ['--json'],
  ) {
    this.#stdout.setEncoding('utf8');
    let rest = '';
    this.#stdout.on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      this.lines.push(...parts);
    });
    const cli: Cli = {
      stdin: this.#stdin,
      stdout: this.#stdout,
      stderr: new PassThrough().resume(),
      env: { CANOPY_CHAT_DIR: branch.folder, ...env },
      interactive: false,
      stopSignal: () => this.#stop.signal,
    };
    const words = ['--server', branch.server.url, '--user', user, ...flags];
    this.ended = run(cli, words);
    this.ended.catch(() => {});
    t.after(async () => {
      this.#stop.abort();
      await this.ended.catch(() => {});
    });
  }

  say(line: object | string): void {
    this.#stdin.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  }

  eof(): Promise<void> {
    this.#stdin.end();
    return this.ended;
  }

  events(): Line[] {
    return this.lines.map((line) => JSON.parse(line) as Line);
  }

  /** The first event that has these fields; those that came before the call count. */
  event(fields: Line): Promise<Line> {
    return this.eventAfter(0, fields);
  }

  /** The first of those behind the first `seen` events. */
  async eventAfter(seen: number, fields: Line): Promise<Line> {
    for (;;) {
      const later = this.events().slice(seen);
      const found = later.find((event) => Object.entries(fields).every(([key, value]) => event[key] === value));
      if (found) return found;
      await this.#more();
    }
  }

  text(pattern: RegExp): Promise<string> {
    return this.textAfter(0, pattern);
  }

  /** The first of those behind the first `seen` lines. */
  async textAfter(seen: number, pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.lines.slice(seen).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    await Promise.race([once(this.#stdout, 'data'), this.ended.then(() => assert.fail('the chat ended'))]);
  }
}

async function run(cli: Cli, words: readonly string[]): Promise<void> {
  await chatCommand(cli).parseAsync([...words], { from: 'user' });
}

export const PASSWORDS = { CANOPY_PASSWORD: 'first-one', CANOPY_NEW_PASSWORD: 'second-one' };

export type ChatBranch = Branch & { readonly folder: string };

/** Both have logged in once: before that there is no device to write to. */
export async function twoPeople(t: TestContext): Promise<ChatBranch> {
  const branch = Object.assign(await openBranch(t), { folder: await temporaryFolder(t) });
  await branch.addUser('clerk', 'Clerk One', 'first-one');
  await branch.addUser('engineer', 'Engineer One', 'first-one');
  for (const user of [CLERK, ENGINEER]) await new Terminal(t, branch, user, PASSWORDS).eof();
  return branch;
}
