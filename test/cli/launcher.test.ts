// cli/canopy.js: it must be readable to old releases of Node, pass exit codes on, and not leave anything running.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'cli', 'canopy.js');

/** The launcher beside a program of ours, told that it runs in an old Node. */
function aged(t: TestContext, program: string, bundled = true): string {
  const folder = mkdtempSync(join(tmpdir(), 'canopy-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const text = readFileSync(LAUNCHER, 'utf8').replace('process.versions.node.split', "'20.1.0'.split");
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'canopy.js'), text);
  writeFileSync(join(folder, 'main.ts'), program);
  if (bundled) symlinkSync(join(import.meta.dirname, '..', '..', 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'canopy.js');
}

test('the program runs without a warning and its exit code is passed on', () => {
  const good = spawnSync(process.execPath, [LAUNCHER, 'version', '--json'], { encoding: 'utf8' });
  assert.equal(good.status, 0);
  assert.equal(good.stderr, '');
  assert.equal(JSON.parse(good.stdout).schemaVersion, 1);
  assert.equal(spawnSync(process.execPath, [LAUNCHER, 'stauts'], { encoding: 'utf8' }).status, 2);
});

test('in an old Node it runs again with the bundled one, with the same words, streams and exit code', (t) => {
  const program = 'process.stdout.write(process.argv.slice(2).join() + process.versions.node); process.exit(7);';
  const { status, stdout } = spawnSync(process.execPath, [aged(t, program), 'a', '--b'], { encoding: 'utf8' });
  assert.equal(status, 7);
  assert.match(stdout, /^a,--b2[4-9]\./);
});

test('without the bundled Node it says in three lines what to do', (t) => {
  const { status, stderr } = spawnSync(process.execPath, [aged(t, '', false)], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.equal(stderr.trimEnd().split('\n').length, 3);
  assert.match(stderr, /npm ci/);
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`${signal} to the launcher reaches the program`, async (t) => {
    const program = [
      "process.on('SIGTERM', () => { console.log('stopped'); process.exit(0); });",
      "process.on('disconnect', () => { console.log('alone'); process.exit(0); });",
      "console.log('up'); setInterval(() => {}, 1000);",
    ].join('\n');
    const child = spawn(process.execPath, [aged(t, program)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (part) => {
      text += String(part);
      if (text === 'up\n') child.kill(signal);
    });
    // The pipe closes once the program is gone too.
    await new Promise((resolve) => child.once('close', resolve));
    assert.equal(text, signal === 'SIGTERM' ? 'up\nstopped\n' : 'up\nalone\n');
  });
}
