// What the third line of an error says after a refusal.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Cli } from '../../cli/cli.ts';
import { CommandFailure, reportFailure } from '../../cli/failure.ts';
import { RefusedError } from '../../src/realm/errors.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const HINTS = 'cli/refusal-hints.ts';
const CODE = /'([a-z]+(?:-[a-z]+)*)'/g;

function nextStep(error: RefusedError): string {
  const stderr = new PassThrough();
  const cli: Cli = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr,
    env: {},
    interactive: false,
    stopSignal: () => new AbortController().signal,
  };
  assert.equal(reportFailure(cli, new CommandFailure('no answer', false, error), ['ping', 'ua']), 5);
  return String(stderr.read()).trimEnd().split('\n').at(-1)?.trim() ?? '';
}

test('each refusal names the command that says more about it', () => {
  const next = (code: string) => nextStep(new RefusedError(code, `refused: ${code}`));
  assert.match(next('out-of-scope'), /^Run: canopy reach --dir DIR/);
  assert.match(next('destination-forbidden'), /^Run: canopy reach --dir DIR/);
  assert.match(next('no-way'), /canopy ping to the realm above/);
  assert.match(next('cert-expired'), /^Run: canopy cert list --dir DIR/);
  assert.match(next('token-used'), /canopy invite/);
  assert.match(next('lookup-rate'), /wait a little/);
  assert.match(next('wrong-password'), /canopy user reset/);
  assert.match(next('never-heard-of'), /canopy status --dir DIR/);
});

test('a hint that comes with the refusal stands', () => {
  assert.equal(nextStep(new RefusedError('out-of-scope', 'no', { hint: 'Ask upstairs.' })), 'Ask upstairs.');
});

test('every code that has a next step is one that something is refused with', () => {
  const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
  const sources = globSync('{src,node,relay,cli}/**/*.ts', {
    cwd: ROOT,
    exclude: ['**/node_modules/**', '**/dist/**'],
  });
  const elsewhere = sources.filter((path) => path !== HINTS && !path.startsWith('src/client/catalogue/')).map(read);
  const told = new Set(elsewhere.flatMap((text) => [...text.matchAll(CODE)].map(([, code]) => code)));
  const codes = [...read(HINTS).matchAll(CODE)].flatMap(([, code]) => code ?? []);
  assert.ok(codes.length > 40, 'codes were found');
  assert.deepEqual(
    codes.filter((code) => !told.has(code)),
    [],
  );
});
