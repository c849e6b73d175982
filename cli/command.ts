// How each command is made: its options, its examples, and what to say when it fails.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { Cli } from './cli.ts';
import { EXIT_HELP, FindingsPresent } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';

const SYSTEM_DIRECTORY = '/var/lib/canopy';

export interface CommandFacts {
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly examples: readonly string[];
}

/** A command whose errors are thrown to main.ts and whose help ends with examples and the exit codes. */
export function makeCommand(cli: Cli, facts: CommandFacts): Command {
  const examples = facts.examples.map((line) => `  ${line}`).join('\n');
  return new Command(facts.name)
    .summary(facts.summary)
    .description(facts.details === undefined ? `${facts.summary}.` : `${facts.summary}.\n\n${facts.details}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => cli.stdout.write(text),
      // Errors are told in three lines by failure.ts, without a page of help before them.
      writeErr: () => {},
      outputError: () => {},
    })
    .helpCommand(false)
    .addHelpText('after', `\nExamples:\n${examples}\n\n${EXIT_HELP}`);
}

export function dirOption(cli: Cli): Option {
  return new Option('--dir <dir>', 'data directory of the realm (CANOPY_DIR)').default(
    cli.env['CANOPY_DIR'] || defaultDirectory(cli),
  );
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON').default(false);
}

function defaultDirectory(cli: Cli): string {
  if (process.getuid?.() === 0) return SYSTEM_DIRECTORY;
  return join(cli.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'canopy');
}

/** Wraps an action so that what it throws is told as "`what`", in JSON too when that was asked for. */
export function act<A extends readonly unknown[]>(
  what: string,
  action: (...given: A) => Promise<void>,
): (...given: A) => Promise<void> {
  return async (...given) => {
    try {
      await action(...given);
    } catch (cause) {
      if (cause instanceof CommandFailure || cause instanceof FindingsPresent) throw cause;
      throw new CommandFailure(what, given.some(asksForJson), cause);
    }
  };
}

function asksForJson(given: unknown): boolean {
  return typeof given === 'object' && given !== null && 'json' in given && given.json === true;
}
