// What a command knows of the world it runs in; a test gives streams of its own.
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { Environment } from '../src/settings/settings.ts';

export type Output = Writable & { readonly isTTY?: boolean };
export type Input = Readable & { readonly isTTY?: boolean };

export interface Cli {
  readonly stdin: Input;
  /** Data only. */
  readonly stdout: Output;
  /** Messages for people. */
  readonly stderr: Output;
  readonly env: Environment;
  /** A person sits there who can be asked. */
  readonly interactive: boolean;
  /** Aborts when the person or the system tells us to stop; from the first call on, such a signal does nothing else. */
  stopSignal(): AbortSignal;
}

export const SCHEMA_VERSION = 1;

export type Paint = Parameters<typeof styleText>[0];

/** Colour on a terminal, none in a pipe or with NO_COLOR. */
export function paint(cli: Cli, output: Output, format: Paint, text: string): string {
  return output.isTTY === true && !cli.env['NO_COLOR'] ? styleText(format, text, { validateStream: false }) : text;
}

/** One JSON document on stdout. */
export function printJson(cli: Cli, document: object): void {
  cli.stdout.write(`${JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...document })}\n`);
}

export function printLines(cli: Cli, lines: readonly string[]): void {
  for (const line of lines) cli.stdout.write(`${line}\n`);
}

/** A message for a person, on stderr. */
export function say(cli: Cli, text: string): void {
  cli.stderr.write(`${text}\n`);
}
