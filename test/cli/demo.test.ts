// The demonstration, as a person or a script runs it: through the launcher, as a process of its own.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'cli', 'canopy.js');
const LIMIT = { timeout: 180_000 };

interface Run {
  readonly child: ChildProcess;
  readonly temporary: string;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
}

/** Its temporary data goes where we can look. */
async function demo(t: TestContext, ...words: string[]): Promise<Run> {
  const temporary = await mkdtemp(join(tmpdir(), 'canopy-test-'));
  const child = spawn(process.execPath, [LAUNCHER, 'demo', '--json', ...words], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (part) => {
    text += String(part);
  });
  const exit = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  t.after(async () => {
    child.kill('SIGTERM');
    await exit;
    await rm(temporary, { recursive: true, force: true });
  });
  return { child, temporary, output: () => text, exit };
}

interface HopForm {
  readonly realm: string;
  readonly role: string;
  readonly pid: number;
  readonly peerId: string;
}

test(
  'the check sends a message each way over node, relay, relay, node, and leaves nothing behind',
  LIMIT,
  async (t) => {
    const { exit, output, temporary } = await demo(t, '--check');
    assert.equal(await exit, 0);
    const report = JSON.parse(output());
    assert.equal(report.ok, true);
    assert.equal(typeof report.milliseconds, 'number');
    const hops: HopForm[] = report.hops;
    assert.deepEqual(
      hops.map(({ role, realm }) => `${role} ${realm}`),
      ['node kyiv.acme.ua', 'relay kyiv.acme.ua', 'relay lviv.acme.ua', 'node lviv.acme.ua'],
    );
    assert.equal(new Set(hops.map(({ pid }) => pid)).size, 4);
    assert.equal(new Set(hops.map(({ peerId }) => peerId)).size, 4);
    assert.equal(report.messages.length, 2);
    assert.deepEqual(await readdir(temporary), []);
  },
);

test('with the relay of a branch stopped the check fails', LIMIT, async (t) => {
  const { exit, output, temporary } = await demo(t, '--check', '--without-relay', 'lviv');
  assert.equal(await exit, 4);
  assert.equal(JSON.parse(output()).error.code, 'message-not-delivered');
  assert.deepEqual(await readdir(temporary), []);
});

test('a signal stops a demonstration that runs, and removes its data', LIMIT, async (t) => {
  const { child, exit, output, temporary } = await demo(t);
  while (!output().includes('\n')) await new Promise((resolve) => child.stdout?.once('data', resolve));
  const report = JSON.parse(output());
  assert.equal(report.ready, true);
  for (const { url, password, user } of report.users) {
    assert.match(url, /^http:\/\/(kyiv|lviv)\.localhost:\d+$/);
    assert.match(password, /^\w{4}-\w{4}-\w{4}$/);
    assert.match(user, /^(clerk@kyiv|engineer@lviv)\.acme\.ua$/);
  }
  child.kill('SIGINT');
  assert.equal(await exit, 0);
  assert.deepEqual(await readdir(temporary), []);
});
