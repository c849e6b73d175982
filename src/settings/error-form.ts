// An error as JSON, between the processes of one host: the supervisor and its programs, the CLI and a control socket.
import * as v from 'valibot';
import {
  CanopyError,
  ConflictError,
  InputError,
  LocalError,
  messageOf,
  PeerError,
  RefusedError,
  UnreachableError,
} from '../realm/errors.ts';

const CLASSES = { InputError, PeerError, RefusedError, UnreachableError, ConflictError, LocalError } as const;
type Kind = keyof typeof CLASSES;

export interface ErrorForm {
  readonly kind: Kind;
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

const schema = v.object({
  kind: v.picklist(Object.keys(CLASSES) as Kind[]),
  code: v.string(),
  message: v.string(),
  hint: v.optional(v.string()),
});

/** A deadline of an AbortSignal becomes `timed-out`, other foreign errors become `internal` ones of this host. */
export function errorForm(error: unknown): ErrorForm {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return { kind: 'UnreachableError', code: 'timed-out', message: 'no answer came in time' };
  }
  if (!(error instanceof CanopyError)) return { kind: 'LocalError', code: 'internal', message: messageOf(error) };
  const kind = (Object.keys(CLASSES) as Kind[]).find((name) => error instanceof CLASSES[name]) ?? 'LocalError';
  return { kind, code: error.code, message: error.message, ...(error.hint ? { hint: error.hint } : {}) };
}

/** What is no error of ours becomes an `internal` one, so that a caller always has something to throw. */
export function errorFromForm(form: unknown): CanopyError {
  const result = v.safeParse(schema, form);
  if (!result.success) return new LocalError('internal', 'the program gave an error that cannot be read');
  const { kind, code, message, hint } = result.output;
  return new CLASSES[kind](code, message, hint === undefined ? {} : { hint });
}
