// A question before what cannot be undone. Only a person at a terminal is asked; a script says --yes.
import { confirm, isCancel } from '@clack/prompts';
import { InputError } from '../src/realm/errors.ts';
import type { Cli } from './cli.ts';

/** @throws InputError `not-confirmed` when there is nobody to ask, or the answer is no */
export async function confirmed(cli: Cli, question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!cli.interactive) {
    throw new InputError('not-confirmed', 'this needs a yes, and nobody is here to ask', {
      hint: 'Add --yes. Where there is --dry-run, it tells first what would happen.',
    });
  }
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr });
  if (isCancel(answer) || !answer)
    throw new InputError('not-confirmed', 'nothing was done', { hint: 'Say yes, or add --yes.' });
}
