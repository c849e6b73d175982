// Exit codes are part of the interface: scripts decide by them.
import { NotRunningError } from '../node/admin/api.ts';
import { ConflictError, InputError, RefusedError, UnreachableError } from '../src/realm/errors.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notRunning: 3,
  unreachable: 4,
  notAuthorised: 5,
  conflict: 6,
  findings: 7,
} as const;

/** The command has told what it found; nothing else went wrong. */
export class FindingsPresent extends Error {}

export const EXIT_HELP = `Exit codes:
  0  done
  1  failed
  2  wrong usage
  3  the server is not running
  4  unreachable, or no answer in time
  5  not authorised, or a certificate or token is not valid
  6  conflict with what is there
  7  findings present`;

export function exitCodeOf(error: unknown): number {
  if (error instanceof NotRunningError) return EXIT.notRunning;
  if (error instanceof InputError) return EXIT.usage;
  if (error instanceof RefusedError) return EXIT.notAuthorised;
  if (error instanceof UnreachableError || isTimeout(error)) return EXIT.unreachable;
  if (error instanceof ConflictError) return EXIT.conflict;
  return EXIT.failed;
}

/** The deadline of an AbortSignal. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
