// An error has three lines: what happened, why, what to run next.
import { CommanderError } from 'commander';
import {
  CanopyError,
  ConflictError,
  codeOf,
  InputError,
  messageOf,
  RefusedError,
  UnreachableError,
} from '../src/realm/errors.ts';
import { type Cli, paint, printJson, say } from './cli.ts';
import { EXIT, exitCodeOf, FindingsPresent } from './exit-codes.ts';
import { refusalHint } from './refusal-hints.ts';

/** What a command was about to do when its cause arose. */
export class CommandFailure extends Error {
  readonly what: string;
  readonly json: boolean;

  constructor(what: string, json: boolean, cause: unknown) {
    super(messageOf(cause), { cause });
    this.what = what;
    this.json = json;
  }
}

/** Deeper than `canopy user add` no command lies. */
const MAX_COMMANDS = 2;

interface Failure {
  readonly what: string;
  readonly why: string;
  readonly next: string;
  readonly code: string;
  readonly exit: number;
  readonly json: boolean;
}

/** Tells a person (and, with --json, a program) what went wrong. Returns the exit code. */
export function reportFailure(cli: Cli, error: unknown, words: readonly string[]): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
  if (error instanceof FindingsPresent) return EXIT.findings;
  const failure = failureOf(error, words);
  if (failure.json) {
    printJson(cli, { error: { code: failure.code, what: failure.what, message: failure.why, hint: failure.next } });
  }
  say(cli, `${paint(cli, cli.stderr, 'red', 'canopy:')} ${failure.what}`);
  say(cli, `  ${failure.why}`);
  say(cli, `  ${failure.next}`);
  return failure.exit;
}

function failureOf(error: unknown, words: readonly string[]): Failure {
  if (error instanceof CommanderError) return usageFailure(error, words);
  const cause = error instanceof CommandFailure ? error.cause : error;
  return {
    what: error instanceof CommandFailure ? error.what : 'the command failed',
    why: oneLine(messageOf(cause)),
    next: oneLine((cause instanceof CanopyError ? cause.hint : undefined) ?? defaultHint(cause)),
    code: codeOf(cause),
    exit: exitCodeOf(cause),
    json: error instanceof CommandFailure && error.json,
  };
}

/** Commander's message may have a second line with its guess. */
function usageFailure(error: CommanderError, words: readonly string[]): Failure {
  const [first = '', guess] = error.message.replace(/^error: /, '').split('\n');
  return {
    what: 'the command was not understood',
    why: error.code === 'commander.help' ? 'a command is missing here' : first,
    next: guess?.replace(/^\((.*)\)$/, '$1') ?? `Run: canopy ${commandsIn(error, words)}--help`,
    code: 'usage',
    exit: EXIT.usage,
    json: words.includes('--json'),
  };
}

/** The words before the first option, when they were understood as commands. */
function commandsIn(error: CommanderError, words: readonly string[]): string {
  if (error.code === 'commander.unknownCommand') return '';
  const end = words.findIndex((word) => word.startsWith('-'));
  return words
    .slice(0, end === -1 ? MAX_COMMANDS : Math.min(end, MAX_COMMANDS))
    .map((word) => `${word} `)
    .join('');
}

function defaultHint(cause: unknown): string {
  if (cause instanceof InputError) return 'Add --help to the command to see what it takes.';
  if (cause instanceof RefusedError) return refusalHint(cause.code);
  if (cause instanceof UnreachableError)
    return 'Run: canopy status --dir DIR    to see what is reachable, and try again.';
  if (cause instanceof ConflictError) return 'Run: canopy status --dir DIR    to see what is there.';
  return "Look into the server's log; with CANOPY_LOG=debug it says more.";
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, '; ');
}
