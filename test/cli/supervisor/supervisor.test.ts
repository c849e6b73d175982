// The supervisor with small programs of its own in place of node and relay.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Supervisor } from '../../../cli/supervisor/supervisor.ts';
import type { Clock } from '../../../src/realm/clock.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const script = join(import.meta.dirname, 'fake-program.ts');

/** Waits a tenth of what it is told, and remembers what that was. */
function hastyClock(waits: number[]): Clock {
  return {
    ...systemClock,
    after: (delay, callback) => {
      waits.push(delay);
      return systemClock.after(delay / 10, callback);
    },
  };
}

async function supervise(t: TestContext, wish: string, clock: Clock = systemClock) {
  const dir = await temporaryFolder(t);
  await writeFile(join(dir, 'wish'), wish);
  const said: string[] = [];
  const supervisor = new Supervisor({
    dir,
    programs: [{ role: 'node', script }],
    env: process.env,
    clock,
    say: (text) => said.push(text),
  });
  t.after(() => supervisor.stop());
  const starts = async () => (await readFile(join(dir, 'starts'), 'utf8')).trim().split('\n').length;
  return { dir, supervisor, said, starts };
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await pause(20);
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('the ready message of each program comes back', async (t) => {
  const { supervisor } = await supervise(t, 'run');
  assert.deepEqual(await supervisor.start(), { node: { ready: true, number: 42 } });
});

test('a program that cannot start tells why, and nothing is left running', async (t) => {
  await assert.rejects((await supervise(t, 'dir-in-use')).supervisor.start(), { code: 'dir-in-use', hint: 'Stop it.' });
  await assert.rejects((await supervise(t, 'fail')).supervisor.start(), { code: 'program-ended' });
});

test('a program that ends by itself is started again, later each time', async (t) => {
  const waits: number[] = [];
  const { supervisor, starts, said } = await supervise(t, 'crash', hastyClock(waits));
  await supervisor.start();
  await until(async () => (await starts()) >= 4);
  await supervisor.stop();
  assert.deepEqual(waits.slice(0, 3), [500, 1000, 2000]);
  assert.match(said[0] ?? '', /the node ended by itself/);
});

test('a killed program is started again', async (t) => {
  const { supervisor, starts } = await supervise(t, 'run', hastyClock([]));
  await supervisor.start();
  const first = supervisor.pid('node');
  assert.ok(first);
  process.kill(first, 'SIGKILL');
  await until(async () => (await starts()) === 2);
});

test('a start that fails while restarting is tried again', async (t) => {
  const { dir, supervisor, starts, said } = await supervise(t, 'crash', hastyClock([]));
  await supervisor.start();
  await writeFile(join(dir, 'wish'), 'fail');
  await until(async () => (await starts()) >= 3);
  await writeFile(join(dir, 'wish'), 'run');
  await until(() => said.includes('the node runs again'));
});

test('stop ends the programs, and none comes back', async (t) => {
  const { supervisor, starts } = await supervise(t, 'run');
  await supervisor.start();
  const pid = supervisor.pid('node') ?? 0;
  await supervisor.stop();
  assert.equal(isAlive(pid), false);
  assert.equal(await starts(), 1);
});
