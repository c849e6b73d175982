// Errors, sorted by whose fault they are. Each carries a stable `code` that people may script against, what happened and
// why in `message` (quoting the offending value and what was expected), and in `hint` what to do next.

export interface ErrorDetail {
  readonly hint?: string;
  readonly cause?: unknown;
}

export class CanopyError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = detail.hint;
  }
}

/** What the caller, a person or a file gave is not of the form asked for. */
export class InputError extends CanopyError {}

/** The other side broke the protocol, a limit or a deadline: its stream ends, nothing else does. */
export class PeerError extends CanopyError {}

/** Not authorised: a certificate, a token, a password or a scope says no. */
export class RefusedError extends CanopyError {}

/** Nobody answered in time, or no way leads there now; trying again later can help. */
export class UnreachableError extends CanopyError {}

/** It is already so, or already otherwise: a name taken, a directory in use, the same id with another body. */
export class ConflictError extends CanopyError {}

/** This host's own trouble: a port, a disk, a file. */
export class LocalError extends CanopyError {}

/** The stable code of any thrown value; foreign errors are `internal`. */
export function codeOf(error: unknown): string {
  return error instanceof CanopyError ? error.code : 'internal';
}

/** What a person may be shown of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What was thrown, for those who take nothing but an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
