// Errors of the library. What a server refuses comes as a code and parameters; the class says whose fault it is, the
// message is the English sentence, and `paramsOf` gives the parameters back for another language.
import type { ErrorParams } from '../protocols/lan/routes.ts';
import { CanopyError, ConflictError, InputError, PeerError, RefusedError, UnreachableError } from '../realm/errors.ts';
import { sentenceOf } from './catalogue/catalogue.ts';
import { english } from './catalogue/en.ts';

const parameters = new WeakMap<Error, ErrorParams>();

export function paramsOf(error: unknown): ErrorParams {
  return (error instanceof Error ? parameters.get(error) : undefined) ?? {};
}

type Kind = typeof CanopyError;

/** By the HTTP status of the answer (RFC 9110 section 15). */
function kindOf(status: number): Kind {
  if (status === 401 || status === 403 || status === 429) return RefusedError;
  if (status === 409) return ConflictError;
  if (status >= 400 && status < 500) return InputError;
  return UnreachableError;
}

export function failure(kind: Kind, code: string, params: ErrorParams = {}, cause?: unknown): CanopyError {
  const error = new kind(code, sentenceOf(english, code, params), cause === undefined ? {} : { cause });
  parameters.set(error, params);
  return error;
}

export function failureOfStatus(status: number, code: string, params: ErrorParams): CanopyError {
  return failure(kindOf(status), code, params);
}

/** The server spoke, but not as a Canopy server does. */
export function notCanopy(cause?: unknown): CanopyError {
  return failure(PeerError, 'server-not-canopy', {}, cause);
}
