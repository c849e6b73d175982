// New passwords as `canopy user add` reads them.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Cli } from '../../cli/cli.ts';
import { readNewPassword } from '../../cli/secret-input.ts';

function given(text: string): Promise<string> {
  const stdin = new PassThrough();
  stdin.end(text);
  const cli: Cli = {
    stdin,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: {},
    interactive: false,
    stopSignal: () => new AbortController().signal,
  };
  return readNewPassword(cli, undefined);
}

test('a first password is held to the rule of every client', async () => {
  assert.equal(await given('ten chars.\n'), 'ten chars.');
  const message = 'The new password is too short: at least 10 characters.';
  await assert.rejects(given('nine char\n'), { code: 'password-too-short', message });
  await assert.rejects(given('x'.repeat(1025)), { code: 'password-too-long' });
});

test('a password of two lines is refused', async () => {
  await assert.rejects(given('first line\nsecond line\n'), { code: 'bad-password' });
});
