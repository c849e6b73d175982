// Lines that should not be seen: passwords and tokens. They are never an argument's value; a file, stdin or a hidden prompt gives them.
import { isCancel, password } from '@clack/prompts';
import { sentenceOf } from '../src/client/catalogue/catalogue.ts';
import { english } from '../src/client/catalogue/en.ts';
import { passwordProblem } from '../src/crypto/password-rule.ts';
import { InputError } from '../src/realm/errors.ts';
import type { Cli } from './cli.ts';
import { readGivenText } from './given-file.ts';

/** Characters that we read from stdin at all. */
const MAX_INPUT = 64 * 1024;
const HINT = 'Give it on stdin or with --password-file FILE.';

/** All of stdin, without the end of its last line. @throws InputError `input-too-long` */
export async function readStdin(cli: Cli): Promise<string> {
  let text = '';
  for await (const part of cli.stdin) {
    text += String(part);
    if (text.length > MAX_INPUT) throw new InputError('input-too-long', `stdin has more than ${MAX_INPUT} characters`);
  }
  return withoutLineEnd(text);
}

/** A new password: from the file, from a hidden prompt asked twice, or from stdin. @throws InputError `bad-password`, `password-too-…` */
export async function readNewPassword(cli: Cli, file: string | undefined): Promise<string> {
  const given = file === undefined ? await askOrRead(cli) : await readSecretFile(file);
  if (given.includes('\n')) throw new InputError('bad-password', 'a password is one line', { hint: HINT });
  const problem = passwordProblem(given);
  if (problem) {
    const { code, count } = problem;
    throw new InputError(code, sentenceOf(english, code, { count }), { hint: HINT });
  }
  return given;
}

async function askOrRead(cli: Cli): Promise<string> {
  if (!cli.interactive) return readStdin(cli);
  return askTwice('First password (the user will be asked for a new one)');
}

/** @throws InputError `passwords-differ` */
export async function askTwice(message: string): Promise<string> {
  const first = await askPassword(message);
  if (first === (await askPassword('The same again'))) return first;
  throw new InputError('passwords-differ', 'the two passwords are not the same', { hint: 'Run the command again.' });
}

export async function askPassword(message: string): Promise<string> {
  const answer = await password({ message, output: process.stderr });
  if (isCancel(answer)) throw new InputError('cancelled', 'no password was given', { hint: 'Run the command again.' });
  return answer;
}

/** @throws LocalError `cannot-read` */
export async function readSecretFile(path: string): Promise<string> {
  return withoutLineEnd(await readGivenText(path));
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
